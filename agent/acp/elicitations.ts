/**
 * What an agent wants to know of people. Each open question holds the agent's request; it is answered once, by a person,
 * or by "cancel" when nobody can answer any more or the agent itself lets it go.
 */
import type { DaemonFact } from '#core/chat/events.ts'
import type { ElicitationAction, ElicitationAnswers, ElicitationForm } from '#core/chat/elicitation.ts'
import { RequestId, type TurnId } from '#core/ids.ts'
import { replyOf, translateElicitation, type ElicitationReply } from '#agent/acp/translate-elicitation.ts'

type Closing = Extract<DaemonFact, { type: 'elicitation.closed' }>['reason']

export type ElicitationDesk = {
  /** The agent asks; resolves when it is answered. `signal`: the agent asks no more. */
  ask: (params: unknown, turnId: TurnId | null, signal: AbortSignal) => Promise<ElicitationReply>
  answer: (requestId: RequestId, action: ElicitationAction, answers: ElicitationAnswers) => void
  closeAll: (reason: Closing) => void
}

export function elicitationDesk(put: (fact: DaemonFact) => void, mintId: () => string): ElicitationDesk {
  const open = new Map<RequestId, { form: ElicitationForm; resolve: (reply: ElicitationReply) => void }>()

  function close(requestId: RequestId, reason: Closing): void {
    const question = open.get(requestId)
    if (!question) return
    open.delete(requestId)
    put({ type: 'elicitation.closed', requestId, reason })
    question.resolve({ action: 'cancel' })
  }

  return {
    ask(params, turnId, signal) {
      const elicited = translateElicitation(params)
      if (!elicited || turnId === null) {
        put({ type: 'agent.said', turnId, method: 'elicitation/create', raw: params ?? null })
        return Promise.resolve({ action: 'cancel' })
      }
      const requestId = RequestId.parse(mintId())
      signal.addEventListener('abort', () => close(requestId, 'withdrawn'), { once: true })
      return new Promise((resolve) => {
        open.set(requestId, { form: elicited.form, resolve })
        put({ type: 'elicitation.requested', requestId, turnId, ...elicited })
      })
    },
    answer(requestId, action, answers) {
      const question = open.get(requestId)
      if (!question) return
      open.delete(requestId)
      question.resolve(replyOf(question.form, action, answers))
    },
    closeAll(reason) {
      for (const requestId of open.keys()) close(requestId, reason)
    },
  }
}
