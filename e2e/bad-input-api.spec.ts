/** What bad input gets through the API: a code with its status, a turn that says why it failed, and nothing lost. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { randomUUID } from 'node:crypto'
import type { FailureCode } from '#core/errors.ts'
import { expect, test } from '#e2e/fixtures.ts'
import { failureOf } from '#e2e/world/api.ts'
import { cut, error, garbage, type Scene, text } from '#e2e/world/fake-provider-scene.ts'
import { followChat } from '#e2e/world/follow.ts'
import { processesOf } from '#e2e/world/processes.ts'
import { harnessDir } from '#e2e/world/server.ts'
import { connectFake, NOBODY, startWorld, unique, type World } from '#e2e/world/world.ts'

test.describe.configure({ timeout: 120_000 })

const prompt = [{ type: 'text' as const, text: 'say hello' }]

/** A chat with the scripted agent on the fake provider's key. */
async function scriptedChat(world: World, projectId: string, baseUrl?: string) {
  const { api } = world.owner
  await connectFake(
    { api, provider: world.provider },
    { projectId, harness: 'scripted', dialect: 'openai-responses', ...(baseUrl && { baseUrl }) },
  )
  const { chatId } = await api.chats.create.mutate({ projectId, harness: 'scripted' })
  return followChat(api, chatId)
}

test('a model that nobody knows, or that was retired, or is not offered here', async ({ world, project: { projectId } }) => {
  const { api } = world.owner
  await connectFake({ api, provider: world.provider }, { projectId, harness: 'claude-code', dialect: 'anthropic-messages' })
  const start = (model: string) => failureOf(api.chats.create.mutate({ projectId, harness: 'claude-code', model }))
  expect(await start('no-such-model')).toMatchObject({ code: 'model.unknown', status: 422 })
  expect(await start('claude-3-5-haiku-20241022')).toMatchObject({ code: 'model.retired', status: 422 })
  expect(await start('gpt-6.1-sol'), 'of another provider').toMatchObject({ code: 'model.unknown', status: 422 })
  const { chatId } = await api.chats.create.mutate({ projectId, harness: 'claude-code' })
  expect(await failureOf(api.chats.chooseModel.mutate({ chatId, model: 'no-such-model' }))).toMatchObject({ code: 'model.unknown' })
})

test('a harness, a project or a chat that nobody knows', async ({ world, project: { projectId } }) => {
  const { api } = world.owner
  expect(await failureOf(api.chats.create.mutate({ projectId, harness: 'no-such-agent' }))).toMatchObject({
    code: 'harness.unknown',
    status: 404,
  })
  expect(await failureOf(api.projects.get.query({ projectId: randomUUID() }))).toMatchObject({ code: 'project.missing', status: 404 })
  const nowhere = { chatId: randomUUID(), turnId: randomUUID(), prompt }
  expect(await failureOf(api.chats.sendPrompt.mutate(nowhere))).toMatchObject({ code: 'chat.missing', status: 404 })
})

test('a connection that is missing, or switched off', async ({ world, project: { projectId } }) => {
  const { api } = world.owner
  expect(await failureOf(api.chats.create.mutate({ projectId, harness: 'scripted' }))).toMatchObject({
    code: 'connection.missing',
    status: 412,
  })
  const chat = await scriptedChat(world, projectId)
  const [row] = (await api.connections.list.query({ projectId })).filter((each) => each.harness === 'scripted')
  const { connectionId } = row!.attachments[0]!
  await api.connections.setEnabled.mutate({ connectionId, isEnabled: false })
  const send = () => api.chats.sendPrompt.mutate({ chatId: chat.chatId, turnId: randomUUID(), prompt })
  expect(await failureOf(send())).toMatchObject({ code: 'connection.disabled', status: 412 })
  await api.connections.setEnabled.mutate({ connectionId, isEnabled: true })
  expect(await send()).toMatchObject({ turnId: expect.any(String) })
})

test('an address that is neither public nor listed', async ({ world, project: { projectId } }) => {
  const connect = (baseUrl: string) =>
    failureOf(
      connectFake({ api: world.owner.api, provider: world.provider }, { projectId, harness: 'scripted', dialect: 'openai-chat', baseUrl }),
    )
  for (const baseUrl of ['http://127.0.0.1:2/v1', 'https://10.0.0.1/v1', 'https://[::ffff:169.254.169.254]/v1', 'http://example.com/v1']) {
    expect(await connect(baseUrl), baseUrl).toMatchObject({ code: 'upstream.unsafe', status: 422 })
  }
})

const answers: Record<string, { scene: Scene; code: FailureCode }> = {
  'refuses the key': { scene: [error(401)], code: 'provider.refused-key' },
  'has no quota left': { scene: [error(429)], code: 'provider.out-of-quota' },
  fails: { scene: [error(503)], code: 'provider.failed' },
  'answers with something else': { scene: [garbage()], code: 'provider.garbled' },
  'breaks off': { scene: [text('Half of'), cut()], code: 'provider.failed' },
  'rejects the request': { scene: [error(400)], code: 'provider.rejected-request' },
}

