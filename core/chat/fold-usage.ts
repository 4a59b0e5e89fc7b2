/** Sums of metered requests and of turns on a login, for the turn and for the chat (`fold.ts`). */
import type { ChatEventOf } from '#core/chat/events.ts'
import { noUsage, type ModelUsage, type Usage } from '#core/chat/view.ts'

export const addUsage = (sum: Usage, event: ChatEventOf<'usage.metered'>): Usage => ({
  ...sum,
  requests: sum.requests + 1,
  inputTokens: sum.inputTokens + event.inputTokens,
  outputTokens: sum.outputTokens + event.outputTokens,
  cacheReadTokens: sum.cacheReadTokens + event.cacheReadTokens,
  cacheWriteTokens: sum.cacheWriteTokens + event.cacheWriteTokens,
  costMicros: sum.costMicros + (event.costMicros ?? 0),
  hasUnpriced: sum.hasUnpriced || event.costMicros === null,
})

export const addLoginUsage = (sum: Usage, { usage }: ChatEventOf<'turn.ended'>): Usage =>
  usage === undefined
    ? sum
    : {
        ...sum,
        subscriptionTurns: sum.subscriptionTurns + 1,
        inputTokens: sum.inputTokens + (usage.tokens?.inputTokens ?? 0),
        outputTokens: sum.outputTokens + (usage.tokens?.outputTokens ?? 0),
        cacheReadTokens: sum.cacheReadTokens + (usage.tokens?.cacheReadTokens ?? 0),
        cacheWriteTokens: sum.cacheWriteTokens + (usage.tokens?.cacheWriteTokens ?? 0),
      }

/** The same, kept apart by model. */
export const addModelUsage = (sums: readonly ModelUsage[], event: ChatEventOf<'usage.metered'>): readonly ModelUsage[] =>
  changeModel(sums, { provider: event.provider, model: event.model }, (usage) => addUsage(usage, event))

export const addLoginModelUsage = (sums: readonly ModelUsage[], event: ChatEventOf<'turn.ended'>): readonly ModelUsage[] =>
  event.usage === undefined ? sums : changeModel(sums, { provider: null, model: event.usage.model }, (usage) => addLoginUsage(usage, event))

function changeModel(
  sums: readonly ModelUsage[],
  { provider, model }: Pick<ModelUsage, 'provider' | 'model'>,
  change: (usage: Usage) => Usage,
): readonly ModelUsage[] {
  const at = sums.findIndex((each) => each.provider === provider && each.model === model)
  const before = sums[at]
  return before ? sums.with(at, { ...before, usage: change(before.usage) }) : [...sums, { provider, model, usage: change(noUsage) }]
}
