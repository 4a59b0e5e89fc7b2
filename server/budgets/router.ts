/** Budgets. Admins set them; everybody sees those that what they do would spend. */
import { z } from 'zod'
import { budgetPeriods } from '#core/budgets/budget.ts'
import { applyingBudgets, listBudgets, removeBudget, setBudget } from '#server/budgets/service.ts'
import { projectProcedure, router, teamProcedure } from '#server/trpc/base.ts'

const id = z.string().min(1).max(200)
/** Ten million dollars. */
const MAX_LIMIT_MICROS = 10_000_000_000_000

const Scope = z.discriminatedUnion('is', [
  z.object({ is: z.literal('team') }),
  z.object({ is: z.literal('project'), projectId: id }),
  z.object({ is: z.literal('member'), userId: id }),
  z.object({ is: z.literal('chat'), chatId: id }),
])

export const budgetsRouter = router({
  list: teamProcedure('read').query(({ ctx }) => listBudgets(ctx.scope)),

  /** What a prompt of the caller there would spend. */
  applying: projectProcedure('read')
    .input(z.object({ chatId: id.optional() }))
    .query(({ ctx, input }) => applyingBudgets(ctx.scope, input)),

  /** There is one budget for each scope and period: setting it again changes its limit. */
  set: teamProcedure('manage')
    .input(z.object({ scope: Scope, period: z.enum(budgetPeriods), limitMicros: z.int().min(0).max(MAX_LIMIT_MICROS) }))
    .mutation(({ ctx, input }) => setBudget(ctx.scope, input)),

  remove: teamProcedure('manage')
    .input(z.object({ budgetId: id }))
    .mutation(({ ctx, input }) => removeBudget(ctx.scope, input.budgetId)),
})
