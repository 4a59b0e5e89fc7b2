/**
 * Follows one chat through the public API and folds its log with the product's own
 * fold, so a test asks about the view that people have and about the facts behind it.
 */
import { randomUUID } from 'node:crypto'
import type { ChatEvent } from '#core/chat/events.ts'
import { fold } from '#core/chat/fold.ts'
import { emptyChat, type ChatView, type Turn } from '#core/chat/view.ts'
import type { Api } from '#e2e/world/api.ts'
import { until } from '#e2e/world/wait.ts'

export type ChatFollower = {
  readonly chatId: string
  /** Every fact read so far, in order. */
  readonly events: readonly ChatEvent[]
  view(): ChatView
  /** Reads what was committed since. */
  catchUp(): Promise<void>
  /** Sends a prompt of text; the turn's id is the answer. */
  send(text: string, turnId?: string): Promise<string>
  /** Resolves with the view once `holds` says so. */
  untilView(holds: (view: ChatView) => boolean, what: string, withinMs?: number): Promise<ChatView>
  /** Resolves when the turn has ended, in whatever way. */
  untilEnded(turnId: string, withinMs?: number): Promise<Turn>
  untilEvent<T extends ChatEvent['type']>(type: T, withinMs?: number): Promise<Extract<ChatEvent, { type: T }>>
  turn(turnId: string): Turn | undefined
}

const ended = new Set<Turn['status']>(['completed', 'cancelled', 'interrupted', 'refused', 'failed'])

/** What a turn replied, as one text. */
export const replyOf = (turn: Turn): string => turn.items.flatMap((each) => (each.is === 'reply' ? [each.text] : [])).join('')

export function followChat(api: Api, chatId: string): ChatFollower {
  const events: ChatEvent[] = []
  let view = emptyChat

  async function catchUp() {
    for (;;) {
      const page = await api.chats.eventsAfter.query({ chatId, afterSeq: view.seq })
      for (const event of page.events as ChatEvent[]) {
        events.push(event)
        view = fold(view, event)
      }
      if (view.seq >= page.headSeq || page.events.length === 0) return
    }
  }

  const tail = () =>
    events
      .slice(-12)
      .map((each) => JSON.stringify(each).slice(0, 400))
      .join('\n')
  const turn = (turnId: string) => view.turns.find((each) => each.turnId === turnId)

  return {
    chatId,
    events,
    view: () => view,
    catchUp,
    turn,
    async send(text, turnId = randomUUID()) {
      await api.chats.sendPrompt.mutate({ chatId, turnId, prompt: [{ type: 'text', text }] })
      return turnId
    },
    untilView: (holds, what, withinMs = 60_000) =>
      until(
        async () => {
          await catchUp()
          return holds(view) && view
        },
        { what: `the chat shows ${what}`, withinMs, describe: tail },
      ),
    untilEnded: (turnId, withinMs = 90_000) =>
      until(
        async () => {
          await catchUp()
          const found = turn(turnId)
          return found && ended.has(found.status) && found
        },
        { what: 'the turn ends', withinMs, describe: tail },
      ),
    untilEvent: <T extends ChatEvent['type']>(type: T, withinMs = 60_000) =>
      until(
        async () => {
          await catchUp()
          return events.findLast((each): each is Extract<ChatEvent, { type: T }> => each.type === type)
        },
        { what: `the log holds ${type}`, withinMs, describe: tail },
      ),
  }
}
