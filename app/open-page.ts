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
import { dayOfMs } from '#core/usage/span.ts'
import { createQueryClient } from '#components/trpc/query-client.ts'
import type { AppRouter } from '#server/trpc/app-router.ts'
import { pageCaller, readMe, type Me, type PageCaller } from '#server/trpc/page-caller.ts'

export type Page = { trpc: TRPCOptionsProxy<AppRouter>; queryClient: QueryClient; caller: PageCaller; me: Me | null }

/** Today, as reports count days; a page hands it to its screen, so that both draw the same. */
export const serverDay = (): string => dayOfMs(Date.now())

/** One per request, shared by layout and page; `me` is null for strangers. */
export const anyPage = cache(async (): Promise<Page> => {
  const asked = await headers()
  const caller = pageCaller(asked)
  const queryClient = createQueryClient()
  const trpc = createTRPCOptionsProxy<AppRouter>({ client: createTRPCClient<AppRouter>({ links: [viaCaller(caller)] }), queryClient })
  const me = await readMe(asked)
  if (me) queryClient.setQueryData(trpc.me.get.queryKey(), me)
  return { trpc, queryClient, caller, me }
})

/** A page for signed-in people. Others go to set-up while it is open, else to sign in and then back to `here`. */
export async function openPage(here: string): Promise<Page> {
  const page = await anyPage()
  if (page.me) return page
  const { isOpen } = await page.caller.setup.state()
  redirect(isOpen ? '/setup' : here === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(here)}`)
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
