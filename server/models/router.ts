import { z } from 'zod'
import { listModels } from '#server/models/service.ts'
import { router, teamProcedure } from '#server/trpc/base.ts'

const id = z.string().min(1).max(200)

export const modelsRouter = router({
  list: teamProcedure('read')
    .input(z.object({ harness: id, projectId: id.optional() }))
    .query(({ ctx, input }) => listModels(ctx.scope, input)),
})
