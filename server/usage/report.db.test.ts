import { describe, expect, it } from 'vitest'
import { NOBODY, OTHERS, PRIVATE, type Dimension } from '#core/usage/dimensions.ts'
import { noSums } from '#core/usage/sums.ts'
import { enterChat, type ChatScope } from '#server/access/scope.ts'
import { connect } from '#server/connections/service.ts'
import { pool, prisma } from '#server/db/client.ts'
import { seedChat, seedChatScope, seedTeamScope } from '#server/db/testing.ts'
import { setRule } from '#server/models/rule-service.ts'
import { exportUsage, report, reportCaches, reportRequests, reportSavings, type ReportInput } from '#server/usage/report-service.ts'
import { summarise } from '#server/usage/summary.ts'
import { seedRecords, type Metered } from '#server/usage/report-testing.ts'

const march = { from: '2026-03-01', to: '2026-03-31', filter: {} }
const asked = (more: Partial<ReportInput> = {}): ReportInput => ({
  ...march,
  by: 'model',
  stack: 'model',
  measure: 'cost',
  before: null,
  ...more,
})
const keys = (rows: readonly { key: string }[]) => rows.map((row) => row.key)

describe('the sums of a day', () => {
  const fromRecords = `select coalesce(sum(case when counted then 1 else 0 end), 0)::int as requests,
      coalesce(sum(case when counted then 0 else 1 end), 0)::int as lost,
      coalesce(sum("inputTokens") filter (where counted), 0)::int as input, coalesce(sum("costMicros") filter (where counted), 0)::int as cost,
      (count(*) filter (where counted and "costMicros" is null))::int as unpriced
    from (select *, outcome in ('completed', 'aborted', 'unknown') or source <> 'none' as counted from usage_record where "teamId" = $1 and outcome <> 'open') r`
  const fromDays = `select coalesce(sum(requests), 0)::int as requests, coalesce(sum("lostRequests"), 0)::int as lost,
      coalesce(sum("inputTokens"), 0)::int as input, coalesce(sum("costMicros"), 0)::int as cost, coalesce(sum("unpricedRequests"), 0)::int as unpriced
    from usage_day where "teamId" = $1`
  const both = async ({ teamId }: ChatScope) => {
    const [records, days] = await Promise.all([pool().query(fromRecords, [teamId]), pool().query(fromDays, [teamId])])
    expect(days.rows).toEqual(records.rows)
    return days.rows[0]
  }

  it('follow every change of a record, within its transaction', async () => {
    const scope = await seedChatScope()
    const [open, settled, failed] = await seedRecords(scope, [
      { outcome: 'open', source: 'none', costMicros: null, input: 0 },
      {},
      { outcome: 'failed', source: 'none', costMicros: null, input: 0 },
    ])
    expect(await both(scope)).toEqual({ requests: 1, lost: 1, input: 100, cost: 1_000, unpriced: 0 })
    await pool().query(`update usage_record set outcome = 'aborted', source = 'partial', "inputTokens" = 7 where id = $1`, [open])
    expect(await both(scope)).toEqual({ requests: 2, lost: 1, input: 107, cost: 1_000, unpriced: 1 })
    await pool().query(
      `update usage_record set "startedAt" = "startedAt" - interval '3 days', "costMicros" = 5, model = 'other' where id = $1`,
      [settled],
    )
    expect(await both(scope)).toEqual({ requests: 2, lost: 1, input: 107, cost: 5, unpriced: 1 })
    await pool().query('delete from usage_record where id = any($1)', [[settled, failed]])
    expect(await both(scope)).toEqual({ requests: 1, lost: 0, input: 7, cost: 0, unpriced: 1 })
    const client = await pool().connect()
    await client.query('begin')
    await client.query('delete from usage_record where id = $1', [open])
    await client.query('rollback')
    client.release()
    expect(await both(scope)).toMatchObject({ requests: 1, input: 7 })
  })

  it('lose nothing when many chats settle at once, some of them the same', async () => {
    const scope = await seedChatScope()
    const opened = await seedRecords(
      scope,
      Array.from({ length: 60 }, (): Metered => ({ outcome: 'open', source: 'none', costMicros: null })),
    )
    const shuffled = opened.toSorted()
    const settle = (ids: string[]) =>
      pool().query(`update usage_record set outcome = 'completed', source = 'provider', "costMicros" = 3 where id = any($1)`, [ids])
    await Promise.all(Array.from({ length: 12 }, (_, index) => settle(shuffled.slice(index * 5, index * 5 + 5))))
    expect(await both(scope)).toEqual({ requests: 60, lost: 0, input: 6_000, cost: 180, unpriced: 0 })
  })

  it('are of UTC', async () => {
    const scope = await seedChatScope()
    await seedRecords(scope, [
      { at: '2026-03-10T23:59:59.999Z' },
      { at: '2026-03-11T00:00:00Z' },
      { at: '2026-03-31T23:59:59.999Z' },
      { at: '2026-04-01T00:00:00Z' },
    ])
    expect(keys((await report(scope, asked({ by: 'day' }))).rows)).toEqual(['2026-03-10', '2026-03-11', '2026-03-31'])
  })
})

