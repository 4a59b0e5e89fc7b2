import { describe, expect, it } from 'vitest'
import { fit } from '#core/connections/connection.ts'
import { credential } from '#core/connections/testing.ts'
import { acceptance, keyDialects, type Harness } from '#core/harnesses/harness.ts'
import { findHarness, harnesses } from '#core/harnesses/registry.ts'
import { allows, allowsEmbedding, defaultModel, findModel, modelsFor, priceOf, type ModelQuery } from '#core/models/catalog.ts'
import type { ModelEntry } from '#core/models/model.ts'
import { entries } from '#core/models/entries/all.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import { presetById, providers } from '#core/providers/presets.ts'
import { isProxied, proxyRoutes, upstreamPathOf, type AskingRoute } from '#core/links/proxy-routes.ts'

const harness = (id: string): Harness => findHarness(id)!
const codexOnOpenai: ModelQuery = { harness: harness('codex'), provider: 'openai', dialect: 'openai-responses' }

/** Every harness with every delivery whose models the catalog knows. */
const queries: ModelQuery[] = harnesses.flatMap((each) => {
  const keys = [
    ...providers.map(({ id }) => credential({ provider: id })),
    ...keyDialects(each).map((dialect) => credential({ provider: 'custom', baseUrl: 'https://llm.example.org', dialect })),
  ]
  const proxied = keys.flatMap((key) => {
    const found = fit(each, key)
    return found?.via === 'proxy' ? [{ harness: each, provider: found.provider, dialect: found.dialect }] : []
  })
  const native = [...acceptance(each, 'auth-file'), ...acceptance(each, 'oauth-token')].flatMap(({ serves }) =>
    serves ? [{ harness: each, ...serves }] : [],
  )
  return [...proxied, ...native]
})
const titled = queries.map((query) => [query.harness.id, query.provider, query.dialect, query] as const)

describe('every harness with every delivery', () => {
  it.each(titled)('%s on %s in %s: what may be chosen is let through', (_harness, provider, dialect, query) => {
    const menu = modelsFor(query)
    expect(menu.length).toBeGreaterThan(0)
    for (const model of menu) {
      expect(allows(query, model.id)).toEqual({ ok: true, entry: model, isBackground: false })
      expect(model).toMatchObject({ provider })
      expect(model.dialects).toContain(dialect)
      expect(model.lifecycle.is).not.toBe('retired')
    }
  })

  it.each(titled)('%s on %s in %s: starts with a current model of the menu', (_harness, _provider, _dialect, query) => {
    expect(defaultModel(query)?.lifecycle.is).toBe('current')
    expect(modelsFor(query)).toContainEqual(defaultModel(query))
  })

  it.each(titled)('%s on %s in %s: what the harness asks for by itself is let through', (_harness, _provider, _dialect, query) => {
    for (const id of query.harness.backgroundModels) {
      const verdict = allows(query, id)
      // A provider that does not know it is not asked, and the turn goes on without.
      expect(findModel(query, id) ? verdict.ok : verdict.isBackground).toBe(true)
      if (verdict.ok) expect(verdict.entry.price).not.toBeNull()
    }
  })

  it.each(titled)('%s on %s in %s: has a route for generating', (_harness, _provider, dialect) => {
    const isRouted = proxyRoutes.some((route) => route.kind === 'generate' && route.dialects.some((each) => each === dialect))
    expect(isRouted).toBe(isProxied(dialect))
  })
})

