/** Budgets as people set and see them, and how records count in them. Requests that spend them: `spending.db.test.ts`. */
import { expect, it } from 'vitest'
import { periodAt } from '#core/budgets/budget.ts'
import type { ChatScope, TeamScope } from '#server/access/scope.ts'
import { enterProject } from '#server/access/scope.ts'
import { listEntries } from '#server/audit/log-service.ts'
import { lendTo } from '#server/budgets/ledger-store.ts'
import { applyingBudgets, listBudgets, removeBudget, setBudget, type BudgetOf } from '#server/budgets/service.ts'
import { reserve, type Wanted } from '#server/budgets/spending.ts'
import { pool, prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { seedChatScope, seedPerson, seedProject, seedTeamScope } from '#server/db/testing.ts'
import { closeDead } from '#server/processes/service.ts'
import { onHint } from '#server/realtime/bus.ts'
import { closeLeftovers } from '#server/usage/ledger.ts'
import { drainUsage, openRecord, type Ending, type Spending } from '#server/usage/service.ts'

const price = { input: 1_000_000, output: 1_000_000, cacheRead: 1_000_000, cacheWrite: 1_000_000 }
/** Costs one millionth of a dollar for each token. */
const spending: Spending = { price, estimate: { inputTokens: 600, outputTokens: 400 }, countsTokens: false, reservation: null }

const used = (inputTokens: number): Ending => ({
  outcome: 'completed',
  status: 200,
  failure: null,
  verdict: {
    tokens: { inputTokens, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
    rawUsage: null,
    isComplete: true,
  },
  firstByteMs: 1,
  durationMs: 2,
})
const begin = (scope: ChatScope, more: Partial<Spending> | null = {}) =>
  openRecord({
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
    model: 'some-model',
    spending: more && { ...spending, ...more },
  })
const spend = async (scope: ChatScope, micros: number) => {
  begin(scope).settle(used(micros))
  await drainUsage()
}
const team: BudgetOf = { is: 'team' }
const shown = async (scope: TeamScope) =>
  (await listBudgets(scope)).budgets.map(({ scope: of, period, limitMicros, spentMicros, reservedMicros, state }) => [
    of.is,
    period,
    limitMicros,
    spentMicros,
    reservedMicros,
    state,
  ])

it('counts what was spent in the running period before it was set, and says how it stands', async () => {
  const scope = await seedChatScope()
  await spend(scope, 300)
  await pool().query(`update usage_record set "startedAt" = now() - interval '40 days' where "chatId" = $1`, [scope.chatId])
  await spend(scope, 79)
  const { budgetId } = await setBudget(scope, { scope: team, period: 'day', limitMicros: 100 })
  await setBudget(scope, { scope: { is: 'chat', chatId: scope.chatId }, period: 'month', limitMicros: 500 })
  expect(await shown(scope)).toEqual([
    ['team', 'day', 100, 79, 0, 'ok'],
    ['chat', 'month', 500, 79, 0, 'ok'],
  ])
  await spend(scope, 1)
  expect((await shown(scope))[0]).toEqual(['team', 'day', 100, 80, 0, 'warned'])
  await spend(scope, 20)
  expect((await shown(scope))[0]).toEqual(['team', 'day', 100, 100, 0, 'exhausted'])
  expect(await setBudget(scope, { scope: team, period: 'day', limitMicros: 1_000 })).toEqual({ budgetId })
  expect((await shown(scope))[0]).toEqual(['team', 'day', 1_000, 100, 0, 'ok'])
  const { startsAt, endsAt } = periodAt('day', Date.now())
  expect((await listBudgets(scope)).budgets[0]).toMatchObject({ startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString() })
})

it('counts for the team, the project, the author and the chat, each its own', async () => {
  const scope = await seedChatScope()
  const other = await seedChatScope(scope)
  const author = await seedTeamScope({ teamId: scope.teamId, role: 'member', name: 'Ben' })
  const member = (userId: string) => setBudget(scope, { scope: { is: 'member', userId }, period: 'day', limitMicros: 10_000 })
  await setBudget(scope, { scope: team, period: 'day', limitMicros: 10_000 })
  await setBudget(scope, { scope: { is: 'project', projectId: scope.projectId }, period: 'day', limitMicros: 10_000 })
  await setBudget(scope, { scope: { is: 'chat', chatId: scope.chatId }, period: 'day', limitMicros: 10_000 })
  await member(scope.userId)
  await member(author.userId)
  await pool().query('update chat_head set "activeTurn" = $2, "activeBy" = $3 where "chatId" = $1', [
    scope.chatId,
    mintUuid(),
    author.userId,
  ])
  await spend(scope, 5)
  await spend(other, 70)
  const { budgets } = await listBudgets(scope)
  expect(budgets.map(({ scope: of, spentMicros }) => [of.is, 'name' in of ? of.name : null, spentMicros])).toEqual([
    ['team', null, 75],
    ['project', 'Project', 5],
    ['member', 'Ada', 70],
    ['member', 'Ben', 5],
    ['chat', null, 5],
  ])
})

it('shows people what they spend, and nothing of a chat that they do not see', async () => {
  const admin = await seedChatScope()
  const member = await seedTeamScope({ teamId: admin.teamId, role: 'member' })
  const set = (of: BudgetOf) => setBudget(admin, { scope: of, period: 'day', limitMicros: 1 })
  const other = await seedProject(admin, { name: 'Other' })
  await set(team)
  await set({ is: 'project', projectId: admin.projectId })
  await set({ is: 'project', projectId: other })
  await set({ is: 'member', userId: admin.userId })
  await set({ is: 'member', userId: member.userId })
  const { budgetId } = await set({ is: 'chat', chatId: admin.chatId })
  const kinds = async (scope: TeamScope) => (await listBudgets(scope)).budgets.map(({ scope: of }) => of.is)
  expect(await kinds(admin)).toEqual(['team', 'project', 'project', 'member', 'member', 'chat'])
  expect(await kinds(member)).toEqual(['team', 'project', 'project', 'member', 'chat'])
  await prisma().chat.update({ where: { id: admin.chatId }, data: { isPrivate: true, createdBy: member.userId } })
  expect(await kinds(admin)).toEqual(['team', 'project', 'project', 'member', 'member'])
  await expect(removeBudget(admin, budgetId)).rejects.toMatchObject({ code: 'budget.missing' })
  await expect(set({ is: 'chat', chatId: admin.chatId })).rejects.toMatchObject({ code: 'chat.missing' })
  const project = await enterProject(member, { act: 'read', projectId: admin.projectId })
  const applying = async (chatId?: string) => (await applyingBudgets(project, { chatId })).budgets.map(({ scope: of }) => of.is)
  expect(await applying()).toEqual(['team', 'project', 'member'])
  expect(await applying(admin.chatId)).toEqual(['team', 'project', 'member', 'chat'])
  await expect(
    applyingBudgets(await enterProject(admin, { act: 'read', projectId: other }), { chatId: admin.chatId }),
  ).rejects.toMatchObject({
    code: 'chat.missing',
  })
  expect(await kinds(await seedTeamScope())).toEqual([])
})

it('is set for what the team has alone, and is told in the audit log and to the other processes', async () => {
  const admin = await seedChatScope()
  const elsewhere = await seedChatScope()
  const stranger = await seedPerson()
  const hints: unknown[] = []
  const stop = onHint((hint) => hints.push(hint))
  const set = (of: BudgetOf) => setBudget(admin, { scope: of, period: 'month', limitMicros: 20_000_000 })
  await expect(set({ is: 'project', projectId: elsewhere.projectId })).rejects.toMatchObject({ code: 'project.missing' })
  await expect(set({ is: 'member', userId: stranger.userId })).rejects.toMatchObject({ code: 'member.missing' })
  await expect(set({ is: 'chat', chatId: elsewhere.chatId })).rejects.toMatchObject({ code: 'chat.missing' })
  expect(hints).toEqual([])
  const { budgetId } = await set({ is: 'project', projectId: admin.projectId })
  await removeBudget(admin, budgetId)
  await expect(removeBudget(admin, budgetId)).rejects.toMatchObject({ code: 'budget.missing' })
  await expect(removeBudget(elsewhere, budgetId)).rejects.toMatchObject({ code: 'budget.missing' })
  stop()
  const told = [
    { about: 'budgets', teamId: admin.teamId },
    { about: 'list', teamId: admin.teamId, topic: 'budgets' },
  ]
  expect(hints).toEqual([...told, ...told])
  expect((await listEntries(admin, { limit: 5 })).entries.map(({ sentence }) => sentence)).toEqual([
    'removed the budget of the project “Project” for each month',
    'set the budget of the project “Project” for each month to $20.00',
  ])
})

it('misses and doubles nothing that is settled while it is set', async () => {
  const scopes = [await seedChatScope()]
  for (let index = 0; index < 5; index += 1) scopes.push(await seedChatScope(scopes[0]))
  const [first] = scopes
  for (let round = 0; round < 6; round += 1) {
    for (let index = 0; index < 30; index += 1) begin(scopes[index % scopes.length]!).settle(used(7))
    const [{ budgetId }] = await Promise.all([setBudget(first!, { scope: team, period: 'month', limitMicros: 1_000 }), drainUsage()])
    expect((await shown(first!)).map((row) => row[3])).toEqual([(round + 1) * 30 * 7])
    await removeBudget(first!, budgetId)
  }
})

it('counts what it may have cost when nobody knows, and nothing where the provider did not begin', async () => {
  const scope = await seedChatScope()
  await setBudget(scope, { scope: team, period: 'day', limitMicros: 100_000 })
  const spentBy = async (ending: Partial<Ending>, more: Partial<Spending> | null = {}) => {
    const before = (await shown(scope))[0]![3] as number
    begin(scope, more).settle({ ...used(0), verdict: null, ...ending })
    await drainUsage()
    return ((await shown(scope))[0]![3] as number) - before
  }
  expect(await spentBy({ outcome: 'failed', status: 500 })).toBe(0)
  expect(await spentBy({ outcome: 'failed', status: null })).toBe(0)
  expect(await spentBy({ outcome: 'refused', status: 403 }, null)).toBe(0)
  expect(await spentBy({ outcome: 'aborted', status: 200, durationMs: 100 })).toBe(600 + 50)
  expect(await spentBy({ outcome: 'failed', status: 200, durationMs: 100_000 })).toBe(600 + 400)
  expect(await spentBy({ outcome: 'completed', durationMs: 100 })).toBe(600 + 50)
  const partial = { ...used(30).verdict!, isComplete: false }
  expect(await spentBy({ outcome: 'aborted', verdict: partial, durationMs: 100 })).toBe(30 + 50)
  expect(await spentBy({ verdict: used(30).verdict }, { price: null })).toBe(0)
  expect(await spentBy({ verdict: used(30).verdict })).toBe(30)
})

it('goes on counting what a dead process had reserved, and takes its loans back', async () => {
  const scope = await seedChatScope()
  const { budgetId } = await setBudget(scope, { scope: team, period: 'day', limitMicros: 100_000 })
  begin(scope)
  await drainUsage()
  const dead = mintUuid()
  await pool().query(`insert into server_process (id, "beatAt") values ($1, now() - interval '1 minute')`, [dead])
  await pool().query('update usage_record set "processId" = $2 where "chatId" = $1', [scope.chatId, dead])
  const account = { key: budgetId, periodStart: periodAt('day', Date.now()).startsAt, limit: 100_000 }
  await lendTo({ ...account, processId: dead, need: 60_000, extra: 0, mayPass: true })
  expect(await lendTo({ ...account, processId: mintUuid(), need: 60_000, extra: 0, mayPass: true })).toEqual({ granted: 0, why: 'busy' })
  expect((await shown(scope))[0]!.slice(3, 5)).toEqual([0, 60_000])
  await Promise.all([closeDead({ close: closeLeftovers }), closeDead({ close: closeLeftovers })])
  expect((await shown(scope))[0]!.slice(3, 5)).toEqual([1_000, 0])
  expect((await lendTo({ ...account, processId: mintUuid(), need: 60_000, extra: 0, mayPass: true })).why).toBe('fits')
})

it('takes back what it counted for unknown once its process tells what it was', async () => {
  const scope = await seedChatScope()
  await setBudget(scope, { scope: team, period: 'day', limitMicros: 100_000 })
  const reserved = await reserve(wantedBy(scope), { nowMs: Date.now(), leaving })
  if (reserved.is !== 'reserved') throw new Error(reserved.is)
  const record = begin(scope, { reservation: reserved.reservation })
  await drainUsage()
  const { rows } = await pool().query('select "processId" from usage_record where "chatId" = $1', [scope.chatId])
  await closeLeftovers({ processId: rows[0].processId, beatAt: new Date(), wasKnown: false })
  expect((await shown(scope))[0]!.slice(3, 5)).toEqual([1_000, 0])
  record.settle(used(44))
  await drainUsage()
  // Its loans are gone, and nothing is lent anew by what comes back.
  expect((await shown(scope))[0]!.slice(3, 5)).toEqual([44, 0])
})

const leaving = () => new AbortController().signal
const wantedBy = (scope: ChatScope, more: Partial<Wanted> = {}): Wanted => ({
  spender: { teamId: scope.teamId, projectId: scope.projectId, userId: scope.userId, chatId: scope.chatId },
  micros: 1_000,
  tokens: 1_000,
  unpricedDailyTokens: null,
  ...more,
})

it('starts anew at midnight of UTC', async () => {
  const scope = await seedChatScope()
  await setBudget(scope, { scope: team, period: 'day', limitMicros: 50 })
  await spend(scope, 50)
  const midnight = periodAt('day', Date.now()).endsAt.getTime()
  expect(await reserve(wantedBy(scope), { nowMs: midnight - 1, leaving })).toMatchObject({
    is: 'exhausted',
    allowance: { facts: { scope: 'team', period: 'day', limitMicros: 50, endsAt: new Date(midnight).toISOString() } },
  })
  expect(await reserve(wantedBy(scope), { nowMs: midnight, leaving })).toMatchObject({ is: 'reserved' })
})

it('holds a day of models without a price to so many tokens, however many ask at once', async () => {
  const scope = await seedChatScope()
  const nowMs = Date.now()
  const wanted = wantedBy(scope, { micros: null, unpricedDailyTokens: 2_500 })
  const answers = await Promise.all([1, 2].map(async () => reserve(wanted, { nowMs, leaving })))
  const third = reserve(wanted, { nowMs, leaving })
  for (const answer of answers) {
    if (answer.is !== 'reserved') throw new Error(answer.is)
    begin(scope, { price: null, countsTokens: true, reservation: answer.reservation }).settle(used(900))
  }
  await drainUsage()
  const last = await third
  if (last.is !== 'reserved') throw new Error(last.is)
  begin(scope, { price: null, countsTokens: true, reservation: last.reservation }).settle({ ...used(0), verdict: null, durationMs: 60_000 })
  await drainUsage()
  expect(await reserve(wanted, { nowMs, leaving })).toMatchObject({
    is: 'exhausted',
    allowance: { facts: { scope: 'unpriced', limitTokens: 2_500 } },
  })
  const { rows } = await pool().query('select settled::int, lent::int from budget_ledger where key = $1', [`unpriced/${scope.teamId}`])
  expect(rows).toEqual([{ settled: 2_800, lent: 0 }])
  expect(await reserve(wantedBy(scope, { micros: null }), { nowMs, leaving })).toEqual({ is: 'reserved', reservation: null })
})
