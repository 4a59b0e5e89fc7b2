/** `nodes.*`: the machines that run agents. Next: `service.ts`. */
import { z } from 'zod'
import { NodeId } from '#core/ids.ts'
import { Labels } from '#core/nodes/labels.ts'
import { leaveWorkspace, whyWaiting } from '#server/daemons/placement-service.ts'
import { createJoinToken, installHarness, listNodes, removeNode, renewKey, setDraining, setLabels } from '#server/daemons/service.ts'
import { chatProcedure, router, teamProcedure } from '#server/trpc/base.ts'

export const nodesRouter = router({
  list: teamProcedure('read').query(({ ctx }) => listNodes(ctx.scope)),

  createJoinToken: teamProcedure('manage')
    .input(z.object({ name: z.string().trim().min(1).max(80) }))
    .mutation(({ ctx, input }) => createJoinToken(ctx.scope, input)),

  installHarness: teamProcedure('manage')
    .input(z.object({ nodeId: NodeId, harness: z.string().max(100) }))
    .mutation(({ ctx, input }) => installHarness(ctx.scope, input)),

  setLabels: teamProcedure('manage')
    .input(z.object({ nodeId: NodeId, labels: Labels }))
    .mutation(({ ctx, input }) => setLabels(ctx.scope, input)),

  setDraining: teamProcedure('manage')
    .input(z.object({ nodeId: NodeId, isDraining: z.boolean() }))
    .mutation(({ ctx, input }) => setDraining(ctx.scope, input)),

  renewKey: teamProcedure('manage')
    .input(z.object({ nodeId: NodeId }))
    .mutation(({ ctx, input }) => renewKey(ctx.scope, input)),

  /** Why a chat with a prompt in line has no node; null when none is missing. */
  whyWaiting: chatProcedure('read').query(({ ctx }) => whyWaiting(ctx.scope)),

  /** The chat goes on elsewhere, without what lies on the node that it waits for. */
  leaveWorkspace: chatProcedure('prompt').mutation(({ ctx }) => leaveWorkspace(ctx.scope)),

  remove: teamProcedure('manage')
    .input(z.object({ nodeId: NodeId }))
    .mutation(({ ctx, input }) => removeNode(ctx.scope, input)),
})
