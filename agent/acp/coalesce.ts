/**
 * Joins an agent's small text pieces into fewer facts, and gives every piece its
 * place: message id and character offset. The first piece of a message and whatever
 * interrupts it go out at once, so that waiting costs nobody the first word.
 * Next station: `agent/outbox.ts`.
 */
import type { DaemonFact } from '#core/chat/events.ts'
import type { TurnId } from '#core/ids.ts'
import { cut } from '#agent/acp/fit.ts'
import { messageIdOf, type Draft } from '#agent/acp/translate.ts'

export const JOIN_MS = 33
const FLUSH_LENGTH = 4_096
const PIECE_LENGTH = 60_000

type Message = { of: 'reply' | 'thought'; given: string | null; id: string; offset: number; waiting: string }

export type Coalescer = {
  add: (draft: Draft, turnId: TurnId | null) => void
  /** At the end of a turn, and before anything that must come after the text. */
  flush: () => void
  /** Of a turn: its messages end with it. */
  endTurn: () => void
}

/** @param schedule runs once after the time; returns how to call it off */
export function coalescer(put: (fact: DaemonFact) => void, schedule: (run: () => void, ms: number) => () => void): Coalescer {
  let message: Message | null = null
  let turn: TurnId | null = null
  let count = 0
  let callOff: (() => void) | null = null

  function flush(): void {
    callOff?.()
    callOff = null
    if (!message || !turn) return
    while (message.waiting) {
      const { text } = cut(message.waiting, PIECE_LENGTH)
      put({ type: `${message.of}.appended`, turnId: turn, messageId: messageIdOf(message.id), offset: message.offset, text })
      message.offset += text.length
      message.waiting = message.waiting.slice(text.length)
    }
  }

  function endTurn(): void {
    flush()
    message = null
    turn = null
    count = 0
  }

  return {
    flush,
    endTurn,
    add(draft, turnId) {
      if (draft.is === 'fact') {
        flush()
        // A tool call between two pieces splits the message: each part then stands where it was said.
        if (splits(draft.fact)) message = null
        put(draft.fact)
        return
      }
      if (turnId === null) return
      if (turn !== turnId) endTurn()
      turn = turnId
      const continues = message !== null && message.of === draft.of && (draft.messageId === null || draft.messageId === message.given)
      if (!continues) {
        flush()
        count += 1
        // The turn in the id: an agent that counts its messages anew after a restart must not write into old ones.
        message = { of: draft.of, given: draft.messageId, id: `${turnId}:${count}`, offset: 0, waiting: '' }
      }
      message!.waiting += draft.text
      if (message!.offset === 0 || message!.waiting.length >= FLUSH_LENGTH) flush()
      else callOff ??= schedule(flush, JOIN_MS)
    },
  }
}

function splits(fact: DaemonFact): boolean {
  return fact.type === 'tool.called' || fact.type === 'permission.requested' || fact.type === 'elicitation.requested'
}
