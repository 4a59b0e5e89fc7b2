/** What was used, and what is left to spend. Money is in US dollars. */
import { z } from 'zod'
import { applyingBudgets } from '#server/budgets/service.ts'
import { defineTool } from '#server/mcp/tool.ts'
import { summarise } from '#server/usage/service.ts'

const DAYS = 30
const dollars = (micros: number): number => Math.round(micros / 10_000) / 100

export const usageLeft = defineTool({
  name: 'usage_left',
  title: 'Usage and budgets',
  description: 'What this project has used in the last 30 days, and what each budget that your work counts against still leaves.',
  input: z.object({}),
  output: z.object({
    project: z.object({ days: z.int(), requests: z.int(), tokens: z.number(), costUsd: z.number(), hasUnpriced: z.boolean() }),
    budgets: z.array(
      z.object({
        of: z.string(),
        period: z.string(),
        limitUsd: z.number(),
        spentUsd: z.number(),
        leftUsd: z.number(),
        renewsAt: z.string(),
      }),
    ),
  }),
  changes: false,
  async call({ run, scope }) {
    const [{ totals }, { budgets }] = await Promise.all([
      summarise(scope, { projectId: scope.projectId, days: DAYS }),
      applyingBudgets(scope, { chatId: run.chatId }),
    ])
    return {
      project: {
        days: DAYS,
        requests: totals.requests,
        tokens: totals.inputTokens + totals.outputTokens,
        costUsd: dollars(totals.costMicros),
        hasUnpriced: totals.unpricedRequests > 0,
      },
      budgets: budgets.map(({ scope: of, period, limitMicros, spentMicros, endsAt }) => ({
        of: of.is,
        period,
        limitUsd: dollars(limitMicros),
        spentUsd: dollars(spentMicros),
        leftUsd: dollars(Math.max(0, limitMicros - spentMicros)),
        renewsAt: endsAt,
      })),
    }
  },
})
