/**
 * Asks a provider what it serves, over the guarded path on which a key is checked (`server/proxy/guarded-get.ts`).
 * What comes back was written by somebody else: bounded in pages, bytes, time and number, and only what has the shape of
 * a model's id is kept.
 */
import { z } from 'zod'
import type { FailureCode } from '#core/errors.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import { modelListPath } from '#core/providers/presets.ts'
import type { Endpoint } from '#core/providers/provider.ts'
import { refusesKey } from '#core/providers/refused-key.ts'
import type { ListedModel } from '#server/models/listing-store.ts'
import { guardedGet, type Patience } from '#server/proxy/guarded-get.ts'
import { configuredGuard } from '#server/proxy/upstream-guard.ts'

export type Listed = { ok: true; models: ListedModel[] } | { ok: false; code: FailureCode }

const TIMEOUT_MS = 10_000
/** A marketplace's whole list is about one megabyte. */
const MAX_BYTES = 4 * 1024 * 1024
const MAX_PAGES = 10
const MAX_MODELS = 2_000

type Page = { models: { id: unknown; name?: unknown }[]; next: string | null }
type Speech = { first: string; read: (body: unknown) => Page | null }

const cursor = (name: string, value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? `${name}=${encodeURIComponent(value)}` : null

const OpenAiPage = z.union([z.object({ data: z.array(z.looseObject({ id: z.unknown() })) }), z.array(z.looseObject({ id: z.unknown() }))])
const openAi: Speech = {
  first: '',
  read: (body) => {
    const page = OpenAiPage.safeParse(body).data
    // Some servers leave out the envelope.
    return page ? { models: Array.isArray(page) ? page : page.data, next: null } : null
  },
}

const AnthropicPage = z.object({
  data: z.array(z.looseObject({ id: z.unknown() })),
  has_more: z.boolean().nullish(),
  last_id: z.string().nullish(),
})
const GeminiPage = z.object({ models: z.array(z.looseObject({ name: z.unknown() })).default([]), nextPageToken: z.string().nullish() })

/** How each dialect lists models, and names the page after this one. */
const speeches: Readonly<Record<Dialect, Speech>> = {
  'openai-chat': openAi,
  'openai-responses': openAi,
  'anthropic-messages': {
    first: 'limit=1000',
    read: (body) => {
      const page = AnthropicPage.safeParse(body).data
      if (!page) return null
      const next = page.has_more ? cursor('after_id', page.last_id) : null
      return { models: page.data.map((each) => ({ id: each.id, name: each['display_name'] })), next: next && `limit=1000&${next}` }
    },
  },
  'gemini-generate': {
    first: 'pageSize=1000',
    read: (body) => {
      const page = GeminiPage.safeParse(body).data
      if (!page) return null
      const models = page.models.map(({ name, displayName }) => ({
        id: typeof name === 'string' ? name.replace(/^models\//, '') : name,
        name: displayName,
      }))
      const next = cursor('pageToken', page.nextPageToken)
      return { models, next: next && `pageSize=1000&${next}` }
    },
  },
}

/** What may stand in a request and in a configuration file (`core/connections/secret.ts`). */
const ModelId = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\w.:@/~+-]+$/)
const Name = z.string().trim().min(1).max(200)

/** @param given the key is spent on nothing: no provider charges for its list. `patience` is for tests. */
export async function askForModels(given: { endpoint: Endpoint; key: string }, patience?: Patience): Promise<Listed> {
  const { endpoint, key } = given
  const { dialect, baseUrl, authHeader } = endpoint
  const { guard, timeoutMs } = patience ?? { guard: configuredGuard(), timeoutMs: TIMEOUT_MS }
  const untilMs = performance.now() + timeoutMs
  const speech = speeches[dialect]
  const found = new Map<string, ListedModel>()
  let query: string | null = speech.first
  for (let pages = 0; query !== null && pages < MAX_PAGES && found.size < MAX_MODELS; pages++) {
    const url = `${baseUrl}${modelListPath[dialect]}${query && `?${query}`}`
    const leftMs = Math.max(1, untilMs - performance.now())
    const got = await guardedGet({ url, authHeader, key }, { guard, timeoutMs: leftMs, maxBytes: MAX_BYTES })
    if (got.is !== 'answered') return { ok: false, code: got.is === 'unsafe' ? 'upstream.unsafe' : 'provider.unreachable' }
    const failure = failureOf(got.status, got.text)
    if (failure) return { ok: false, code: failure }
    const page = got.isWhole ? speech.read(parsed(got.text)) : null
    if (!page) return { ok: false, code: 'provider.garbled' }
    for (const each of page.models) {
      const id = ModelId.safeParse(each.id).data
      if (id && found.size < MAX_MODELS) found.set(id, { id, name: Name.safeParse(each.name).data ?? null })
    }
    query = page.next
  }
  return { ok: true, models: [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1)) }
}

/** As of a key that is checked: where a redirect leads is nobody's business here. */
function failureOf(status: number, text: string): FailureCode | null {
  if (status >= 200 && status < 300) return null
  if (refusesKey(status, { text, isJson: parsed(text) !== undefined })) return 'provider.refused-key'
  return status === 402 || status === 429 ? 'provider.out-of-quota' : 'provider.failed'
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
