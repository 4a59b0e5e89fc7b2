import { z } from 'zod'
import { Scope } from '#core/connections/connection.ts'
import { ConnectionSettings, Secret } from '#core/connections/secret.ts'
import { connect, disconnect, explain, listConnections, setEnabled, validate } from '#server/connections/service.ts'
import { router, teamProcedure } from '#server/trpc/base.ts'

const id = z.string().min(1).max(200)

export const connectionsRouter = router({
  list: teamProcedure('read')
    .input(z.object({ projectId: id.optional() }).default({}))
    .query(({ ctx, input }) => listConnections(ctx.scope, input)),

  /** The service proves the right to the place: it differs by scope. */
  connect: teamProcedure('read')
    .input(z.object({ harness: id, scope: Scope, projectId: id.optional(), secret: Secret, settings: ConnectionSettings.optional() }))
    .mutation(({ ctx, input }) => connect(ctx.scope, input)),

  validate: teamProcedure('read')
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
