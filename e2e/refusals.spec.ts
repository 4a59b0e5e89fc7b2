/**
 * What a real agent program does when the proxy says no: it stops at once, and the chat says
 * why. Programs go on asking for minutes after most statuses, so each is shown with each of
 * its dialects: a model that is no longer allowed, a key that the provider refuses, and a
 * connection that is taken away while the model still thinks.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from '#e2e/fixtures.ts'
import { inDatabase } from '#e2e/world/database.ts'
import type { FakeDialect } from '#e2e/world/fake-provider-scene.ts'
import { followChat, type ChatFollower } from '#e2e/world/follow.ts'
import { until } from '#e2e/world/wait.ts'
import { connectFake, type World } from '#e2e/world/world.ts'

/** Of Claude Code a model that it does not ask for by itself. */
const pairs: { harness: string; dialect: FakeDialect; model: string }[] = [
  { harness: 'codex', dialect: 'openai-responses', model: 'gpt-6.1-sol' },
  { harness: 'claude-code', dialect: 'anthropic-messages', model: 'claude-opus-5' },
  { harness: 'opencode', dialect: 'openai-chat', model: 'gpt-6.1-sol' },
  { harness: 'opencode', dialect: 'gemini-generate', model: 'gemini-4-argon' },
]

// The first chat of a harness installs it.
test.describe.configure({ timeout: 300_000 })

/** Of an agent that does not ask again: its answer's request, and one that it makes beside it (a title). */
const MOST_REQUESTS = 3
/** Well below the minute for which agents ask again. */
const AT_ONCE_MS = 20_000
/** What nobody tells the proxy acts within five seconds. */
const FORGOTTEN_MS = 5_000

/** The models of the project's own connection, as if somebody had withdrawn or given them while a run lives. */
async function setModels(world: World, connectionId: string, models: string[]): Promise<void> {
  await inDatabase(world.server.home, (db) =>
    db.query(
      `update credential set models = $2 where id = (select c."credentialId" from attachment a join configuration c on c.id = a."configurationId" where a.id = $1)`,
      [connectionId, models],
    ),
  )
  await pause(FORGOTTEN_MS)
}

const requestsOf = async (world: World, chat: ChatFollower, turnId: string) =>
  (await world.owner.api.usage.records.query({ chatId: chat.chatId })).filter((each) => each.turnId === turnId)

/** What the chat says of a turn's failure, for people. */
const saidOf = (chat: ChatFollower, turnId: string) => {
  const turn = chat.turn(turnId)!
  return { status: turn.status, code: turn.failure?.code, detail: turn.failure?.detail ?? '' }
}

for (const { harness, dialect, model } of pairs) {
  test(`${harness} in ${dialect} stops when it is refused`, async ({ world, project: { projectId } }) => {
    const { api } = world.owner
    const { provider } = world
    const connect = () => connectFake({ api, provider }, { projectId, harness, dialect, models: [model] })
    const connectionId = await connect()
    // Without a choice of its own: the server would not even start what cannot be served.
    const { chatId } = await api.chats.create.mutate({ projectId, harness })
    const chat = followChat(api, chatId)
    const first = await chat.send('say: Hello.')
    expect(await chat.untilEnded(first, 240_000)).toMatchObject({ status: 'completed' })

    await test.step('a model that is no longer allowed', async () => {
      await setModels(world, connectionId, ['somebody-elses'])
      const turnId = await chat.send('say: Are you there?')
      await chat.untilEnded(turnId, AT_ONCE_MS)
      expect(saidOf(chat, turnId)).toEqual({
        status: 'failed',
        code: 'model.not-allowed',
        detail: expect.stringContaining(`The model "${model}" is not one of those that this chat's connection allows.`),
      })
      const requests = await requestsOf(world, chat, turnId)
      expect(new Set(requests.map(({ outcome, status }) => `${outcome} ${status}`))).toEqual(new Set(['refused 403']))
      expect(requests.length).toBeLessThanOrEqual(MOST_REQUESTS)
      await setModels(world, connectionId, [model])
    })

    await test.step('a key that the provider refuses', async () => {
      const turnId = await chat.send('fail: 401')
      await chat.untilEnded(turnId, AT_ONCE_MS)
      expect(saidOf(chat, turnId)).toMatchObject({ status: 'failed', code: 'provider.refused-key' })
      expect((await requestsOf(world, chat, turnId)).length).toBeLessThanOrEqual(MOST_REQUESTS)
      const connections = await api.connections.list.query({ projectId })
      const row = connections.find((each) => each.harness === harness)!
      expect(row.attachments[0]).toMatchObject({ code: 'connection.broken', credential: { brokenCode: 'provider.refused-key' } })
    })

    await test.step('a connection that is taken away while the model thinks', async () => {
      const anew = await connect()
      const before = provider.received.length
      const turnId = await chat.send('fail: hang')
      const hanging = await until(() => provider.received.slice(before).find((each) => each.ask?.prompts.at(-1)?.includes('hang')), {
        what: 'the model is asked',
        withinMs: 60_000,
      })
      await api.connections.disconnect.mutate({ connectionId: anew })
      expect(await hanging.ended).toBe('client-left')
      await chat.untilEnded(turnId, AT_ONCE_MS)
      expect(saidOf(chat, turnId).status).not.toBe('completed')
      expect((await requestsOf(world, chat, turnId)).length).toBeLessThanOrEqual(MOST_REQUESTS)
    })
    provider.assertClean()
  })
}