it('sums by each dimension, and every row narrows the report to exactly its own numbers', async () => {
  const scope = await seedChatScope()
  await seedRecords(scope, [
    { costMicros: 30, read: 900 },
    { costMicros: 20, model: 'gpt-6.1-sol', provider: 'openai', harness: 'codex', credentialId: 'other', userId: null },
    { costMicros: 10, at: '2026-03-12T00:00:00Z', model: null },
    { outcome: 'failed', source: 'none', costMicros: null, input: 0, output: 0 },
  ])
  const second = { ...scope, ...(await enterChat(scope, { act: 'prompt', chatId: await seedChat(scope) })) }
  await seedRecords(second, [{ costMicros: 5, outcome: 'aborted', read: 50 }])
  const { totals } = await report(scope, asked())
  expect(totals).toEqual({
    ...noSums,
    requests: 4,
    lostRequests: 1,
    inputTokens: 400,
    outputTokens: 40,
    cacheReadTokens: 950,
    costMicros: 65,
    abortedRequests: 1,
    abortedMicros: 5,
  })
  const expected: Record<Exclude<Dimension, 'day'>, string[]> = {
    project: [scope.projectId, second.projectId],
    member: [scope.userId, NOBODY],
    harness: ['claude-code', 'codex'],
    provider: ['anthropic', 'openai'],
    model: ['claude-opus-5-5', 'gpt-6.1-sol', NOBODY],
    chat: [scope.chatId, second.chatId],
    credential: ['credential', 'other'],
  }
  for (const [by, wanted] of Object.entries(expected) as [Exclude<Dimension, 'day'>, string[]][]) {
    const { rows, rowCount, series } = await report(scope, asked({ by, stack: by }))
    expect([by, keys(rows)]).toEqual([by, wanted])
    expect(rowCount).toBe(wanted.length)
    expect(series.reduce((sum, each) => sum + each.costMicros, 0)).toBe(65)
    for (const { key, costBeforeMicros: _, tokensBefore: __, requestsBefore: ___, ...row } of rows) {
      const narrowed = await report(scope, asked({ filter: { [by]: key } }))
      expect([by, key, narrowed.totals]).toEqual([by, key, row])
      const requests = await reportRequests(scope, { ...march, filter: { [by]: key }, cursor: null, limit: 50 })
      expect([by, key, requests.requests.length]).toEqual([by, key, row.requests + row.lostRequests])
    }
  }
})

