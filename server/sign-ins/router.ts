import { z } from 'zod'
import { Scope } from '#core/connections/connection.ts'
import { answerSignIn, cancelSignIn, readSignIn, startSignIn } from '#server/sign-ins/service.ts'
import { rateLimited, router, teamProcedure } from '#server/trpc/base.ts'

const id = z.string().min(1).max(200)
const signInId = z.uuid()

/** A harness's own login, led by a page. Everybody sees their own alone. */
export const signInsRouter = router({
  /** The service proves the right to the place: it differs by scope. Each starts a program on a node. */
  start: teamProcedure('read')
    .use(rateLimited({ perMinute: 10 }))
    .input(z.object({ harness: id, scope: Scope, projectId: id.optional(), connectionId: id.optional() }))
    .mutation(({ ctx, input }) => startSignIn(ctx.scope, input)),

  /** Asked every two seconds by whoever waits; that is also how it is known that somebody does. */
  get: teamProcedure('read')
    .input(z.object({ signInId }))
    .query(({ ctx, input }) => readSignIn(ctx.scope, input)),

  answer: teamProcedure('read')
    .input(z.object({ signInId, answer: z.string().min(1).max(2_000) }))
    .mutation(({ ctx, input }) => answerSignIn(ctx.scope, input)),

  cancel: teamProcedure('read')
    .input(z.object({ signInId }))
    .mutation(({ ctx, input }) => cancelSignIn(ctx.scope, input)),
})
