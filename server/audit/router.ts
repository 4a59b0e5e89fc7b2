/** The audit log for those who answer for others: a team's admins, and the instance's owner. */
import { z } from 'zod'
import { exportEntries, listEntries } from '#server/audit/log-service.ts'
import { router, teamProcedure } from '#server/trpc/base.ts'

const filter = {
  /** An act, or its noun: `connection` finds `connection.connected` and the like. */
  act: z.string().min(1).max(100).optional(),
  /** `system` finds what nobody did. */
  actorId: z.string().min(1).max(200).optional(),
  /** The id of what it was done to. */
  subject: z.string().min(1).max(200).optional(),
}

export const auditRouter = router({
  /** The newest first. */
  list: teamProcedure('read')
    .input(z.object({ ...filter, before: z.int().positive().optional(), limit: z.int().min(1).max(200).default(50) }).prefault({}))
    .query(({ ctx, input }) => listEntries(ctx.scope, input)),

  /**
   * The oldest first, in pages that are joined as they are: CSV lines, or one JSON object per line. The next page is asked
   * for with the `nextCursor` of the one before, and the same filter.
   */
  export: teamProcedure('read')
    .input(
      z
        .object({
          ...filter,
          format: z.enum(['csv', 'json']).default('csv'),
          afterSeq: z.int().nonnegative().default(0),
          cursor: z.string().min(1).max(200).optional(),
          limit: z.int().min(1).max(10_000).default(5_000),
        })
        .prefault({}),
    )
    .query(({ ctx, input }) => exportEntries(ctx.scope, input)),
})
