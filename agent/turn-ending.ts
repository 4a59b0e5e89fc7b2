/** How a turn ended, from what the agent answered or threw. Pure. From: `session-runner.ts`. */
import type { TurnFailure } from '#core/chat/events.ts'
import { DomainError } from '#core/errors.ts'
import { isProtocolAnswer, isSignedOut, wordsOf } from '#agent/acp/connection.ts'
import type { Ending } from '#agent/session-stage.ts'

export const failed = (failure: TurnFailure): Ending => ({ outcome: 'failed', stopReason: null, failure })

export function endingOf(stopReason: string): Ending {
  switch (stopReason) {
    case 'cancelled':
      return { outcome: 'cancelled', stopReason }
    case 'refusal':
      return { outcome: 'refused', stopReason }
    default:
      return { outcome: 'completed', stopReason }
  }
}

/** The raw text goes behind "Details"; the code decides what people read. */
export function failureOf(error: unknown): TurnFailure {
  if (error instanceof DomainError) {
    const { detail, ...facts } = error.facts
    return {
      code: error.code,
      facts: { ...facts } as TurnFailure['facts'],
      ...(typeof detail === 'string' && { detail: detail.slice(-4_000) }),
    }
  }
  const detail = wordsOf(error).slice(0, 4_000)
  if (isSignedOut(error)) return { code: 'agent.signed-out', facts: {}, detail }
  return { code: isProtocolAnswer(error) ? 'agent.protocol-error' : 'harness.start-failed', facts: {}, detail }
}