it('compares with the span before, row by row', async () => {
  const scope = await seedChatScope()
  await seedRecords(scope, [
    { costMicros: 30 },
    { costMicros: 12, at: '2026-02-10T00:00:00Z', input: 40, output: 0 },
    { costMicros: 7, at: '2026-02-11T00:00:00Z', model: 'claude-opus-5' },
    { costMicros: 1, at: '2026-01-31T23:59:59Z' },
  ])
  const { totals, totalsBefore, rows, rowCount } = await report(scope, asked({ before: { from: '2026-02-01', to: '2026-02-28' } }))
  expect([totals.costMicros, totalsBefore?.costMicros]).toEqual([30, 19])
  expect(rows).toMatchObject([{ key: 'claude-opus-5-5', costMicros: 30, costBeforeMicros: 12, tokensBefore: 40, requestsBefore: 1 }])
  expect(rowCount).toBe(1)
  expect((await report(scope, asked())).totalsBefore).toBe(null)
})

it('keeps what has no price and what a subscription pays apart from what costs nothing', async () => {
  const scope = await seedChatScope()
  await seedRecords(scope, [
    { costMicros: 0 },
    { costMicros: null },
    { costMicros: null, via: 'login' },
    { costMicros: null, source: 'none', outcome: 'unknown', input: 0, output: 0 },
  ])
  const { totals } = await report(scope, asked())
  expect(totals).toMatchObject({
    requests: 3,
    costMicros: 0,
    unpricedRequests: 2,
    unpricedTokens: 110,
    subscriptionTurns: 1,
    subscriptionTokens: 110,
  })
  const { requests } = await reportRequests(scope, { ...march, cursor: null, limit: 9 })
  expect(requests.map((each) => each.pricing).toSorted()).toEqual(['priced', 'subscription', 'unpriced', 'unpriced'])
})

it('draws the biggest, and the others as one', async () => {
  const scope = await seedChatScope()
  await seedRecords(
    scope,
    Array.from({ length: 8 }, (_, index): Metered => ({ model: `m${index}`, costMicros: index + 1, input: 100 - index * 10 })),
  )
  const stacked = async (measure: 'cost' | 'tokens') => keys((await report(scope, asked({ measure }))).series).toSorted()
  expect(await stacked('cost')).toEqual([OTHERS, 'm3', 'm4', 'm5', 'm6', 'm7'])
  expect(await stacked('tokens')).toEqual([OTHERS, 'm0', 'm1', 'm2', 'm3', 'm4'])
})

it('adds harnesses and providers to the summary, with the same totals', async () => {
  const scope = await seedChatScope()
  const at = new Date().toISOString()
  await seedRecords(scope, [{ at }, { at, harness: 'codex', provider: 'openai', costMicros: 7 }])
  const { totals, byHarness, byProvider } = await summarise(scope, { days: 1 })
  expect(byHarness).toMatchObject([
    { harness: 'claude-code', requests: 1, costMicros: 1_000 },
    { harness: 'codex', requests: 1, costMicros: 7 },
  ])
  expect(byProvider.map((each) => each.provider)).toEqual(['anthropic', 'openai'])
  expect(totals).toMatchObject({ requests: 2, costMicros: 1_007 })
})

it('answers nothing for nothing, and for another team', async () => {
  const scope = await seedChatScope()
  await seedRecords(scope, [{}])
  const stranger = await seedTeamScope()
  const filter = { chat: scope.chatId, project: scope.projectId, member: scope.userId }
  for (const input of [asked(), asked({ filter })]) {
    expect(await report(stranger, input)).toEqual({ totals: noSums, totalsBefore: null, rows: [], rowCount: 0, series: [], names: {} })
    expect((await reportRequests(stranger, { ...input, cursor: null, limit: 9 })).requests).toEqual([])
    expect(await reportSavings(stranger, input)).toEqual({ savings: [], totals: noSums, names: {} })
    expect((await reportCaches(stranger, { ...input, by: 'chat' })).rows).toEqual([])
  }
  expect((await report(scope, asked({ filter }))).names).toMatchObject({
    chat: { [scope.chatId]: 'Chat' },
    member: { [scope.userId]: 'Ada' },
  })
})

