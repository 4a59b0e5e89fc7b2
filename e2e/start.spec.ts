/**
 * Starting, stopping and being killed: each test is a server of its own, started as
 * `npm start` starts it.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import path from 'node:path'
import { expect, test as base } from '@playwright/test'
import { startScratchPostgres } from '#server/db/scratch.ts'
import { byToken, createApi } from '#e2e/world/api.ts'
import { followChat } from '#e2e/world/follow.ts'
import { brain } from '#e2e/world/fake-provider-brain.ts'
import { startFakeProvider } from '#e2e/world/fake-provider.ts'
import { processesOf } from '#e2e/world/processes.ts'
import { freePort, newHome, removeHome, startServer, type ServerOptions, type ServerProcess } from '#e2e/world/server.ts'
import { connectFake, newKey, newPassword, runGatehouse } from '#e2e/world/world.ts'

const test = base.extend<{ home: string; start: (options?: Partial<ServerOptions>) => Promise<ServerProcess> }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from this pattern
  home: async ({}, provide) => {
    const home = newHome()
    await provide(home)
    removeHome(home)
  },
  start: async ({ home }, provide, testInfo) => {
    const started: ServerProcess[] = []
    await provide(async (options = {}) => {
      const server = startServer({ home, port: await freePort(), entry: 'bin/start.mjs', ...options })
      started.push(server)
      return server
    })
    for (const each of started) {
      each.child.kill('SIGKILL')
      if (testInfo.status !== testInfo.expectedStatus) await testInfo.attach('server.log', { body: each.log() })
    }
  },
})

test.describe.configure({ timeout: 120_000 })

/** Creates the owner of a running server, as a person does who has no browser. */
async function setUp(server: ServerProcess, env: Record<string, string> = {}) {
  const owner = { email: 'ada@example.test', name: 'Ada', password: newPassword(), team: 'Acme' }
  const flags = Object.entries(owner).flatMap(([name, value]) => [`--${name}`, value])
  const printed = await runGatehouse({ home: server.home, port: server.port, env }, 'setup', ...flags, '--token')
  const { token } = JSON.parse(printed) as { token: string }
  return { token, api: createApi(server.url, byToken(token)) }
}

/** What a failing start says: one sentence, no stack. */
function expectOneSentence(server: ServerProcess, says: RegExp) {
  const lines = server.log().trim().split('\n').filter(Boolean)
  expect(lines.filter((each) => says.test(each))).toHaveLength(1)
  expect(server.log()).not.toMatch(/^\s+at .*:\d+:\d+/m)
  expect(processesOf(server.home)).toEqual([])
}

test('a port in use is said in one sentence', async ({ start }) => {
  const busy = await new Promise<Server>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
  })
  const { port } = busy.address() as { port: number }
  const server = await start({ port })
  expect(await server.ended(60_000)).toBe(1)
  expectOneSentence(server, new RegExp(`port ${port}`, 'i'))
  busy.close()
})

test('a wrong DATABASE_URL is said in one sentence, without its password', async ({ start }) => {
  const server = await start({ env: { DATABASE_URL: `postgres://ada:hush-hush@127.0.0.1:${await freePort()}/gatehouse` } })
  expect(await server.ended(60_000)).toBe(1)
  expectOneSentence(server, /DATABASE_URL/)
  expect(server.log()).not.toContain('hush-hush')
})

test('a data folder that cannot be written is said in one sentence', async ({ home, start }) => {
  const file = path.join(home, 'a-file')
  writeFileSync(file, '')
  const server = await start({ home: path.join(file, 'home') })
  expect(await server.ended(60_000)).toBe(1)
  expectOneSentence(server, /GATEHOUSE_HOME|a-file/)
})

test('Ctrl-C stops server, database, daemon and agent; the next start has everything', async ({ start }) => {
  const provider = await startFakeProvider({ key: newKey(), brain })
  const env = { GATEHOUSE_PRIVATE_UPSTREAMS: provider.host }
  const server = await start({ env })
  await server.ready()
  const { api, token } = await setUp(server, env)
  const { projectId } = await api.projects.create.mutate({ name: 'Kept' })
  await connectFake({ api, provider }, { projectId, harness: 'scripted', dialect: 'openai-responses' })
  const { chatId } = await api.chats.create.mutate({ projectId, harness: 'scripted' })
  const chat = followChat(api, chatId)
  const first = await chat.send('reply: hello')
  expect(await chat.untilEnded(first)).toMatchObject({ status: 'completed' })
  expect(processesOf(server.home).some((each) => each.command.includes('scripted-agent'))).toBe(true)

  expect(await server.stop()).toBe(0)
  expect(processesOf(server.home)).toEqual([])

  const again = await start({ env, port: server.port })
  await again.ready()
  expect(await createApi(again.url, byToken(token)).projects.list.query()).toMatchObject([{ name: 'Kept' }])
  await followChat(api, chatId).untilView((view) => view.turns.length === 1, 'the turn of before')
  await again.stop()
  await provider.close()
})

test('a killed server blocks nothing: the next start takes over its database and its daemon', async ({ start, home }) => {
  const server = await start()
  await server.ready()
  const { token } = await setUp(server)
  const killed = processesOf(home).map((each) => each.pid)
  server.child.kill('SIGKILL')
  for (const { pid, command } of processesOf(home)) if (command.includes('server/main')) process.kill(pid, 'SIGKILL')

  const again = await start()
  await again.ready()
  expect(await createApi(again.url, byToken(token)).me.get.query()).toMatchObject({ user: { email: 'ada@example.test' } })
  await expect(async () => expect(processesOf(home).filter((each) => killed.includes(each.pid))).toEqual([])).toPass()
  await again.stop()
})

test('DATABASE_URL replaces the embedded database', async ({ start, home }) => {
  const postgres = await startScratchPostgres()
  const env = { DATABASE_URL: postgres.url }
  const server = await start({ env })
  await server.ready()
  const { api } = await setUp(server, env)
  expect(await api.me.get.query()).toMatchObject({ team: { name: 'Acme' } })
  expect(existsSync(path.join(home, 'postgres'))).toBe(false)
  await server.stop()
  await postgres.stop()
})

test('a second server of the same home is refused while the first runs', async ({ start, home }) => {
  const server = await start()
  await server.ready()
  mkdirSync(home, { recursive: true })
  const second = await start()
  expect(await second.ended(60_000)).toBe(1)
  expect(second.log()).toMatch(/Another Gatehouse server .* uses the data folder/)
  expect((await fetch(`${server.url}/api/health`)).ok).toBe(true)
  await server.stop()
})
