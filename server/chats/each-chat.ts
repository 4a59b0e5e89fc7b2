/** For whatever sweeps over chats: `projection.ts`, `compaction.ts`, `retention.ts`, the search's `indexer.ts`. */
import type { ChatId } from '#core/ids.ts'
import { log } from '#server/log.ts'

/** One after the other. One that fails is told of, keeps no other waiting, and is met again by the next sweep. */
export async function eachChat(chatIds: readonly ChatId[], work: (chatId: ChatId) => Promise<void>, failure: string): Promise<void> {
  for (const chatId of chatIds) await work(chatId).catch((error: unknown) => log.warn({ err: error, chatId }, failure))
}
