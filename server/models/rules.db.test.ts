import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ChatId, RunId, TurnId } from '#core/ids.ts'
import { USUAL_DAILY_TOKENS } from '#core/models/rules.ts'
import { text, usage } from '#e2e/world/fake-provider-scene.ts'
import { startFakeProvider, type FakeProvider } from '#e2e/world/fake-provider.ts'
import { enterChat, enterProject, type TeamScope } from '#server/access/scope.ts'
import { createChat, sendPrompt } from '#server/chats/service.ts'
import { connect } from '#server/connections/service.ts'
import { claim } from '#server/daemons/lease.ts'
import { seedNode } from '#server/daemons/testing-nodes.ts'
import { startRun } from '#server/daemons/start-run.ts'
import { pool } from '#server/db/client.ts'
import { seedProject, seedTeamScope } from '#server/db/testing.ts'
import { readCatalog } from '#server/models/catalog-service.ts'
import { clearRule, setPolicy, setRule } from '#server/models/rule-service.ts'
import { listModels } from '#server/models/service.ts'
import { createProxyHandler, type ProxyHandler } from '#server/proxy/handler.ts'
import { findRun } from '#server/proxy/kept-runs.ts'
import { ask, pathOf, question, seedRun, serveOnLoopback, type SeededRun, type Served } from '#server/proxy/testing.ts'
import { drainUsage } from '#server/usage/service.ts'

const KEY = 'sk-real-4f0c2d7b9a6e1358'
const tokens = { inputTokens: 120, outputTokens: 34, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 }
const dialect = 'openai-responses'

let provider: FakeProvider
let handler: ProxyHandler
let proxy: Served
beforeAll(async () => {
  provider = await startFakeProvider({ key: KEY })
  process.env['GATEHOUSE_PRIVATE_UPSTREAMS'] = provider.host
  handler = createProxyHandler()
  proxy = await serveOnLoopback(handler)
})
afterAll(async () => {
  await proxy.close()
  await handler.close()
  await provider.close()
})
afterEach(async () => {
  vi.useRealTimers()
  await drainUsage()
  provider.assertClean()
})

const seed = (settings: Record<string, string> = {}) => seedRun({ dialect, baseUrl: provider.baseUrl(dialect), key: KEY, settings })
const send = (run: SeededRun, model: string) =>
  ask({ origin: proxy.origin, path: pathOf(dialect), token: run.token, body: question(dialect, { model }) })
/** On the fake provider, which is a server of one's own. */
const own = (model: string) => ({ provider: 'custom', server: provider.host, model, for: 'team' as const })
const openai = (model: string) => ({ provider: 'openai', server: null, model, for: 'team' as const })
const menuOf = async (scope: TeamScope) => (await listModels(scope, { harness: 'codex' })).models

async function lastFact({ chatId }: SeededRun) {
  await drainUsage()
  const { rows } = await pool().query('select type, payload from chat_event where "chatId" = $1 order by seq desc limit 1', [chatId])
  return rows[0] as { type: string; payload: Record<string, unknown> }
}

/** A chat on OpenAI with a model of its own choice, in a new team. */
async function seedChat(model: string) {
  const scope = await seedTeamScope()
  const project = await enterProject(scope, { act: 'prompt', projectId: await seedProject(scope) })
  await connect(scope, {
    harness: 'codex',
    scope: 'user',
    secret: { kind: 'api-key', provider: 'openai', key: 'sk-proj-abcdefghijklmnop' },
  })
  const create = () => createChat(project, { harness: 'codex', model })
  return { scope, create, chatId: (await create()).chatId }
}
const prompt = async (scope: TeamScope, chatId: ChatId) =>
  sendPrompt(await enterChat(scope, { act: 'prompt', chatId }), { turnId: randomUUID() as TurnId, prompt: [{ type: 'text', text: 'go' }] })