for (const [what, { scene, code }] of Object.entries(answers)) {
  test(`a provider that ${what}`, async ({ world, project: { projectId } }) => {
    const chat = await scriptedChat(world, projectId)
    world.provider.play(scene)
    const turn = await chat.untilEnded(await chat.send('model hello'))
    expect(turn).toMatchObject({ status: 'failed', failure: { code } })
    expect(turn.prompt).toEqual([{ type: 'text', text: 'model hello' }])
  })
}

test('a provider that cannot be reached', async ({ world, project: { projectId } }) => {
  const chat = await scriptedChat(world, projectId, `http://${NOBODY}/v1`)
  expect(await chat.untilEnded(await chat.send('model hello'))).toMatchObject({
    status: 'failed',
    failure: { code: 'provider.unreachable' },
  })
})

test('a repository that cannot be used, or not be cloned', async ({ world }) => {
  const { api } = world.owner
  const create = (repositoryUrl: string) => api.projects.create.mutate({ name: unique('Cloned'), repositoryUrl })
  expect(await failureOf(create('ext::sh -c "touch /tmp/owned"'))).toMatchObject({ code: 'repository.unusable', status: 422 })
  const { projectId } = await create('/no/such/repository')
  const chat = await scriptedChat(world, projectId)
  const turn = await chat.untilEnded(await chat.send('say hello'))
  expect(turn).toMatchObject({ status: 'failed', failure: { code: 'repository.clone-failed' } })
  expect(turn.prompt).toEqual(prompt)
})

test('an agent that crashes at its start, until it is mended', async ({ world, project: { projectId } }) => {
  const chat = await scriptedChat(world, projectId)
  await chat.untilEnded(await chat.send('say hello'))
  // The scripted agent reads its state at the start; this is none.
  const state = path.join(world.server.home, 'node/workspaces', chat.chatId, 'home/scripted.json')
  writeFileSync(state, 'no JSON')
  expect(await chat.untilEnded(await chat.send('crash'))).toMatchObject({ status: 'failed', failure: { code: 'agent.crashed' } })
  expect(await chat.untilEnded(await chat.send('say hello'))).toMatchObject({ status: 'failed', failure: { code: 'harness.start-failed' } })
  writeFileSync(state, '{}')
  expect(await chat.untilEnded(await chat.send('say hello'))).toMatchObject({ status: 'completed' })
})

test('a node that is offline: the prompt waits, and goes on by itself', async ({ world, project: { projectId } }) => {
  const { api } = world.owner
  const chat = await scriptedChat(world, projectId)
  await chat.untilEnded(await chat.send('say hello'))
  const [daemon] = processesOf(world.server.home).filter((each) => each.command.includes('agent/main.ts'))
  process.kill(daemon!.pid, 'SIGSTOP')
  try {
    const own = async () => (await api.nodes.list.query()).filter((node) => node.isLocal)
    await expect(async () => expect(await own()).toMatchObject([{ isOnline: false }])).toPass({ timeout: 60_000 })
    const waiting = await chat.send('say Back again.')
    expect(await api.chats.get.query({ chatId: chat.chatId })).toMatchObject({ node: { isOnline: false } })
    await chat.catchUp()
    expect(chat.turn(waiting)).toMatchObject({ status: 'queued' })
    process.kill(daemon!.pid, 'SIGCONT')
    expect(await chat.untilEnded(waiting)).toMatchObject({ status: 'completed' })
  } finally {
    process.kill(daemon!.pid, 'SIGCONT')
  }
})

test('a harness that cannot be installed', async () => {
  const place = mkdtempSync(path.join(tmpdir(), 'gatehouse-uninstalled-'))
  const own = path.join(place, 'harnesses')
  mkdirSync(own)
  cpSync(path.join(harnessDir, 'sandbox'), path.join(own, 'sandbox'), { recursive: true })
  writeFileSync(path.join(place, '.npmrc'), `registry=http://${NOBODY}/\nfetch-retries=0\ncache=${place}/cache\n`)
  const world = await startWorld({ env: { HOME: place, GATEHOUSE_HARNESS_DIR: own, npm_config_registry: `http://${NOBODY}/` } })
  try {
    const { api } = world.owner
    const { projectId } = await api.projects.create.mutate({ name: 'Uninstalled' })
    await connectFake({ api, provider: world.provider }, { projectId, harness: 'codex', dialect: 'openai-responses' })
    const { chatId } = await api.chats.create.mutate({ projectId, harness: 'codex' })
    const chat = followChat(api, chatId)
    expect(await chat.untilEnded(await chat.send('say hello'))).toMatchObject({
      status: 'failed',
      failure: { code: 'harness.install-failed' },
    })
    await expect(async () => {
      const [node] = await api.nodes.list.query()
      const codex = node!.harnesses.find((each) => each.harness === 'codex')
      expect(codex).toMatchObject({ state: 'failed', detail: expect.stringContaining('ECONNREFUSED') })
    }).toPass({ timeout: 30_000 })
  } finally {
    await world.close()
    rmSync(place, { recursive: true, force: true })
  }
})
