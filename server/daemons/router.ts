/** `nodes.*`: the machines that run agents. Next: `service.ts`. */
import { z } from 'zod'
import { NodeId } from '#core/ids.ts'
import { createJoinToken, installHarness, listNodes, removeNode } from '#server/daemons/service.ts'
import { router, teamProcedure } from '#server/trpc/base.ts'

export const nodesRouter = router({
  list: teamProcedure('read').query(({ ctx }) => listNodes(ctx.scope)),

  createJoinToken: teamProcedure('manage')
    .input(z.object({ name: z.string().trim().min(1).max(80) }))
    .mutation(({ ctx, input }) => createJoinToken(ctx.scope, input)),

  installHarness: teamProcedure('manage')
    .input(z.object({ nodeId: NodeId, harness: z.string().max(100) }))
    .mutation(({ ctx, input }) => installHarness(ctx.scope, input)),

  remove: teamProcedure('manage')
    .input(z.object({ nodeId: NodeId }))
    .mutation(({ ctx, input }) => removeNode(ctx.scope, input)),
})
