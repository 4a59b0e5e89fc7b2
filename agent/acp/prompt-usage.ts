/**
 * What an agent says that a prompt has used. ACP's `PromptResponse.usage` is unstable, and agents count as
 * `core/models/usage.ts` does: input without what a cache gave or took, output with the reasoning. Codex and Claude Code
 * name the models beside it. Anything that is no sane count is none.
 * From: `connection.ts`. Next: `agent/login-meter.ts`.
 */
import { z } from 'zod'
import { LoginUsage } from '#core/chat/events.ts'

export type PromptUsage = Pick<LoginUsage, 'model' | 'tokens'>

const count = LoginUsage.shape.durationMs
const optional = count.nullish().catch(null)

const Usage = z.object({
  inputTokens: count,
  outputTokens: count,
  thoughtTokens: optional,
  cachedReadTokens: optional,
  cachedWriteTokens: optional,
})
const Models = z.object({
  quota: z.object({
    model_usage: z.array(
      z.object({ model: z.string().min(1).max(200), token_count: z.object({ totalTokens: count.catch(0) }).catch({ totalTokens: 0 }) }),
    ),
  }),
})

/** `model` is the one that did most of it: others write titles beside it. Null where none is named. */
export function readPromptUsage(answer: unknown): PromptUsage {
  const { usage, _meta } = (answer ?? {}) as { usage?: unknown; _meta?: unknown }
  const models = Models.safeParse(_meta).data?.quota.model_usage ?? []
  const [main] = models.toSorted((one, other) => other.token_count.totalTokens - one.token_count.totalTokens)
  const read = Usage.safeParse(usage).data
  return {
    model: main?.model ?? null,
    tokens: read
      ? {
          inputTokens: read.inputTokens,
          outputTokens: read.outputTokens,
          cacheReadTokens: read.cachedReadTokens ?? 0,
          cacheWriteTokens: read.cachedWriteTokens ?? 0,
          reasoningTokens: Math.min(read.thoughtTokens ?? 0, read.outputTokens),
        }
      : null,
  }
}
