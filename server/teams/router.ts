/** The team that one works in, and the invitations into it. */
import { z } from 'zod'
import { Email, Name, Password } from '#server/accounts/service.ts'
import { acceptInvitation, invite, readInvitation, revokeInvitation } from '#server/teams/invitations-service.ts'
import { previewRemoval } from '#server/teams/removal-service.ts'
import { describeTeam, remove, rename, setRole } from '#server/teams/service.ts'
import { publicProcedure, rateLimited, router, teamProcedure } from '#server/trpc/base.ts'

const Role = z.enum(['admin', 'member', 'viewer'])
const id = z.string().min(1).max(200)

export const teamRouter = router({
  get: teamProcedure('read').query(({ ctx }) => describeTeam(ctx.scope)),

  rename: teamProcedure('manage')
    .input(z.object({ name: Name }))
    .mutation(({ ctx, input }) => rename(ctx.scope, input.name)),

  invite: teamProcedure('manage')
    .input(z.object({ email: Email, role: Role }))
    .mutation(({ ctx, input }) => invite(ctx.scope, input)),

  revokeInvitation: teamProcedure('manage')
    .input(z.object({ invitationId: id }))
    .mutation(({ ctx, input }) => revokeInvitation(ctx.scope, input.invitationId)),

  setRole: teamProcedure('manage')
    .input(z.object({ userId: id, role: Role }))
    .mutation(({ ctx, input }) => setRole(ctx.scope, input)),

  /** What `remove` would end. */
  previewRemoval: teamProcedure('manage')
    .input(z.object({ userId: id }))
    .query(({ ctx, input }) => previewRemoval(ctx.scope, input.userId)),

  /** Also stops their runs and destroys their tokens, sessions and personal connections. */
  remove: teamProcedure('manage')
    .input(z.object({ userId: id }))
    .mutation(({ ctx, input }) => remove(ctx.scope, input.userId)),
})

const token = z.string().min(1).max(200)

/** For whoever holds the link. */
export const invitationsRouter = router({
  read: publicProcedure
    .use(rateLimited({ perMinute: 30 }))
    .input(z.object({ token }))
    .query(({ input }) => readInvitation(input.token)),

  accept: publicProcedure
    .use(rateLimited({ perMinute: 10 }))
    .input(z.object({ token, name: Name.optional(), password: Password.optional() }))
    .mutation(({ ctx, input }) => acceptInvitation(ctx.caller, input)),
})
