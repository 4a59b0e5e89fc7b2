/**
 * Keeps a fact small enough for the log (256 KB an event) and free of what PostgreSQL's
 * JSON cannot hold. Pure. What is cut says how much was cut.
 */
import type { DaemonFact, ToolContent } from '#core/chat/events.ts'

const TEXT_LIMIT = 60_000
const JSON_LIMIT = 30_000
const FACT_LIMIT = 220_000

/** Cut between characters, never inside one. */
export function cut(text: string, limit: number): { text: string; truncated?: number } {
  if (text.length <= limit) return { text }
  const last = text.charCodeAt(limit - 1)
  const end = last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit
  return { text: text.slice(0, end), truncated: text.length - end }
}

/** Arbitrary JSON of an agent: kept as it is while small, else its beginning as text. */
export function fitJson(value: unknown, limit = JSON_LIMIT): unknown {
  if (value === undefined) return undefined
  const json = JSON.stringify(value)
  if (json === undefined || json.length <= limit) return value
  const { text, truncated } = cut(json, limit)
  return { beginning: text, truncated: truncated ?? 0 }
}

export function fitContent(content: ToolContent, limit = TEXT_LIMIT): ToolContent {
  switch (content.type) {
    case 'text': {
      const { text, truncated } = cut(content.text, limit)
      return truncated ? { type: 'text', text, truncated: truncated + (content.truncated ?? 0) } : content
    }
    case 'diff': {
      const older = content.oldText === null ? null : cut(content.oldText, limit)
      const newer = cut(content.newText, limit)
      const truncated = (older?.truncated ?? 0) + (newer.truncated ?? 0)
      return truncated
        ? { ...content, oldText: older?.text ?? null, newText: newer.text, truncated: truncated + (content.truncated ?? 0) }
        : content
    }
    case 'raw':
      return { type: 'raw', json: fitJson(content.json) }
  }
}

/** The last guard before the outbox. */
export function fitFact<F extends DaemonFact>(fact: F): F {
  const wellFormed = withoutUnstorable(fact)
  if (JSON.stringify(wellFormed).length <= FACT_LIMIT) return wellFormed
  const smaller = { ...wellFormed } as Record<string, unknown>
  const content = smaller['content'] as ToolContent[] | undefined
  if (content) smaller['content'] = content.slice(0, 20).map((each) => fitContent(each, 4_000))
  for (const name of ['input', 'output', 'raw']) if (name in smaller) smaller[name] = fitJson(smaller[name], 8_000)
  return smaller as F
}

/** PostgreSQL's jsonb refuses NUL and half characters; both become the replacement character. */
function withoutUnstorable<T>(value: T): T {
  if (!/\\u(0000|d[89a-f])/i.test(JSON.stringify(value) ?? '')) return value
  return walk(value) as T
}

function walk(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '\ufffd').toWellFormed()
  if (Array.isArray(value)) return value.map(walk)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [walk(name) as string, walk(each)]))
}
