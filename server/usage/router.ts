/** What was used, request by request and in sums. Members and viewers see all of their team. */
import { z } from 'zod'
import { router, teamProcedure } from '#server/trpc/base.ts'
import { readRecords, summarise } from '#server/usage/service.ts'

export const usageRouter = router({
  records: teamProcedure('read')
    .input(
      z
        .object({
          projectId: z.string().max(200).optional(),
          chatId: z.string().max(200).optional(),
          limit: z.int().min(1).max(1_000).default(100),
        })
        .prefault({}),
    )
    .query(({ ctx, input }) => readRecords(ctx.scope, input)),

  summary: teamProcedure('read')
    .input(z.object({ projectId: z.string().max(200).optional(), days: z.int().min(1).max(366).default(30) }).prefault({}))
    .query(({ ctx, input }) => summarise(ctx.scope, input)),
})
