/** Set-up, who I am, and my tokens. Sign-in and sign-out are better-auth's, below /api/auth. */
import { z } from 'zod'
import { Email, Name, Password } from '#server/accounts/account-input.ts'
import { describeMe } from '#server/accounts/service.ts'
import { completeSetup, isSetupOpen } from '#server/accounts/setup-service.ts'
import { createToken, readTokens, revokeToken, TOKEN_MAX_DAYS } from '#server/accounts/tokens-service.ts'
import { publicProcedure, rateLimited, router, signedInProcedure, teamProcedure } from '#server/trpc/base.ts'

export const setupRouter = router({
  state: publicProcedure.query(async () => ({ isOpen: await isSetupOpen() })),

  complete: publicProcedure
    .use(rateLimited({ perMinute: 10 }))
    .input(z.object({ code: z.string().max(200), name: Name, email: Email, password: Password, team: Name }))
    .mutation(({ input }) => completeSetup(input)),
})

export const meRouter = router({
  get: signedInProcedure.query(({ ctx }) => describeMe(ctx.caller, ctx.teamId)),
})

export const tokensRouter = router({
  list: teamProcedure('read').query(({ ctx }) => readTokens(ctx.scope)),

  create: teamProcedure('read')
    .input(z.object({ name: Name, days: z.int().min(1).max(TOKEN_MAX_DAYS) }))
    .mutation(({ ctx, input }) => createToken(ctx.scope, input)),

  revoke: teamProcedure('read')
    .input(z.object({ tokenId: z.string().min(1).max(200) }))
    .mutation(({ ctx, input }) => revokeToken(ctx.scope, input.tokenId)),
})
