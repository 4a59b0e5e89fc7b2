import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ChatId, NodeId, ProjectId, RunId, TurnId } from '#core/ids.ts'
import { enterChat, type TeamScope } from '#server/access/scope.ts'
import { createChat, sendPrompt } from '#server/chats/service.ts'
import { connect, setEnabled, type ConnectInput } from '#server/connections/service.ts'
import { disconnect, undo } from '#server/connections/undo-service.ts'
import { ingest } from '#server/daemons/ingest.ts'
import { claim, endRevokedLogins, holds } from '#server/daemons/lease.ts'
import { seedNode } from '#server/daemons/testing-nodes.ts'
import { startRun } from '#server/daemons/start-run.ts'
import { pool } from '#server/db/client.ts'
import { seedProjectScope, seedTeamScope } from '#server/db/testing.ts'
import { findLiveRun } from '#server/proxy/store.ts'

let nodeId: NodeId
beforeEach(async () => {
  nodeId = await seedNode()
  await pool().query(`update command set state = 'done' where state = 'queued'`)
})

const key = (own: string) => ({ kind: 'api-key', provider: 'openai', key: `sk-proj-abcdefghijkl-${own}` }) as const
const login = (own: string) =>
  ({ kind: 'auth-file', format: 'codex', contents: JSON.stringify({ tokens: { access_token: own, refresh_token: 'r' } }) }) as const

type Place = { scope: TeamScope; projectId: ProjectId; connectionId: string; put(secret: ConnectInput['secret']): Promise<unknown> }

async function seedPlace(secret: ConnectInput['secret']): Promise<Place & { chatId: ChatId }> {
  const scope = await seedTeamScope()
  const project = await seedProjectScope(scope, 'prompt')
  const { projectId } = project
  const put = (each: ConnectInput['secret']) => connect(scope, { harness: 'codex', scope: 'project', projectId, secret: each })
  const { connectionId } = await put(secret)
  const { chatId } = await createChat(project, { harness: 'codex' })
  return { scope, projectId, connectionId, put, chatId }
}

/** A run in the middle of its turn, and whether it still works once everything that watches has looked. */
async function startedIn({ scope, chatId }: { scope: TeamScope; chatId: ChatId }) {
  const turnId = randomUUID() as TurnId
  await sendPrompt(await enterChat(scope, { act: 'prompt', chatId }), { turnId, prompt: [{ type: 'text', text: 'go' }] })
  await claim(nodeId, 10)
  const runId = randomUUID() as RunId
  expect(await startRun(nodeId, { chatId, epoch: 1, runId })).toMatchObject({ ok: true })
  await ingest({ nodeId, chatId, epoch: 1, facts: [{ pseq: 1, fact: { type: 'turn.accepted', turnId } }] })
  const { rows } = await pool().query<{ wstokenHash: Buffer | null }>('select "wstokenHash" from run where id = $1', [runId])
  const token = rows[0]!.wstokenHash
  return async () => {
    await endRevokedLogins()
    return token === null ? holds(nodeId, { chatId, epoch: 1 }) : (await findLiveRun(token)) !== null
  }
}

const acts: [name: string, act: (place: Place) => Promise<unknown>][] = [
  ['replaced by its own sort', ({ put }) => put(key('two'))],
  ['replaced by a login', ({ put }) => put(login('two'))],
  ['replaced by another provider’s key', ({ put }) => put({ kind: 'api-key', provider: 'openrouter', key: 'sk-or-v1-abcdefghijkl' })],
  ['disconnected', ({ scope, connectionId }) => disconnect(scope, { connectionId })],
  ['disconnected and brought back', async ({ scope, connectionId }) => undo(scope, await disconnect(scope, { connectionId }))],
  ['switched off', ({ scope, connectionId }) => setEnabled(scope, { connectionId, isEnabled: false })],
]

describe.each([
  ['a key', key],
  ['a login', login],
] as const)('a run on %s', (_kind, secretOf) => {
  it.each(acts)('ends when that is %s', async (_name, act) => {
    const place = await seedPlace(secretOf('one'))
    const works = await startedIn(place)
    expect(await works()).toBe(true)
    await act(place)
    expect(await works()).toBe(false)
  })

  it('goes on while others connect, replace and disconnect beside it', async () => {
    const place = await seedPlace(secretOf('one'))
    const works = await startedIn(place)
    const own = await connect(place.scope, { harness: 'codex', scope: 'user', secret: secretOf('one') })
    await connect(place.scope, { harness: 'codex', scope: 'user', secret: secretOf('two') })
    await disconnect(place.scope, own)
    const other = await seedPlace(secretOf('one'))
    await disconnect(other.scope, other)
    expect(await works()).toBe(true)
  })
})