describe('a model that a team hides', () => {
  it('leaves the menu, the launch, new chats and the proxy at once, and comes back', async () => {
    const run = await seed()
    const { scope } = run
    provider.play([text('Hello.'), usage(tokens)])
    expect((await send(run, 'gpt-6-sol')).status).toBe(200)

    await setRule(scope, { ...own('gpt-6-sol'), isAllowed: false })
    const before = provider.received.length
    const answer = await send(run, 'gpt-6-sol')
    expect([answer.status, answer.headers['x-should-retry']]).toEqual([403, 'false'])
    expect(provider.received.length).toBe(before)
    expect((await menuOf(scope)).map((each) => each.id)).not.toContain('gpt-6-sol')
    const project = await enterProject(scope, { act: 'prompt', projectId: await seedProject(scope) })
    const refused = createChat(project, { harness: 'codex', model: 'gpt-6-sol' })
    await expect(refused).rejects.toMatchObject({ code: 'model.not-allowed', facts: { model: 'gpt-6-sol' } })
    const models = await ask({ origin: proxy.origin, path: 'openai/v1/models', method: 'GET', token: run.token })
    expect(models.text).not.toContain('"gpt-6-sol"')

    await clearRule(scope, own('gpt-6-sol'))
    provider.play([text('Hello.'), usage(tokens)])
    expect((await send(run, 'gpt-6-sol')).status).toBe(200)
  })

  it('is refused within five seconds by a process that hears of nothing', async () => {
    const run = await seed()
    provider.play([text('Hello.'), usage(tokens)])
    expect((await send(run, 'gpt-6-sol')).status).toBe(200)
    const { teamId, userId } = run.scope
    await pool().query(
      `insert into model_rule ("scopeKey", "teamId", provider, server, model, "isAllowed", "setBy") values ($1, $1, 'custom', $2, 'gpt-6-sol', false, $3)`,
      [teamId, provider.host, userId],
    )
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 4_001 })
    expect((await send(run, 'gpt-6-sol')).status).toBe(403)
  })

  it('is hidden from nobody else', async () => {
    const [run, other] = [await seed(), await seed()]
    await setRule(run.scope, { ...own('gpt-6-sol'), isAllowed: false })
    provider.play([text('Hello.'), usage(tokens)])
    expect((await send(other, 'gpt-6-sol')).status).toBe(200)
  })

  it('still titles a session, and a title that fails is no failure of the turn', async () => {
    const run = await seed()
    await setRule(run.scope, { ...own('gpt-5.6-luna'), isAllowed: false })
    provider.play([text('Title'), usage(tokens)])
    expect((await send(run, 'gpt-5.6-luna')).status).toBe(200)
    expect(await lastFact(run)).toMatchObject({ type: 'usage.metered' })
    const elsewhere = await seedRun({ dialect, preset: 'openrouter', key: 'sk-or-v1-abcdefgh' })
    expect((await send(elsewhere, 'gpt-5.6-luna')).status).toBe(403)
    expect(await lastFact(elsewhere)).toBeUndefined()
    const { rows } = await pool().query('select outcome, "failureCode" from usage_record where "chatId" = $1', [elsewhere.chatId])
    expect(rows).toEqual([{ outcome: 'refused', failureCode: 'model.unknown' }])
  })

  it('was hidden by somebody, says the log', async () => {
    const scope = await seedTeamScope()
    await setRule(scope, { ...openai('gpt-6-sol'), isAllowed: false, price: { input: 1, output: 1, cacheRead: 1, cacheWrite: 1 } })
    await clearRule(scope, openai('gpt-6-sol'))
    await setPolicy(scope, { unpriced: 'refuse' })
    const { rows } = await pool().query('select act, facts from audit_entry where "teamId" = $1 order by seq', [scope.teamId])
    expect(rows).toMatchObject([
      { act: 'model.ruled', facts: { name: 'gpt-6-sol', providerName: 'OpenAI', change: 'hidden, price set' } },
      { act: 'model.unruled' },
      { act: 'model.policy-set', facts: { change: 'they are refused' } },
    ])
    // A rule that says nothing any more is none.
    expect((await pool().query('select 1 from model_rule where "teamId" = $1', [scope.teamId])).rowCount).toBe(0)
  })
})

describe('a model that a team retires', () => {
  it('is refused with its successor wherever a chat that was made with it goes on', async () => {
    const nodeId = await seedNode()
    const { scope, create, chatId } = await seedChat('gpt-6-sol')
    await prompt(scope, chatId)
    await setRule(scope, { ...openai('gpt-6-sol'), retirement: { successor: 'gpt-6.1-sol' } })
    const refusal = { code: 'model.retired', facts: { model: 'gpt-6-sol', successor: 'gpt-6.1-sol' } }
    // What waited from before, what is asked anew, and a chat that is made with it.
    await claim(nodeId, 10)
    expect(await startRun(nodeId, { chatId, epoch: 1, runId: randomUUID() as RunId })).toMatchObject({ ok: false, ...refusal })
    await expect(prompt(scope, chatId)).rejects.toMatchObject(refusal)
    await expect(create()).rejects.toMatchObject(refusal)
  })

  it('is refused by the proxy before any upstream call, in words that name the successor, also to the chat', async () => {
    const run = await seed()
    await setRule(run.scope, { ...own('gpt-6-sol'), retirement: { successor: 'gpt-6.1-sol' } })
    const before = provider.received.length
    const answer = await send(run, 'gpt-6-sol')
    expect([answer.status, provider.received.length]).toEqual([403, before])
    expect(answer.text).toContain('Its successor is gpt-6.1-sol')
    expect(await lastFact(run)).toMatchObject({
      type: 'model.failed',
      payload: { code: 'model.retired', facts: { successor: 'gpt-6.1-sol' } },
    })
  })

  it('may be allowed anew', async () => {
    const run = await seed()
    await setRule(run.scope, { ...own('gpt-6-sol'), retirement: { successor: null } })
    await setRule(run.scope, { ...own('gpt-6-sol'), isAllowed: true })
    provider.play([text('Hello.'), usage(tokens)])
    expect((await send(run, 'gpt-6-sol')).status).toBe(200)
  })
})