it('tells of a chat that the reader may not read, and of one that is gone, the numbers alone', async () => {
  const own = await seedChatScope()
  const reader = await seedTeamScope({ teamId: own.teamId, role: 'admin' })
  await seedRecords(own, [{ costMicros: 5_000_000, input: 1_000_000, model: 'claude-opus-5', credentialId: 'hers' }])
  await prisma().chat.update({ where: { id: own.chatId }, data: { isPrivate: true, title: 'Secret plan' } })
  const open = await enterChat(own, { act: 'prompt', chatId: await seedChat(own) })
  await seedRecords(open, [{ costMicros: 1, userId: reader.userId }])

  const told = async (scope: typeof reader) =>
    Promise.all([
      ...(['model', 'chat', 'credential', 'project', 'member'] as const).map((by) => report(scope, asked({ by, stack: by }))),
      reportCaches(scope, { ...march, by: 'model' }),
      reportCaches(scope, { ...march, by: 'harness' }),
      reportSavings(scope, march),
      reportRequests(scope, { ...march, cursor: null, limit: 9 }),
      exportUsage(scope, { ...march, of: 'requests', by: 'day', cursor: null, limit: 9 }),
      exportUsage(scope, { ...march, of: 'sums', by: 'chat', cursor: null, limit: 9 }),
    ])
  const secrets = [own.chatId, own.userId, 'Secret plan', '"claude-opus-5"', 'hers']
  const words = JSON.stringify(await told(reader)).replaceAll(String.raw`\"`, '"')
  expect(secrets.filter((each) => words.includes(each))).toEqual([])
  const ownWords = JSON.stringify(await told(own)).replaceAll(String.raw`\"`, '"')
  expect(secrets.filter((each) => !ownWords.includes(each))).toEqual([])

  const { rows, totals } = await report(reader, asked({ by: 'chat' }))
  expect(rows).toMatchObject([
    { key: PRIVATE, costMicros: 5_000_000 },
    { key: open.chatId, costMicros: 1 },
  ])
  expect(totals.costMicros).toBe(5_000_001)
  // Nor by asking for it.
  for (const filter of [{ model: 'claude-opus-5' }, { chat: own.chatId }, { credential: 'hers' }]) {
    expect((await report(reader, asked({ filter }))).totals.requests).toBe(0)
    expect((await reportRequests(reader, { ...march, filter, cursor: null, limit: 9 })).requests).toEqual([])
  }
  await prisma().chat.delete({ where: { id: open.chatId } })
  expect(keys((await report(own, asked({ by: 'chat' }))).rows)).toEqual([own.chatId, PRIVATE])
})

it('tells what caches gave and what the rest cost, by any dimension', async () => {
  const scope = await seedChatScope()
  await seedRecords(scope, [
    { input: 1_000_000, read: 3_000_000, output: 0 },
    { input: 500_000, output: 0, model: 'nobody-knows' },
  ])
  const { all, rows } = await reportCaches(scope, { ...march, by: 'model' })
  expect(rows).toMatchObject([
    { key: 'claude-opus-5-5', share: 0.75, missMicros: 3_800_000, missMicrosPerMillion: 3_800_000 },
    { key: 'nobody-knows', share: 0, missMicros: null },
  ])
  expect(all).toMatchObject({ readTokens: 4_500_000, missMicros: 3_800_000 })
  for (const by of ['day', 'harness', 'chat'] as const)
    expect((await reportCaches(scope, { ...march, by })).rows).toMatchObject([{ missMicros: 3_800_000 }])
})

it('finds savings in what is asked for alone', async () => {
  const scope = await seedChatScope()
  await seedRecords(scope, [{ model: 'claude-opus-5', input: 1_000_000, output: 0, costMicros: 5_000_000 }])
  expect((await reportSavings(scope, march)).savings).toMatchObject([{ kind: 'cheaper-successor', savesMicros: 1_000_000 }])
  expect((await reportSavings(scope, { ...march, filter: { harness: 'codex' } })).savings).toEqual([])
  expect((await reportSavings(scope, { ...march, from: '2026-03-11' })).savings).toEqual([])
})

