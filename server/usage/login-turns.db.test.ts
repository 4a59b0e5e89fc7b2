/** What a turn on a login used, from its daemon's fact to the page, and what of it others see. */
import { expect, it } from 'vitest'
import type { DaemonFact, LoginUsage, TurnOutcome } from '#core/chat/events.ts'
import type { NodeId, TurnId } from '#core/ids.ts'
import { connect } from '#server/connections/service.ts'
import { ingest } from '#server/daemons/ingest.ts'
import { pool } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { seedTeamScope } from '#server/db/testing.ts'
import { prompted, running, seedLogin, start, type LoginRunning, type LoginWorld } from '#server/logins/testing.ts'
import { readRecords } from '#server/usage/service.ts'
import { summarise } from '#server/usage/summary.ts'

const file = JSON.stringify({ tokens: { access_token: 'a', refresh_token: 'r' } })
const tokens = { inputTokens: 50, outputTokens: 7, cacheReadTokens: 900, cacheWriteTokens: 4, reasoningTokens: 2 }
const usage = ({ runId }: Pick<LoginRunning, 'runId'>, more: Partial<LoginUsage> = {}): LoginUsage => ({
  runId,
  model: 'gpt-5.5',
  tokens,
  durationMs: 1_200,
  ...more,
})

type Place = Pick<LoginRunning, 'chatId' | 'epoch' | 'turnId'>
const deliver = ({ nodeId }: { nodeId: NodeId }, { chatId, epoch }: Place, first: number, ...facts: DaemonFact[]) =>
  ingest({ nodeId, chatId, epoch, facts: facts.map((fact, at) => ({ pseq: first + at, fact })) })
const ended = (turnId: TurnId, given: LoginUsage, outcome: TurnOutcome = 'completed'): DaemonFact => ({
  type: 'turn.ended',
  turnId,
  outcome,
  stopReason: 'end_turn',
  usage: given,
})
async function turnOf(world: LoginWorld, run: LoginRunning, given = usage(run), outcome: TurnOutcome = 'completed'): Promise<void> {
  await deliver(world, run, 1, { type: 'turn.accepted', turnId: run.turnId })
  expect(await deliver(world, run, 2, ended(run.turnId, given, outcome))).toEqual({ is: 'acknowledged', pseq: 2 })
}
const recordsOf = ({ team }: LoginWorld, chatId: string) => readRecords(team, { chatId, limit: 10 })

it('is one record, of its prompt’s author, without a price and beside the proxy’s', async () => {
  const world = await seedLogin('codex', file)
  const run = await running(world)
  await turnOf(world, run)
  const records = await recordsOf(world, run.chatId)
  expect(records).toEqual([
    {
      usageRecordId: expect.any(String),
      startedAt: expect.any(String),
      isSeen: true,
      userName: 'Ada',
      projectId: world.projectId,
      chatId: run.chatId,
      turnId: run.turnId,
      harness: 'codex',
      provider: 'openai',
      model: 'gpt-5.5',
      route: 'none',
      via: 'login',
      outcome: 'completed',
      status: null,
      source: 'provider',
      ...tokens,
      costMicros: null,
      firstByteMs: null,
      durationMs: 1_200,
    },
  ])
  const { rows } = await pool().query('select "userId", "credentialId", "credentialVersion" from usage_record where id = $1', [
    records[0]!.usageRecordId,
  ])
  expect(rows).toEqual([{ userId: world.team.userId, credentialId: world.credentialId, credentialVersion: 1 }])
  const { totals } = await summarise(world.team, { days: 1 })
  expect(totals).toMatchObject({ requests: 0, unpricedRequests: 0, subscriptionTurns: 1, inputTokens: 50, costMicros: 0 })
})

it('is one record however often its end arrives', async () => {
  const world = await seedLogin('codex', file)
  const run = await running(world)
  await turnOf(world, run)
  const again = ended(run.turnId, usage(run, { durationMs: 9 }))
  await deliver(world, run, 2, again)
  await deliver(world, run, 3, again)
  // Nor does it count for a turn that somebody else has asked for by then.
  await pool().query(`update command set state = 'accepted' where "turnId" = $1`, [run.turnId])
  await deliver(world, run, 4, again)
  expect((await recordsOf(world, run.chatId)).map((each) => each.durationMs)).toEqual([1_200])
})

it.each([
  ['cancelled', usage, { outcome: 'aborted', source: 'provider', inputTokens: 50 }],
  [
    'failed',
    (run: LoginRunning) => usage(run, { tokens: null, model: null }),
    { outcome: 'failed', source: 'none', inputTokens: 0, model: null },
  ],
  ['completed', (run: LoginRunning) => usage(run, { model: 'odd\0name' }), { outcome: 'completed', model: 'oddname' }],
] as const)('says how a turn ended that was %s', async (outcome, given, expected) => {
  const world = await seedLogin('codex', file)
  const run = await running(world)
  await turnOf(world, run, given(run), outcome)
  expect(await recordsOf(world, run.chatId)).toMatchObject([{ ...expected, costMicros: null }])
})

it('is no record of a run through the proxy, of another chat’s run, or of none', async () => {
  const world = await seedLogin('codex', file)
  const other = await running(world)
  await connect(world.team, {
    harness: 'codex',
    scope: 'user',
    secret: { kind: 'api-key', provider: 'openai', key: 'sk-proj-abcdefghijkl' },
  })
  for (const runOf of [async () => other.runId, async () => mintUuid() as LoginRunning['runId']]) {
    const held = await prompted(world)
    await turnOf(world, { ...held, contents: '', runId: await runOf() })
    expect(await recordsOf(world, held.chatId)).toEqual([])
  }
  const held = await prompted(world)
  const runId = mintUuid() as LoginRunning['runId']
  expect(await start(world, held, runId)).toMatchObject({ ok: true, grant: { delivery: { via: 'proxy' } } })
  await turnOf(world, { ...held, contents: '', runId })
  expect(await recordsOf(world, held.chatId)).toEqual([])
})

it('is numbers and nothing else to those who do not see the chat', async () => {
  const world = await seedLogin('codex', file)
  const run = await running(world)
  await turnOf(world, run)
  const colleague = await seedTeamScope({ teamId: world.team.teamId, role: 'admin' })
  const [record] = await readRecords(colleague, { limit: 10 })
  expect(record).toMatchObject({ isSeen: false, userName: null, chatId: null, turnId: null, model: null, harness: 'codex', ...tokens })
  expect(JSON.stringify(record)).not.toContain(run.chatId)
  const summary = await summarise(colleague, { days: 1 })
  expect(summary.totals).toMatchObject({ subscriptionTurns: 1, inputTokens: 50 })
  expect(summary.byMember).toMatchObject([{ isSeen: false, userId: null, name: null, inputTokens: 50 }])
  expect(summary.byModel).toMatchObject([{ isSeen: false, model: null, provider: 'openai', inputTokens: 50 }])
  expect(JSON.stringify(summary)).not.toMatch(/gpt-5\.5|Ada/)
  await pool().query('update chat set "isPrivate" = false where id = $1', [run.chatId])
  expect(await readRecords(colleague, { limit: 10 })).toMatchObject([
    { isSeen: true, userName: 'Ada', chatId: run.chatId, model: 'gpt-5.5' },
  ])
  expect((await summarise(colleague, { days: 1 })).byMember).toMatchObject([{ isSeen: true, name: 'Ada' }])
})
