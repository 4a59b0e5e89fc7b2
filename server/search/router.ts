/** `search.*`. Next: `service.ts`. */
import { z } from 'zod'
import { search } from '#server/search/service.ts'
import { router, teamProcedure } from '#server/trpc/base.ts'

export const searchRouter = router({
  /** The best first. A word is found by its beginning; words in quotation marks as they stand. */
  chats: teamProcedure('read')
    .input(
      z.object({
        query: z.string().max(300),
        projectId: z.string().max(200).optional(),
        limit: z.int().min(1).max(50).default(20),
        /** Where the page begins: `nextOffset` of the one before. */
        cursor: z.int().min(0).max(1_000).default(0),
      }),
    )
    .query(({ ctx, input }) => search(ctx.scope, { ...input, offset: input.cursor })),
})
