/** Sums of metered requests, for the turn and for the chat (`fold.ts`). */
import type { ChatEventOf } from '#core/chat/events.ts'
import { noUsage, type ModelUsage, type Usage } from '#core/chat/view.ts'

export const addUsage = (sum: Usage, event: ChatEventOf<'usage.metered'>): Usage => ({
  requests: sum.requests + 1,
  inputTokens: sum.inputTokens + event.inputTokens,
  outputTokens: sum.outputTokens + event.outputTokens,
  cacheReadTokens: sum.cacheReadTokens + event.cacheReadTokens,
  cacheWriteTokens: sum.cacheWriteTokens + event.cacheWriteTokens,
  costMicros: sum.costMicros + (event.costMicros ?? 0),
  hasUnpriced: sum.hasUnpriced || event.costMicros === null,
})

/** The same, kept apart by model. */
export function addModelUsage(sums: readonly ModelUsage[], event: ChatEventOf<'usage.metered'>): readonly ModelUsage[] {
  const { provider, model } = event
  const at = sums.findIndex((each) => each.provider === provider && each.model === model)
  const before = sums[at]
  if (!before) return [...sums, { provider, model, usage: addUsage(noUsage, event) }]
  return sums.with(at, { ...before, usage: addUsage(before.usage, event) })
}
