/**
 * The query of a request: the one part of its URL that may reach an upstream. It could ask
 * for another format than the one that is metered, or carry a key; so it is read name by name.
 * From: `route.ts`.
 */
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import type { Dialect } from '#core/providers/dialects.ts'

/** No percent sign and no plus: what stands here has one reading. */
const QUERY = /^[A-Za-z0-9_=&.,-]{0,200}$/

/** Google takes a key here, and others have taken one; our sentinel is taken out, any other is not ours to carry. */
const KEY_NAMES = /^(key|api[_-]?key|x-api-key|x-goog-api-key|access_token|auth[_-]?token|token|authorization)$/i

/** Elsewhere a parameter is the provider's own business; Google's `alt`, `fields` and `callback` change what an answer is. */
const known: Partial<Record<Dialect, Readonly<Record<string, RegExp>>>> = {
  'gemini-generate': { alt: /^(sse|json)$/, pagesize: /^\d{1,5}$/, pagetoken: /./ },
}

export type ReadQuery = { is: 'fine'; /** For the upstream. */ query: string } | { is: 'strange' } | { is: 'foreign-key' }

/** @param query without the question mark */
export function readQuery(dialect: Dialect, query: string): ReadQuery {
  if (query === '') return { is: 'fine', query }
  const allowed = known[dialect]
  const names = new Set<string>()
  const passed: string[] = []
  let isStrange = !QUERY.test(query)
  for (const pair of query.split('&')) {
    const at = pair.indexOf('=')
    const name = at < 0 ? pair : pair.slice(0, at)
    const value = at < 0 ? '' : pair.slice(at + 1)
    if (KEY_NAMES.test(decoded(name))) {
      if (value !== SENTINEL_KEY) return { is: 'foreign-key' }
      continue
    }
    const folded = name.toLowerCase()
    isStrange ||= names.has(folded) || (allowed !== undefined && allowed[folded]?.test(value) !== true)
    names.add(folded)
    passed.push(pair)
  }
  return isStrange ? { is: 'strange' } : { is: 'fine', query: passed.join('&') }
}

/** As far as it can be: a key is to be seen in any spelling. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
