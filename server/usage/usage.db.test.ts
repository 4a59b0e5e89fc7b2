import { expect, it, vi } from 'vitest'
import type { FailureCode } from '#core/errors.ts'
import type { ChatId, TurnId } from '#core/ids.ts'
import { priceOf } from '#core/models/catalog.ts'
import { pool, prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { seedChatScope, seedMember, seedTeamScope } from '#server/db/testing.ts'
import type { ChatScope } from '#server/access/scope.ts'
import { thisProcess, closeDead } from '#server/processes/service.ts'
import { closeLeftovers } from '#server/usage/ledger.ts'
import { drainUsage, openRecord, readRecords, type Ending, type RecordOf, type Spending } from '#server/usage/service.ts'
import { summarise } from '#server/usage/summary.ts'

const tokens = { inputTokens: 1_000, outputTokens: 100, cacheReadTokens: 10, cacheWriteTokens: 0, reasoningTokens: 5 }
const spendingOf = (model: string, provider: string): Spending => ({
  price: priceOf({ provider, dialect: 'anthropic-messages' }, model),
  estimate: { inputTokens: 2_000, outputTokens: 4_000 },
  countsTokens: false,
  reservation: null,
})
const recordOf = (scope: ChatScope, more: Partial<RecordOf> = {}): RecordOf => ({
  teamId: scope.teamId,
  projectId: scope.projectId,
  chatId: scope.chatId,
  runId: mintUuid(),
  harness: 'claude-code',
  provider: 'anthropic',
  dialect: 'anthropic-messages',
  credentialId: 'credential',
  credentialVersion: 1,
  route: 'anthropic/v1/messages',
  model: 'claude-opus-5-5',
  spending: spendingOf(more.model ?? 'claude-opus-5-5', more.provider ?? 'anthropic'),
  ...more,
})
const completed: Ending = {
  outcome: 'completed',
  status: 200,
  failure: null,
  verdict: { tokens, rawUsage: { input_tokens: 1_000 }, isComplete: true },
  firstByteMs: 5,
  durationMs: 9,
}
const failed = (code: FailureCode, detail: string): Ending => ({
  outcome: 'failed',
  status: 500,
  failure: { code, detail },
  verdict: null,
  firstByteMs: null,
  durationMs: 9,
})
const eventsOf = async (chatId: ChatId) =>
  (await pool().query('select type, payload from chat_event where "chatId" = $1 order by seq', [chatId])).rows

it('belongs to the turn that runs when it is opened, whatever runs when it is settled', async () => {
  const scope = await seedChatScope()
  const [turnId, later] = [mintUuid() as TurnId, mintUuid()]
  const head = (turn: string | null) =>
    pool().query('update chat_head set "activeTurn" = $2, "activeBy" = $3 where "chatId" = $1', [scope.chatId, turn, turn && scope.userId])
  await head(turnId)
  const record = openRecord(recordOf(scope))
  await drainUsage()
  expect(await readRecords(scope, { chatId: scope.chatId, limit: 5 })).toMatchObject([
    { outcome: 'open', turnId, userName: 'Ada', costMicros: null },
  ])
  await head(later)
  record.settle(completed)
  record.settle(failed('provider.failed', 'a second word counts for nothing'))
  await drainUsage()
  expect(await readRecords(scope, { chatId: scope.chatId.toUpperCase(), limit: 5 })).toMatchObject([
    { outcome: 'completed', turnId, ...tokens, firstByteMs: 5, durationMs: 9 },
  ])
  expect(await eventsOf(scope.chatId)).toMatchObject([
    { type: 'usage.metered', payload: { turnId, provider: 'anthropic', inputTokens: 1_000 } },
  ])
})

it('has no turn and no author when none runs', async () => {
  const scope = await seedChatScope()
  openRecord(recordOf(scope)).settle(completed)
  await drainUsage()
  expect(await readRecords(scope, { chatId: scope.chatId, limit: 5 })).toMatchObject([
    { turnId: null, userName: null, outcome: 'completed' },
  ])
})

it('tells the chat of a failure, and bills nothing for it', async () => {
  const scope = await seedChatScope()
  openRecord(recordOf(scope)).settle(failed('provider.failed', 'Broken\0 off'))
  await drainUsage()
  expect(await eventsOf(scope.chatId)).toEqual([
    {
      type: 'model.failed',
      payload: {
        turnId: null,
        provider: 'anthropic',
        model: 'claude-opus-5-5',
        status: 500,
        code: 'provider.failed',
        detail: 'Broken␀ off',
      },
    },
  ])
  const { totals } = await summarise(scope, { days: 1 })
  expect(totals).toMatchObject({ requests: 0, costMicros: 0, unpricedRequests: 0 })
})

it('does not take the unknown for nothing', async () => {
  const scope = await seedChatScope()
  openRecord(recordOf(scope)).settle({ ...completed, outcome: 'aborted', verdict: null })
  openRecord(recordOf(scope, { model: 'nobody-knows-its-price', provider: 'custom' })).settle(completed)
  await drainUsage()
  const { totals, byModel } = await summarise(scope, { days: 1 })
  expect(totals).toMatchObject({ requests: 2, unpricedRequests: 2, costMicros: 0, inputTokens: 1_000 })
  expect(byModel).toHaveLength(2)
})

it('writes a burst of records, each once', async () => {
  const scope = await seedChatScope()
  for (let index = 0; index < 200; index += 1) openRecord(recordOf(scope)).settle(completed)
  await drainUsage()
  const { totals } = await summarise(scope, { days: 1 })
  expect(totals).toMatchObject({ requests: 200, inputTokens: 200_000 })
  expect(await eventsOf(scope.chatId)).toHaveLength(200)
  const { rows } = await pool().query('select head from chat_head where "chatId" = $1', [scope.chatId])
  expect(Number(rows[0].head)).toBe(200)
})

it('writes together what is opened while models think, and at once when an answer waits', async () => {
  const scope = await seedChatScope()
  for (let index = 0; index < 50; index += 1) openRecord(recordOf(scope)).settle({ ...completed, firstByteMs: 60_000 })
  await drainUsage()
  const query = vi.spyOn(pool(), 'query')
  const statements = () => query.mock.calls.filter(([asked]) => (asked as { name?: string }).name === 'open-usage-records').length
  const counts: number[] = []
  // On a busy machine the gathering may be over before all three are there.
  while (counts.length < 20 && !counts.includes(1)) {
    const before = statements()
    const records = []
    for (let index = 0; index < 3; index += 1) {
      records.push(openRecord(recordOf(scope)))
      await new Promise((resolve) => setImmediate(resolve))
    }
    records[2]!.hurry()
    expect(await Promise.all(records.map(({ durable }) => durable))).toEqual([true, true, true])
    counts.push(statements() - before)
    for (const record of records) record.settle({ ...completed, firstByteMs: 60_000 })
  }
  query.mockRestore()
  expect(counts).toContain(1)
})

it('keeps the bill of a chat that is deleted while a model still answers', async () => {
  const scope = await seedChatScope()
  const other = await seedChatScope()
  const record = openRecord(recordOf(scope))
  await drainUsage()
  await prisma().chat.delete({ where: { id: scope.chatId } })
  record.settle(completed)
  openRecord(recordOf(other)).settle(completed)
  await drainUsage()
  expect((await summarise(scope, { days: 1 })).totals).toMatchObject({ requests: 1, inputTokens: 1_000 })
  expect((await summarise(other, { days: 1 })).totals).toMatchObject({ requests: 1 })
  expect(await eventsOf(other.chatId)).toMatchObject([{ type: 'usage.metered' }])
})

it('lets one that PostgreSQL refuses hold up no other that was settled in the same moment', async () => {
  const [refused, ...others] = [await seedChatScope(), await seedChatScope(), await seedChatScope(), await seedChatScope()]
  const records = [others[0]!, refused, others[1]!, others[2]!].map((scope) => openRecord(recordOf(scope)))
  await drainUsage()
  const tooMany = { ...tokens, inputTokens: 3_000_000_000 }
  for (const [at, record] of records.entries())
    record.settle(at === 1 ? { ...completed, verdict: { tokens: tooMany, rawUsage: null, isComplete: true } } : completed)
  await drainUsage()
  expect(await readRecords(refused, { chatId: refused.chatId, limit: 5 })).toMatchObject([{ outcome: 'open' }])
  expect(await eventsOf(refused.chatId)).toEqual([])
  for (const other of others) {
    expect(await readRecords(other, { chatId: other.chatId, limit: 5 })).toMatchObject([{ outcome: 'completed', ...tokens }])
    expect(await eventsOf(other.chatId)).toHaveLength(1)
  }
})

it('lets no odd value hold up other records', async () => {
  const scope = await seedChatScope()
  openRecord(recordOf(scope, { model: 'a\0b' })).settle(completed)
  openRecord(recordOf(scope)).settle({ ...completed, verdict: { tokens, rawUsage: { odd: '\0' }, isComplete: true } })
  await drainUsage()
  expect(await readRecords(scope, { chatId: scope.chatId, limit: 5 })).toMatchObject([{ outcome: 'completed', ...tokens }])
})

it('closes whatever a provider reports', async () => {
  const scope = await seedChatScope()
  const most = 2_147_483_647
  const huge = { inputTokens: most, outputTokens: most, cacheReadTokens: most, cacheWriteTokens: most, reasoningTokens: most }
  const unpriced = { ...spendingOf('nobody-knows', 'anthropic'), countsTokens: true }
  for (const rawUsage of [{ half: '\ud800' }, { '\udc00': 1 }, { nul: '\0' }, 'x'.repeat(30_000)])
    openRecord(recordOf(scope)).settle({ ...completed, verdict: { tokens, rawUsage, isComplete: true } })
  openRecord({ ...recordOf(scope), spending: unpriced }).settle({
    ...completed,
    verdict: { tokens: huge, rawUsage: null, isComplete: true },
  })
  openRecord(recordOf(scope)).settle({ ...completed, verdict: { tokens: huge, rawUsage: null, isComplete: true } })
  await drainUsage()
  expect((await readRecords(scope, { chatId: scope.chatId, limit: 9 })).map(({ outcome }) => outcome)).toEqual(Array(6).fill('completed'))
  const { rows } = await pool().query('select "budgetTokens" from usage_record where "chatId" = $1 and "budgetTokens" is not null', [
    scope.chatId,
  ])
  expect(rows).toEqual([{ budgetTokens: most }])
})

it('closes what a process that died has left open, as unknown, and tells the chat of a cost that nobody knows', async () => {
  const scope = await seedChatScope()
  const [dies, lives] = [openRecord(recordOf(scope)), openRecord(recordOf(scope))]
  await drainUsage()
  const dead = mintUuid()
  await pool().query('insert into server_process (id) values ($1)', [dead])
  await pool().query('update usage_record set "processId" = $2 where id = $1', [dies.usageRecordId, dead])
  const outcomes = async () => {
    const records = new Map((await readRecords(scope, { chatId: scope.chatId, limit: 5 })).map((each) => [each.usageRecordId, each]))
    return [dies, lives].map(({ usageRecordId }) => [records.get(usageRecordId)!.outcome, records.get(usageRecordId)!.costMicros !== null])
  }
  await closeDead({ close: closeLeftovers })
  expect(await outcomes()).toEqual([
    ['open', false],
    ['open', false],
  ])
  await pool().query(`update server_process set "beatAt" = now() - interval '21 seconds' where id = $1`, [dead])
  await Promise.all([closeDead({ close: closeLeftovers }), closeDead({ close: closeLeftovers })])
  await closeDead({ close: closeLeftovers })
  expect(await outcomes()).toEqual([
    ['unknown', false],
    ['open', false],
  ])
  expect(await eventsOf(scope.chatId)).toMatchObject([{ type: 'usage.metered', payload: { inputTokens: 0, costMicros: null } }])
  lives.settle(completed)
  await drainUsage()
  expect(await outcomes()).toEqual([
    ['unknown', false],
    ['completed', true],
  ])
})

it('still hears what a record really was of a process that was taken for gone', async () => {
  const scope = await seedChatScope()
  const record = openRecord(recordOf(scope))
  await drainUsage()
  await closeLeftovers({ processId: thisProcess(), beatAt: new Date(), wasKnown: false })
  record.settle(completed)
  await drainUsage()
  expect(await readRecords(scope, { chatId: scope.chatId, limit: 5 })).toMatchObject([
    { outcome: 'completed', source: 'provider', ...tokens },
  ])
})

it('keeps the rates of which a cost was made', async () => {
  const scope = await seedChatScope()
  openRecord(recordOf(scope)).settle({
    ...completed,
    verdict: { ...completed.verdict!, tokens: { ...tokens, cacheWriteTokens: 50, cacheWrite1hTokens: 20 } },
  })
  await drainUsage()
  const { rows } = await pool().query(
    'select rates, "cacheWrite1hTokens", "costMicros"::int, "budgetMicros"::int from usage_record where "chatId" = $1',
    [scope.chatId],
  )
  const cost = (1_000 * 4 + 100 * 20 + 10 * 0.2 + 30 * 5 + 20 * 8) | 0
  const rates = { input: 4_000_000, output: 20_000_000, cacheRead: 200_000, cacheWrite: 5_000_000, cacheWrite1h: 8_000_000 }
  expect(rows).toEqual([{ rates, cacheWrite1hTokens: 20, costMicros: cost, budgetMicros: cost }])
})

it('shows a team its own records only', async () => {
  const scope = await seedChatScope()
  openRecord(recordOf(scope)).settle(completed)
  await drainUsage()
  const stranger = await seedTeamScope()
  expect(await readRecords(stranger, { limit: 5 })).toEqual([])
  expect((await summarise(stranger, { days: 30 })).totals.requests).toBe(0)
  await expect(readRecords(stranger, { chatId: scope.chatId, limit: 5 })).rejects.toMatchObject({ code: 'chat.missing' })
  await expect(readRecords(stranger, { projectId: scope.projectId, limit: 5 })).rejects.toMatchObject({ code: 'project.missing' })
  await expect(summarise(stranger, { projectId: scope.projectId, days: 5 })).rejects.toMatchObject({ code: 'project.missing' })
})

it('shows of another’s private chat, and of one that is gone, no more than numbers, beside what it shows of open ones', async () => {
  const open = await seedChatScope()
  const hidden = await seedChatScope(open)
  const [colleague, ofHidden] = [
    await seedTeamScope({ teamId: open.teamId, role: 'viewer' }),
    { chatId: null, turnId: null, userName: null, model: null },
  ]
  await prisma().chat.update({ where: { id: hidden.chatId }, data: { isPrivate: true } })
  for (const { chatId, userId } of [open, hidden])
    await pool().query('update chat_head set "activeTurn" = $2, "activeBy" = $3 where "chatId" = $1', [chatId, mintUuid(), userId])
  openRecord(recordOf(open)).settle(completed)
  openRecord(recordOf(hidden, { model: 'o4-mini', provider: 'openai' })).settle(completed)
  await drainUsage()
  const shown = async (scope: typeof colleague) =>
    (await readRecords(scope, { limit: 5 })).toSorted((a, b) => Number(b.isSeen) - Number(a.isSeen))
  expect(await shown(colleague)).toMatchObject([
    { isSeen: true, chatId: open.chatId, userName: 'Ada', model: 'claude-opus-5-5', ...tokens },
    { isSeen: false, ...ofHidden, provider: 'openai', outcome: 'completed', ...tokens },
  ])
  const creator = await readRecords(open, { limit: 5 })
  expect(new Set(creator.map((each) => each.isSeen && each.chatId))).toEqual(new Set([open.chatId, hidden.chatId]))
  const summary = await summarise(colleague, { days: 1 })
  expect(summary.totals).toMatchObject({ requests: 2, inputTokens: 2_000 })
  const sorted = <T extends { isSeen: boolean }>(rows: readonly T[]): T[] => rows.toSorted((a, b) => Number(b.isSeen) - Number(a.isSeen))
  expect(sorted(summary.byMember)).toMatchObject([
    { isSeen: true, name: 'Ada', requests: 1 },
    { isSeen: false, userId: null, name: null, requests: 1 },
  ])
  expect(sorted(summary.byModel)).toMatchObject([
    { isSeen: true, model: 'claude-opus-5-5' },
    { isSeen: false, model: null },
  ])
  await prisma().chat.delete({ where: { id: open.chatId } })
  expect(await shown(colleague)).toMatchObject([ofHidden, ofHidden])
})

it('sums by day, model, member and project, within the days that were asked for', async () => {
  const scope = await seedChatScope()
  const { caller } = await seedMember({ teamId: scope.teamId, role: 'member', name: 'Bob' })
  const head = (userId: string) =>
    pool().query('update chat_head set "activeTurn" = $2, "activeBy" = $3 where "chatId" = $1', [scope.chatId, mintUuid(), userId])
  await head(scope.userId)
  openRecord(recordOf(scope)).settle(completed)
  await drainUsage()
  await head(caller.userId)
  openRecord(recordOf(scope, { model: 'claude-haiku-5-5' })).settle(completed)
  await drainUsage()
  await pool().query(`update usage_record set "startedAt" = now() - interval '3 days' where "chatId" = $1 and model = 'claude-haiku-5-5'`, [
    scope.chatId,
  ])
  const today = await summarise(scope, { days: 1 })
  expect(today.totals.requests).toBe(1)
  const week = await summarise(scope, { days: 7 })
  expect(week.totals.requests).toBe(2)
  expect(week.byDay).toHaveLength(2)
  expect(week.byDay[0]!.day < week.byDay[1]!.day).toBe(true)
  expect(week.byModel.map(({ model }) => model).toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
    'claude-haiku-5-5',
    'claude-opus-5-5',
  ])
  expect(week.byMember.map(({ name }) => name).toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual(['Ada', 'Bob'])
  expect(week.byProject).toMatchObject([{ projectId: scope.projectId, requests: 2 }])
  const cost = week.byModel.reduce((sum, each) => sum + each.costMicros, 0)
  expect(week.totals.costMicros).toBe(cost)
})
