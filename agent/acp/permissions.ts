/**
 * Questions of an agent that a person must answer. Each open one holds the agent's
 * request; it is answered once, by a person's choice or by "cancelled" when nobody
 * can answer any more (the turn ended, the run is gone).
 */
import type { DaemonFact } from '#core/chat/events.ts'
import { RequestId, type TurnId } from '#core/ids.ts'
import { translatePermission } from '#agent/acp/translate.ts'

export type PermissionOutcome = { outcome: { outcome: 'selected'; optionId: string } | { outcome: 'cancelled' } }
const cancelled: PermissionOutcome = { outcome: { outcome: 'cancelled' } }

type Closing = Extract<DaemonFact, { type: 'permission.closed' }>['reason']

export type PermissionDesk = {
  /** The agent asks; resolves when it is answered. */
  ask: (params: unknown, turn: { turnId: TurnId | null; workdir: string }) => Promise<PermissionOutcome>
  /** Without an option, the agent hears "cancelled". @returns whether the question was still open and has that option */
  answer: (requestId: RequestId, optionId: string | null) => boolean
  closeAll: (reason: Closing) => void
}

export function permissionDesk(put: (fact: DaemonFact) => void, mintId: () => string): PermissionDesk {
  const open = new Map<RequestId, { options: ReadonlySet<string>; resolve: (outcome: PermissionOutcome) => void }>()
  return {
    ask(params, { turnId, workdir }) {
      const question = translatePermission(params, workdir)
      if (!question || turnId === null) {
        put({ type: 'agent.said', turnId, method: 'session/request_permission', raw: params ?? null })
        return Promise.resolve(cancelled)
      }
      const requestId = RequestId.parse(mintId())
      return new Promise((resolve) => {
        open.set(requestId, { options: new Set(question.options.map((each) => each.optionId)), resolve })
        put({ type: 'permission.requested', requestId, turnId, ...question })
      })
    },
    answer(requestId, optionId) {
      const question = open.get(requestId)
      if (!question || (optionId !== null && !question.options.has(optionId))) return false
      open.delete(requestId)
      question.resolve(optionId === null ? cancelled : { outcome: { outcome: 'selected', optionId } })
      return true
    },
    closeAll(reason) {
      for (const [requestId, { resolve }] of open) {
        put({ type: 'permission.closed', requestId, reason })
        resolve(cancelled)
      }
      open.clear()
    },
  }
}
