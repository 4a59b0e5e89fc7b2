/** What was used, request by request and in sums. Members and viewers see all of their team; of a chat that they may not read, numbers alone. */
import { z } from 'zod'
import { dimensions, filterable } from '#core/usage/dimensions.ts'
import { spanProblem } from '#core/usage/span.ts'
import { router, teamProcedure } from '#server/trpc/base.ts'
import { exportUsage, report, reportCaches, reportRequests, reportSavings } from '#server/usage/report-service.ts'
import { readRecords } from '#server/usage/service.ts'
import { summarise } from '#server/usage/summary.ts'

/** Days of UTC, `YYYY-MM-DD`, both included. */
const Span = z.object({ from: z.string(), to: z.string() })
const isSpan = (span: z.infer<typeof Span>) => spanProblem(span) === null
const NO_SPAN = 'No span of at most 366 days.'

const Asked = z.object({
  ...Span.shape,
  filter: z.partialRecord(z.enum(filterable), z.string().max(200)).default({}),
})
const cursor = z.string().max(200).nullish().default(null)
const by = z.enum(dimensions)

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

  report: teamProcedure('read')
    .input(
      Asked.extend({
        by,
        stack: z.enum(filterable),
        measure: z.enum(['cost', 'tokens']).default('cost'),
        before: Span.refine(isSpan, NO_SPAN).nullable().default(null),
      }).refine(isSpan, NO_SPAN),
    )
    .query(({ ctx, input }) => report(ctx.scope, input)),

  caches: teamProcedure('read')
    .input(Asked.extend({ by }).refine(isSpan, NO_SPAN))
    .query(({ ctx, input }) => reportCaches(ctx.scope, input)),

  savings: teamProcedure('read')
    .input(Asked.refine(isSpan, NO_SPAN))
    .query(({ ctx, input }) => reportSavings(ctx.scope, input)),

  /** The newest first. */
  requests: teamProcedure('read')
    .input(Asked.extend({ cursor, limit: z.int().min(1).max(200).default(50) }).refine(isSpan, NO_SPAN))
    .query(({ ctx, input }) => reportRequests(ctx.scope, input)),

  /** CSV in pages that are joined as they are; the next one is asked for with the `nextCursor` of the one before, and the same filter. */
  export: teamProcedure('read')
    .input(
      Asked.extend({
        of: z.enum(['requests', 'sums']),
        by: by.default('day'),
        cursor,
        limit: z.int().min(1).max(10_000).default(5_000),
      }).refine(isSpan, NO_SPAN),
    )
    .query(({ ctx, input }) => exportUsage(ctx.scope, input)),
})
