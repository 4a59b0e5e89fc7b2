/**
 * Base procedures: each proves one scope before anything of a router runs, and says so
 * in its `meta`, which a test reads to find a procedure without a scope.
 * Errors leave through one middleware and one formatter.
 * Next: the routers of each noun, merged in `server/trpc/app-router.ts`.
 */
import { initTRPC, TRPCError } from '@trpc/server'
import { z } from 'zod'
import { clientKey, RateLimiter, type RateLimit } from '#server/access/rate-limit.ts'
import type { Act } from '#server/access/acts.ts'
import { enterChat, enterProject, enterTeam, type Caller, type TeamScope } from '#server/access/scope.ts'
import { DomainError, failures } from '#core/errors.ts'
import { describeError } from '#server/trpc/describe-error.ts'

export type Context = Readonly<{
  caller: Caller | null
  /** What the caller asked for in `x-gatehouse-team`; no proof of membership. */
  teamId: string | null
  /** For rate limits; null when a page asks, and where limits are off. */
  clientAddress: string | null
}>

export type ProcedureMeta = { scope: 'public' | 'signed-in' | 'team' | 'project' | 'chat'; act?: Act }

const t = initTRPC
  .context<Context>()
  .meta<ProcedureMeta>()
  .create({ errorFormatter: ({ shape, error, path }) => ({ ...shape, ...describeError({ shape, error, path }) }) })

export const router = t.router
export const callerFactory = t.createCallerFactory

/** A failure of the domain gets the status that `core/errors.ts` gives it. */
const translateFailures = t.middleware(async ({ next }) => {
  const result = await next()
  if (!result.ok && result.error.cause instanceof DomainError) {
    const failure = result.error.cause
    throw new TRPCError({ code: failures[failure.code].trpc, message: failure.code, cause: failure })
  }
  return result
})

const base = t.procedure.use(translateFailures)

const limiter = new RateLimiter()

/** For procedures where guessing would pay: counts per client and procedure. */
export const rateLimited = ({ perMinute }: RateLimit) =>
  t.middleware(({ ctx, path, next }) => {
    const isAllowed =
      ctx.clientAddress === null || limiter.allow(`${path} ${clientKey(ctx.clientAddress)}`, { perMinute, nowMs: Date.now() })
    if (!isAllowed) throw new DomainError('request.too-many')
    return next()
  })

/** For what a person may do only so often, from wherever: counts per person and procedure. After a base procedure that knows them. */
export const rateLimitedPerPerson = ({ perMinute }: RateLimit) =>
  t.middleware(({ ctx, path, next }) => {
    const isAllowed = ctx.clientAddress === null || limiter.allow(`${path} ${ctx.caller?.userId}`, { perMinute, nowMs: Date.now() })
    if (!isAllowed) throw new DomainError('request.too-many')
    return next()
  })

/** For anybody, signed in or not. */
export const publicProcedure = base.meta({ scope: 'public' })

/** For somebody who proved who they are, in no team: `ctx.caller`. */
export const signedInProcedure = base.meta({ scope: 'signed-in' }).use(({ ctx, next }) => next({ ctx: { caller: demandCaller(ctx) } }))

/** For members of a team whose role allows `act`: `ctx.scope` is a `TeamScope`. */
export const teamProcedure = (act: Act) =>
  base.meta({ scope: 'team', act }).use(async ({ ctx, next }) => next({ ctx: { scope: await teamOf(ctx, act) } }))

/** Adds the input `projectId`; `ctx.scope` is a `ProjectScope`. */
export const projectProcedure = (act: Act) =>
  base
    .meta({ scope: 'project', act })
    .input(z.object({ projectId: z.string().min(1).max(200) }))
    .use(async ({ ctx, input, next }) =>
      next({ ctx: { scope: await enterProject(await teamOf(ctx, 'read'), { act, projectId: input.projectId }) } }),
    )

/** Adds the input `chatId`; `ctx.scope` is a `ChatScope`. */
export const chatProcedure = (act: Act) =>
  base
    .meta({ scope: 'chat', act })
    .input(z.object({ chatId: z.string().min(1).max(200) }))
    .use(async ({ ctx, input, next }) =>
      next({ ctx: { scope: await enterChat(await teamOf(ctx, 'read'), { act, chatId: input.chatId }) } }),
    )

function demandCaller(ctx: Context): Caller {
  if (!ctx.caller) throw new DomainError('session.missing')
  return ctx.caller
}

const teamOf = (ctx: Context, act: Act): Promise<TeamScope> => enterTeam(demandCaller(ctx), { act, teamId: ctx.teamId })
