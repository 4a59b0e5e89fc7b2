/** Lets the pages of this process call the API without HTTP; the other end is `page-caller.ts`. */
import { appRouter } from '#server/trpc/app-router.ts'
import { callerFactory } from '#server/trpc/base.ts'
import { contextOf } from '#server/trpc/context.ts'
import { PAGES_ENTRY, type PagesEntry } from '#server/trpc/page-caller.ts'

const createCaller = callerFactory(appRouter)

export function openPageCaller(): void {
  const entry: PagesEntry = {
    callerFor(headers) {
      // One page asks several times and is one person.
      const context = contextOf(headers, null)
      return createCaller(() => context)
    },
  }
  Object.assign(globalThis, { [PAGES_ENTRY]: entry })
}
