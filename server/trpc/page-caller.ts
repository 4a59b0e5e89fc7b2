/**
 * How a page asks the server while it renders. Next bundles pages with copies of every
 * module, so this file imports only types and core: the one running server leaves its
 * caller on `globalThis` (`server/trpc/pages.ts` puts it there).
 */
import { isFailureCode, type FailureCode } from '#core/errors.ts'
import type { AppRouter } from '#server/trpc/app-router.ts'

export type PageCaller = ReturnType<AppRouter['createCaller']>
export type Me = Awaited<ReturnType<PageCaller['me']['get']>>

/** `callerFor` acts as whoever the request's cookie belongs to. */
export type PagesEntry = { callerFor(headers: Headers): PageCaller }

export const PAGES_ENTRY = Symbol.for('gatehouse.pages')

/** @param headers of the page's request: `await headers()` of Next */
export function pageCaller(headers: Headers): PageCaller {
  const entry = (globalThis as { [PAGES_ENTRY]?: PagesEntry })[PAGES_ENTRY]
  if (!entry) throw new Error('Pages are served by server/main.ts, not by next alone')
  return entry.callerFor(headers)
}

/** Which failure of `core/errors.ts` a call of the page ended with; null for any other error. */
export function failureOf(error: unknown): FailureCode | null {
  // Not by class: the server's classes are other copies than the page's.
  const cause = error instanceof Error ? (error.cause as { name?: unknown; code?: unknown } | undefined) : undefined
  return cause?.name === 'DomainError' && isFailureCode(cause.code) ? cause.code : null
}

/** Who is looking at the page; null for somebody who is not signed in. */
export async function readMe(headers: Headers): Promise<Me | null> {
  try {
    return await pageCaller(headers).me.get()
  } catch (error) {
    if (failureOf(error) === 'session.missing') return null
    throw error
  }
}
