import { z } from 'zod'
import { Scope } from '#core/connections/connection.ts'
import { ConnectionSettings, Secret } from '#core/connections/secret.ts'
import { AttachmentId, CredentialId } from '#core/ids.ts'
import { listOverrides, removeOverride, setOverride } from '#server/connections/overrides-service.ts'
import { connect, explain, listConnections, setEnabled, setShared } from '#server/connections/service.ts'
import { disconnect, undo } from '#server/connections/undo-service.ts'
import { describeConnection, previewRemoval } from '#server/connections/use-service.ts'
import { validate } from '#server/connections/validation.ts'
import { projectProcedure, rateLimitedPerPerson, router, teamProcedure } from '#server/trpc/base.ts'

const id = z.string().min(1).max(200)

export const connectionsRouter = router({
  list: teamProcedure('read')
    .input(z.object({ projectId: id.optional() }).default({}))
    .query(({ ctx, input }) => listConnections(ctx.scope, input)),

  /**
   * Tries an API key out at its provider first. The service proves the right to the place: it differs by scope.
   * More often than a person would, and less often than keys can be guessed with.
   */
  connect: teamProcedure('read')
    .use(rateLimitedPerPerson({ perMinute: 300 }))
    .input(
      z.object({
        harness: id,
        scope: Scope,
        projectId: id.optional(),
        secret: Secret,
        settings: ConnectionSettings.optional(),
        onRefused: z.enum(['keep', 'reject']).default('keep'),
      }),
    )
    .mutation(({ ctx, input }) => connect(ctx.scope, input)),

  validate: teamProcedure('read')
    .use(rateLimitedPerPerson({ perMinute: 30 }))
    .input(z.object({ connectionId: AttachmentId }))
    .mutation(({ ctx, input }) => validate(ctx.scope, input)),

  setEnabled: teamProcedure('read')
    .input(z.object({ connectionId: AttachmentId, isEnabled: z.boolean() }))
    .mutation(({ ctx, input }) => setEnabled(ctx.scope, input)),

  /** Whether others may prompt on a personal API key in its owner's chats. */
  setShared: teamProcedure('read')
    .input(z.object({ connectionId: AttachmentId, isShared: z.boolean() }))
    .mutation(({ ctx, input }) => setShared(ctx.scope, input)),

  /** What stops, and what holds afterwards. */
  preview: teamProcedure('read')
    .input(z.object({ connectionId: AttachmentId, act: z.enum(['disconnect', 'disable']).default('disconnect') }))
    .query(({ ctx, input }) => previewRemoval(ctx.scope, input)),

  details: teamProcedure('read')
    .input(z.object({ connectionId: AttachmentId }))
    .query(({ ctx, input }) => describeConnection(ctx.scope, input)),

  disconnect: teamProcedure('read')
    .input(z.object({ connectionId: AttachmentId }))
    .mutation(({ ctx, input }) => disconnect(ctx.scope, input)),

  undo: teamProcedure('read')
    .input(z.object({ undoId: id }))
    .mutation(({ ctx, input }) => undo(ctx.scope, input)),

  explain: teamProcedure('read')
    .input(z.object({ harness: id, projectId: id.optional() }))
    .query(({ ctx, input }) => explain(ctx.scope, input)),
})

/** What stands above everybody's own in one project. `connections.connect` with the scope `project` makes one of a new secret. */
export const projectOverridesRouter = router({
  list: projectProcedure('read').query(({ ctx }) => listOverrides(ctx.scope)),

  set: projectProcedure('manage')
    .input(z.object({ harness: id, credentialId: CredentialId }))
    .mutation(({ ctx, input }) => setOverride(ctx.scope, input)),

  remove: projectProcedure('manage')
    .input(z.object({ harness: id }))
    .mutation(({ ctx, input }) => removeOverride(ctx.scope, input)),
})
