import { z } from 'zod'
import { Scope } from '#core/connections/connection.ts'
import { ConnectionSettings, Secret } from '#core/connections/secret.ts'
import { listOverrides, removeOverride, setOverride } from '#server/connections/overrides-service.ts'
import { connect, disconnect, explain, listConnections, setEnabled, validate } from '#server/connections/service.ts'
import { projectProcedure, rateLimited, router, teamProcedure } from '#server/trpc/base.ts'

const id = z.string().min(1).max(200)

export const connectionsRouter = router({
  list: teamProcedure('read')
    .input(z.object({ projectId: id.optional() }).default({}))
    .query(({ ctx, input }) => listConnections(ctx.scope, input)),

  /** The service proves the right to the place: it differs by scope. */
  connect: teamProcedure('read')
    .input(z.object({ harness: id, scope: Scope, projectId: id.optional(), secret: Secret, settings: ConnectionSettings.optional() }))
    .mutation(({ ctx, input }) => connect(ctx.scope, input)),

  /** Each asks a provider: enough for a person, too few to guess keys with. */
  validate: teamProcedure('read')
    .use(rateLimited({ perMinute: 30 }))
    .input(z.object({ connectionId: id }))
    .mutation(({ ctx, input }) => validate(ctx.scope, input)),

  setEnabled: teamProcedure('read')
    .input(z.object({ connectionId: id, isEnabled: z.boolean() }))
    .mutation(({ ctx, input }) => setEnabled(ctx.scope, input)),

  disconnect: teamProcedure('read')
    .input(z.object({ connectionId: id }))
    .mutation(({ ctx, input }) => disconnect(ctx.scope, input)),

  explain: teamProcedure('read')
    .input(z.object({ harness: id, projectId: id.optional() }))
    .query(({ ctx, input }) => explain(ctx.scope, input)),
})

/** What stands above everybody's own in one project. `connections.connect` with the scope `project` makes one of a new secret. */
export const projectOverridesRouter = router({
  list: projectProcedure('read').query(({ ctx }) => listOverrides(ctx.scope)),

  set: projectProcedure('manage')
    .input(z.object({ harness: id, credentialId: id }))
    .mutation(({ ctx, input }) => setOverride(ctx.scope, input)),

  remove: projectProcedure('manage')
    .input(z.object({ harness: id }))
    .mutation(({ ctx, input }) => removeOverride(ctx.scope, input)),
})
