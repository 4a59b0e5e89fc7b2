/**
 * Meters one turn on a login by the agent's own word, since the proxy sees nothing of it. A turn through the proxy is
 * metered there, and never here.
 * From: `session-runner.ts`. Next: the fact `turn.ended`, and `server/usage/login-turns.ts`.
 */
import type { LoginUsage } from '#core/chat/events.ts'
import type { PromptUsage } from '#agent/acp/prompt-usage.ts'
import type { AgentProcess } from '#agent/agent-process.ts'
import { modelOf } from '#agent/session-options.ts'

export type LoginMeter = {
  answered: (said: PromptUsage) => void
  /** Also of a turn whose agent gave no answer. */
  read: (nowMs: number) => LoginUsage
}

/** Null for a turn that goes through the proxy. @param startedAtMs of a monotonic clock, as in `read` */
export function meterLogin(agent: AgentProcess, startedAtMs: number): LoginMeter | null {
  if (agent.grant.delivery.via === 'proxy') return null
  let said: PromptUsage = { model: null, tokens: null }
  return {
    answered: (answer) => void (said = answer),
    read: (nowMs) => ({
      runId: agent.runId,
      model: said.model ?? modelOf(agent),
      tokens: said.tokens,
      durationMs: Math.round(nowMs - startedAtMs),
    }),
  }
}
