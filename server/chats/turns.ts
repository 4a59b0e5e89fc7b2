/** The turns of a chat one after another, for whoever writes of a whole chat: with the memory of a few, however long it is. */
import { hasEnded } from '#core/chat/fold-turn.ts'
import { foldAll } from '#core/chat/fold.ts'
import { emptyChat, type ChatView, type Turn } from '#core/chat/view.ts'
import type { ChatId } from '#core/ids.ts'
import { readEventsAfter, readHead } from '#server/chats/events.ts'

const PAGE = { maxEvents: 2_000, maxBytes: 2_000_000 }

/** In their order, up to where the log stands now; those that have not ended as they stand. */
export async function* turnsOf(chatId: ChatId): AsyncGenerator<Turn> {
  const head = (await readHead(chatId))?.head ?? 0
  let view: ChatView = emptyChat
  while (view.seq < head) {
    const events = await readEventsAfter(chatId, { afterSeq: view.seq, ...PAGE })
    if (events.length === 0) break
    view = foldAll(view, events)
    // What is late (the list of changes, a failure of the model) still belongs to a turn when the next one is at work.
    while (view.turns[1] && hasEnded(view.turns[0]!) && hasEnded(view.turns[1])) {
      yield view.turns[0]!
      view = { ...view, turns: view.turns.slice(1) }
    }
  }
  yield* view.turns
}