describe('a model without a price', () => {
  it('is capped unless the team says otherwise, and refused where it says so', async () => {
    const run = await seed({ models: 'llama' })
    expect(await findRun(run.token)).toMatchObject({ unpricedDailyTokens: USUAL_DAILY_TOKENS })
    provider.play([text('Hello.'), usage(tokens)])
    expect((await send(run, 'llama')).status).toBe(200)
    expect((await menuOf(run.scope))[0]).toMatchObject({ id: 'llama', price: null })

    await setPolicy(run.scope, { unpriced: 'cap', dailyTokens: 5_000 })
    expect(await findRun(run.token)).toMatchObject({ unpricedDailyTokens: 5_000 })

    await setPolicy(run.scope, { unpriced: 'refuse' })
    expect(await findRun(run.token)).toMatchObject({ unpricedDailyTokens: null })
    const answer = await send(run, 'llama')
    expect([answer.status, answer.text]).toEqual([403, expect.stringContaining('ask an admin to price it')])
    expect(await lastFact(run)).toMatchObject({ payload: { code: 'model.unpriced' } })
    expect(await menuOf(run.scope)).toEqual([])

    const free = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
    await setRule(run.scope, { ...own('llama'), price: free })
    provider.play([text('Hello.'), usage(tokens)])
    expect((await send(run, 'llama')).status).toBe(200)
    expect((await menuOf(run.scope))[0]).toMatchObject({ price: { inputMicros: 0 } })
  })
})

it('spends a day’s tokens on models without a price, and not one request more', async () => {
  const run = await seed({ models: 'llama' })
  await setPolicy(run.scope, { unpriced: 'cap', dailyTokens: 100 })
  provider.play([text('Hello.'), usage(tokens)])
  expect((await send(run, 'llama')).status).toBe(200)
  await drainUsage()
  const before = provider.received.length
  const capped = await send(run, 'llama')
  expect([capped.status, provider.received.length]).toEqual([403, before])
  expect(capped.text).toContain('allowance of 100 tokens of models without a price for today is spent')
  expect(await lastFact(run)).toMatchObject({ payload: { code: 'budget.exhausted', facts: { scope: 'unpriced', limitTokens: 100 } } })
})

describe('the instance’s word', () => {
  it('holds in every team that says nothing, and is its owner’s alone', async () => {
    const owner = await seedTeamScope({ isInstanceOwner: true })
    const run = await seed()
    const everywhere = { ...own('gpt-6-luna'), for: 'platform' as const }
    await expect(setRule(run.scope, { ...everywhere, isAllowed: false })).rejects.toMatchObject({ code: 'access.denied' })
    await setRule(owner, { ...everywhere, isAllowed: false })
    expect((await send(run, 'gpt-6-luna')).status).toBe(403)
    const { providers } = await readCatalog(run.scope)
    const server = providers.find((each) => each.server === provider.host)
    expect(server?.models.find((each) => each.id === 'gpt-6-luna')).toMatchObject({ code: 'model.not-allowed', ruledBy: 'platform' })
    await setRule(run.scope, { ...own('gpt-6-luna'), isAllowed: true })
    provider.play([text('Hello.'), usage(tokens)])
    expect((await send(run, 'gpt-6-luna')).status).toBe(200)
    await clearRule(owner, everywhere)
  })
})

describe('on presets', () => {
  it.each([
    ['openai', 'openai-responses', 'o3', 'api.openai.com'],
    ['openai', 'openai-responses', 'o4-mini', 'api.openai.com'],
    ['openai', 'openai-chat', 'o3', 'api.openai.com'],
    ['openrouter', 'openai-responses', 'openai/gpt-6.1-sol', 'openrouter.ai'],
    ['openrouter', 'openai-chat', 'google/gemini-3.8-flash', 'openrouter.ai'],
    ['openrouter', 'anthropic-messages', 'anthropic/claude-opus-5.5', 'openrouter.ai'],
    ['groq', 'openai-chat', 'openai/gpt-oss-120b', 'api.groq.com'],
    ['deepseek', 'anthropic-messages', 'deepseek-flash', 'api.deepseek.com'],
  ] as const)('%s in %s: the running proxy looks for %s at %s and nowhere else', async (preset, spoken, model, host) => {
    const looked = new Set<string>()
    const resolve = async (name: string) => {
      looked.add(name)
      return []
    }
    const watching = createProxyHandler({ guard: { privateUpstreams: [], resolve } })
    const served = await serveOnLoopback(watching)
    try {
      const run = await seedRun({ dialect: spoken, preset, key: 'sk-abcdefgh-0123' })
      const body = question(spoken, { model })
      const answer = await ask({ origin: served.origin, path: pathOf(spoken), token: run.token, body })
      expect([answer.status, [...looked]]).toEqual([502, [host]])
    } finally {
      await served.close()
      await watching.close()
    }
  })
})
