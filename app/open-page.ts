/**
 * What every page inside the house does first: find out who asks, send strangers to the
 * gate, and bring along what the screen will ask for, so that it is drawn at once.
 * Reaches the server through `server/trpc/page-caller.ts` alone.
 */
import type { QueryClient } from '@tanstack/react-query'
import { createTRPCClient, TRPCClientError, type TRPCLink } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import { createTRPCOptionsProxy, type TRPCOptionsProxy } from '@trpc/tanstack-react-query'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'
import { createQueryClient } from '#components/trpc/query-client.ts'
import type { AppRouter } from '#server/trpc/app-router.ts'
import { pageCaller, type PageCaller } from '#server/trpc/page-caller.ts'

export type Page = { trpc: TRPCOptionsProxy<AppRouter>; queryClient: QueryClient; caller: PageCaller }

/** One per request, shared by layout and page. */
export const anyPage = cache(async (): Promise<Page> => {
  const caller = await pageCaller(await headers())
  const queryClient = createQueryClient()
  const client = createTRPCClient<AppRouter>({ links: [viaCaller(caller)] })
  return { trpc: createTRPCOptionsProxy<AppRouter>({ client, queryClient }), queryClient, caller }
})

/** A page for signed-in people. Others go to set-up while it is open, else to sign in and then back to `here`. */
export async function openPage(here: string): Promise<Page> {
  const page = await anyPage()
  try {
    await page.queryClient.ensureQueryData(page.trpc.me.get.queryOptions())
  } catch (error) {
    if (statusOf(error) !== 'UNAUTHORIZED') throw error
    const { isOpen } = await page.caller.setup.state()
    redirect(isOpen ? '/setup' : here === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(here)}`)
  }
  return page
}

function viaCaller(caller: PageCaller): TRPCLink<AppRouter> {
  return () =>
    ({ op }) =>
      observable((observer) => {
        const procedure = op.path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], caller)
        ;(procedure as (input: unknown) => Promise<unknown>)(op.input).then(
          (data) => {
            observer.next({ result: { type: 'data', data } })
            observer.complete()
          },
          (error: Error) => observer.error(TRPCClientError.from(error)),
        )
      })
}

const statusOf = (error: unknown): unknown => {
  const cause = error instanceof TRPCClientError ? error.cause : error
  return (cause as { code?: unknown } | undefined)?.code
}
