/**
 * Which rows of a log may become one. An agent's text arrives in many small pieces; once its turn is over, pieces that
 * follow on in the log and in their message are kept as one event with `seqFrom < seq`. Whoever has applied none, some
 * or all of the pieces comes to the same view by the merged one, since text is set at its offset (`fold.ts`).
 */
import type { ChatEvent, ChatEventOf } from '#core/chat/events.ts'

type TextEvent = ChatEventOf<'reply.appended' | 'thought.appended'>

/** Longer texts stay in several events, so that a page can still hold one. */
export const MERGED_MAX_CHARS = 64_000

const isText = (event: ChatEvent): event is TextEvent => event.type === 'reply.appended' || event.type === 'thought.appended'

/** The events that take the place of several; each stands for `seqFrom`…`seq`. What is not named stays as it is. */
export function mergeText(events: readonly ChatEvent[]): TextEvent[] {
  const merged: TextEvent[] = []
  let run: TextEvent | null = null
  let count = 0
  const close = (): void => {
    if (run && count > 1) merged.push(run)
    run = null
  }
  for (const event of events) {
    if (!isText(event)) {
      close()
      continue
    }
    const longer: TextEvent | null = run && joined(run, event)
    if (longer) {
      run = longer
      count += 1
      continue
    }
    close()
    run = event
    count = 1
  }
  close()
  return merged
}

/** The first piece of a thought says when it began, and so stays alone. */
function joined(run: TextEvent, next: TextEvent): TextEvent | null {
  const follows =
    run.type === next.type &&
    run.turnId === next.turnId &&
    run.messageId === next.messageId &&
    next.seqFrom === run.seq + 1 &&
    next.offset === run.offset + run.text.length &&
    run.text.length + next.text.length <= MERGED_MAX_CHARS
  if (!follows || (run.type === 'thought.appended' && run.offset === 0)) return null
  return { ...next, seqFrom: run.seqFrom, offset: run.offset, text: run.text + next.text }
}