it('prices what was used as the team does', async () => {
  const scope = await seedChatScope()
  const { connectionId } = await connect(scope, {
    harness: 'opencode',
    scope: 'user',
    secret: { kind: 'api-key', provider: 'custom', key: 'vllm', baseUrl: 'https://1.1.1.1:8443/v1', dialect: 'anthropic-messages' },
  })
  const { configuration } = await prisma().attachment.findUniqueOrThrow({ where: { id: connectionId }, include: { configuration: true } })
  await seedRecords(scope, [
    { model: 'claude-opus-5', input: 1_000_000, output: 0, costMicros: 5_000_000 },
    { provider: 'custom', model: 'qwen3', credentialId: configuration.credentialId, input: 1_000_000, output: 0 },
  ])
  const missed = async () =>
    Object.fromEntries((await reportCaches(scope, { ...march, by: 'model' })).rows.map(({ key, missMicros }) => [key, missMicros]))
  expect(await missed()).toEqual({ 'claude-opus-5': 4_500_000, qwen3: null })

  const price = { input: 2_000_000, output: 0, cacheRead: 500_000, cacheWrite: 0 }
  await setRule(scope, { provider: 'custom', server: '1.1.1.1:8443', model: 'qwen3', for: 'team', price })
  await setRule(scope, { provider: 'anthropic', server: null, model: 'claude-opus-5', for: 'team', price })
  expect(await missed()).toEqual({ 'claude-opus-5': 1_500_000, qwen3: 1_500_000 })
  expect((await reportSavings(scope, march)).savings).toMatchObject([{ otherModel: 'claude-opus-5-5', savesMicros: 1_000_000 }])
  await setRule(scope, { provider: 'anthropic', server: null, model: 'claude-opus-5-5', for: 'team', isAllowed: false })
  expect((await reportSavings(scope, march)).savings).toEqual([])
})

describe('a file', () => {
  const everyPage = async (scope: ChatScope, limit: number) => {
    const pages: string[] = []
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await exportUsage(scope, { ...march, of: 'requests', by: 'day', cursor: cursor ?? null, limit })
      pages.push(page.contents)
      cursor = page.nextCursor
    }
    return { text: pages.join(''), pages: pages.length }
  }

  it('holds every request once, in pages that join to the same text', async () => {
    const scope = await seedChatScope()
    // Also of the same instant, where only the id tells which comes first.
    await seedRecords(
      scope,
      Array.from({ length: 11 }, (_, index): Metered => ({ costMicros: index, at: `2026-03-${10 + Math.floor(index / 4)}T00:00:00Z` })),
    )
    const whole = await everyPage(scope, 100)
    const parts = await everyPage(scope, 3)
    expect([whole.pages, parts.pages]).toEqual([1, 4])
    expect(parts.text).toBe(whole.text)
    const lines = whole.text.trimEnd().split('\r\n')
    expect(lines).toHaveLength(12)
    expect(lines[0]).toMatch(/^"startedAt","project","member","chat",/)
    expect(lines.filter((each) => each.includes('"priced","0.000010"'))).toHaveLength(1)
    expect(lines[1]).toMatch(/^"2026-03-12/)
  })

  it('neutralises what a spreadsheet would compute', async () => {
    const scope = await seedChatScope()
    await prisma().chat.update({ where: { id: scope.chatId }, data: { title: '=HYPERLINK("http://x")' } })
    await seedRecords(scope, [{ costMicros: null, model: '@sum' }])
    const { text } = await everyPage(scope, 10)
    expect(text).toContain(`"'=HYPERLINK(""http://x"")"`)
    expect(text).toContain(`"'@sum"`)
    expect(text).toContain('"unpriced","",')
    const { contents } = await exportUsage(scope, { ...march, of: 'sums', by: 'chat', cursor: null, limit: 10 })
    expect(contents.split('\r\n')[1]).toBe(
      `"'=HYPERLINK(""http://x"")","${scope.chatId}","1","100","0","0","10","0","0.0000","","1","0","0"`,
    )
  })
})