describe('the data', () => {
  it('names each model of a provider once, in dialects of that provider', () => {
    const keys = entries.map((entry) => `${entry.provider} ${entry.id}`)
    expect(new Set(keys).size).toBe(keys.length)
    for (const entry of entries) {
      const spoken = presetById(entry.provider)?.endpoints.map((endpoint) => endpoint.dialect)
      expect(entry.dialects.filter((dialect) => !spoken?.includes(dialect))).toEqual([])
      expect(entry.dialects.length).toBeGreaterThan(0)
    }
  })

  it('finds each entry at its own provider', () => {
    for (const entry of entries) {
      for (const dialect of entry.dialects) expect(findModel({ provider: entry.provider, dialect }, entry.id)).toBe(entry)
    }
  })

  it('has whole, positive prices for every current model, and tiers that rise', () => {
    const current = entries.filter((entry) => entry.lifecycle.is === 'current')
    const isWhole = (amount: unknown) => Number.isInteger(amount) && Number(amount) > 0
    const isPriced = ({ price, kind }: ModelEntry) => {
      if (!price) return false
      const { tiers = [], ...rates } = price
      // What writes nothing costs nothing for that.
      const base = kind === 'embedding' ? { ...rates, output: rates.output || 1 } : rates
      const thresholds = tiers.map((tier) => tier.inputTokensAbove)
      const rises = thresholds.every((each, at) => at === 0 || each > thresholds[at - 1]!)
      return rises && [base, ...tiers].flatMap((rates) => Object.values(rates)).every(isWhole)
    }
    expect(current.filter((entry) => !isPriced(entry)).map((entry) => entry.id)).toEqual([])
  })

  it('has sizes that fit each other', () => {
    const isOdd = (entry: ModelEntry) => (entry.kind !== 'embedding' && entry.outputTokens < 1) || entry.contextTokens < entry.outputTokens
    expect(entries.filter(isOdd).map((entry) => entry.id)).toEqual([])
  })

  it('names successors that can be chosen', () => {
    const lost = entries.filter(({ provider, lifecycle }) => {
      if (lifecycle.is === 'current' || !lifecycle.successor) return false
      return !entries.some((each) => each.provider === provider && each.id === lifecycle.successor && each.lifecycle.is === 'current')
    })
    expect(lost.map((entry) => entry.id)).toEqual([])
  })

  it('has current models for every provider', () => {
    for (const provider of providers) {
      expect(entries.some((entry) => entry.provider === provider.id && entry.lifecycle.is === 'current')).toBe(true)
    }
  })

  it('holds every model that the harnesses of today ask for by name', () => {
    const refused = (query: ModelQuery, ids: string) => ids.split(' ').filter((id) => !allows(query, id).ok)
    const openai = 'gpt-6.1-sol gpt-6-astra gpt-6-sol gpt-6-luna gpt-6.1-terra gpt-5.6-sol gpt-5.6-terra gpt-5.6-luna gpt-5.5 o3 o4-mini'
    expect(refused(codexOnOpenai, openai)).toEqual([])
    const claude: ModelQuery = { harness: harness('claude-code'), provider: 'anthropic', dialect: 'anthropic-messages' }
    expect(refused(claude, 'claude-opus-5-5 claude-fable-5-1 claude-sonnet-5-5 claude-haiku-5-5')).toEqual([])
    const background = harnesses.flatMap((each) => each.backgroundModels)
    expect(background.filter((id) => !entries.some((entry) => entry.id === id))).toEqual([])
  })
})

/** Where a provider is, written down once more: a slip in a preset would send a key to somebody else. */
const hosts: Readonly<Record<string, string>> = {
  anthropic: 'api.anthropic.com',
  openai: 'api.openai.com',
  openrouter: 'openrouter.ai',
  groq: 'api.groq.com',
  deepseek: 'api.deepseek.com',
  mistral: 'api.mistral.ai',
  cohere: 'api.cohere.ai',
  google: 'generativelanguage.googleapis.com',
}

/** What the proxy would dial for a model on a key of its provider, as it does: the fit's endpoint, then the route's path. */
function dialled(each: Harness, entry: ModelEntry, dialect: Dialect): string | null {
  const found = fit(each, credential({ provider: entry.provider, dialect }))
  if (found?.via !== 'proxy') return null
  const verdict = allows({ harness: each, provider: found.provider, dialect: found.dialect }, entry.id)
  if (!verdict.ok || verdict.entry.provider !== entry.provider) return null
  const routes = proxyRoutes.filter((one): one is AskingRoute => one.kind === 'generate')
  const route = routes.find((one) => one.dialects.some((spoken) => spoken === found.dialect))!
  return new URL(`${found.baseUrl}${upstreamPathOf(route, entry.id)}`).href
}

describe('routing', () => {
  const selectable = entries.filter((entry) => entry.lifecycle.is !== 'retired' && entry.kind !== 'embedding')
  const ways = harnesses.flatMap((each) => selectable.flatMap((entry) => entry.dialects.map((dialect) => ({ each, entry, dialect }))))
  const spoken = ways.filter(({ each, dialect }) => keyDialects(each).some((one) => one === dialect))

  it('takes every model of every provider, in every dialect and harness that speak it, to that provider', () => {
    expect(spoken.length).toBeGreaterThan(300)
    const lost = spoken.filter(({ each, entry, dialect }) => {
      const url = dialled(each, entry, dialect)
      return url === null || URL.parse(url)?.host !== hosts[entry.provider]
    })
    expect(lost.map(({ each, entry, dialect }) => `${each.id} ${entry.provider} ${entry.id} ${dialect}`)).toEqual([])
  })

  it.each([
    ['codex', 'openai', 'o3', 'openai-responses', 'https://api.openai.com/v1/responses'],
    ['codex', 'openai', 'o4-mini', 'openai-responses', 'https://api.openai.com/v1/responses'],
    ['opencode', 'openai', 'o3', 'openai-chat', 'https://api.openai.com/v1/chat/completions'],
    ['codex', 'openrouter', 'openai/gpt-6.1-sol', 'openai-responses', 'https://openrouter.ai/api/v1/responses'],
    ['opencode', 'groq', 'openai/gpt-oss-120b', 'openai-chat', 'https://api.groq.com/openai/v1/chat/completions'],
    ['claude-code', 'openrouter', 'anthropic/claude-opus-5.5', 'anthropic-messages', 'https://openrouter.ai/api/v1/messages'],
    [
      'opencode',
      'google',
      'gemini-4-argon',
      'gemini-generate',
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-4-argon:generateContent',
    ],
    ['claude-code', 'deepseek', 'deepseek-flash', 'anthropic-messages', 'https://api.deepseek.com/anthropic/v1/messages'],
  ] as const)('%s on %s: %s', (id, provider, model, dialect, url) => {
    expect(
      dialled(
        harness(id),
        entries.find((entry) => entry.provider === provider && entry.id === model)!,
        dialect,
      ),
    ).toBe(url)
  })

  it('asks nobody for a retired model', () => {
    for (const entry of entries.filter((each) => each.lifecycle.is === 'retired'))
      for (const each of harnesses) for (const dialect of entry.dialects) expect(dialled(each, entry, dialect)).toBe(null)
  })
})

describe('the allowlist', () => {
  it('tells retired, unknown and foreign models apart', () => {
    expect(allows(codexOnOpenai, 'o1-mini')).toEqual({ ok: false, code: 'model.retired', successor: 'gpt-6.1-terra', isBackground: false })
    expect(allows(codexOnOpenai, 'gpt-99')).toEqual({ ok: false, code: 'model.unknown', successor: null, isBackground: false })
    expect(allows(codexOnOpenai, 'claude-opus-5-5')).toEqual({ ok: false, code: 'model.unknown', successor: null, isBackground: false })
  })
  it('refuses a model in a dialect that it does not answer in', () => {
    const chat: ModelQuery = { harness: harness('opencode'), provider: 'openai', dialect: 'openai-chat' }
    expect(allows(chat, 'gpt-5.3-codex')).toEqual({ ok: false, code: 'model.not-allowed', successor: null, isBackground: false })
  })
})

describe('embedding models', () => {
  const ids = entries.filter((entry) => entry.kind === 'embedding').map((entry) => entry.id)
  it('are on no menu, and generate nothing', () => {
    for (const query of queries) {
      expect(modelsFor(query).filter((entry) => entry.kind === 'embedding')).toEqual([])
      for (const id of ids) expect(allows(query, id).ok).toBe(false)
    }
    expect(modelsFor({ ...codexOnOpenai, provider: 'custom', customModels: ids })).toEqual([])
  })
  it('serve the embeddings route where their provider has them, and nothing else does', () => {
    for (const id of ids) expect(allowsEmbedding(codexOnOpenai, id)).toMatchObject({ ok: true, entry: { id } })
    expect(allowsEmbedding(codexOnOpenai, 'gpt-6.1-sol')).toMatchObject({ ok: false, code: 'model.not-allowed' })
    expect(allowsEmbedding(codexOnOpenai, 'text-embedding-9')).toMatchObject({ ok: false, code: 'model.unknown' })
    expect(allowsEmbedding({ ...codexOnOpenai, provider: 'openrouter' }, ids[0]!).ok).toBe(false)
    const own = { ...codexOnOpenai, provider: 'custom', customModels: ['nomic-embed'] }
    expect(allowsEmbedding(own, 'nomic-embed')).toMatchObject({ ok: true, entry: { price: null } })
    expect(allowsEmbedding(own, ids[0]!).ok).toBe(false)
    expect(allowsEmbedding({ ...own, customModels: [] }, ids[0]!).ok).toBe(true)
  })
})

describe('a provider of one’s own', () => {
  const mirror: ModelQuery = { harness: harness('opencode'), provider: 'custom', dialect: 'openai-chat' }
  it('is a mirror of its dialect’s vendor', () => {
    const vendor = modelsFor({ ...mirror, provider: 'openai' })
    expect(modelsFor(mirror)).toEqual(vendor.map((model) => ({ ...model, provider: 'custom' })))
    expect(priceOf(mirror, 'gpt-6.1-sol')).toEqual(priceOf(codexOnOpenai, 'gpt-6.1-sol'))
  })
  it('serves what it was connected with, and nothing else', () => {
    const own: ModelQuery = { ...mirror, customModels: ['llama-local', 'gpt-6-sol'] }
    expect(modelsFor(own)).toMatchObject([
      { id: 'llama-local', provider: 'custom', price: null },
      { id: 'gpt-6-sol', provider: 'custom', price: { input: 2_000_000 } },
    ])
    expect(allows(own, 'llama-local').ok).toBe(true)
    expect(allows(own, 'gpt-6.1-sol')).toMatchObject({ ok: false, code: 'model.not-allowed' })
    expect(defaultModel(own)?.id).toBe('llama-local')
    expect(priceOf(own, 'llama-local')).toBeNull()
  })
})

it('knows for every model of Anthropic what an hour in its cache costs: twice the input', () => {
  const own = entries.filter(({ provider, price }) => provider === 'anthropic' && price)
  expect(own.length).toBeGreaterThan(5)
  for (const { price } of own) for (const rates of [price!, ...(price!.tiers ?? [])]) expect(rates.cacheWrite1h).toBe(rates.input * 2)
})
