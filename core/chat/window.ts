/** What a browser holds of a transcript, and how it asks for more: `server/chats/window.ts` answers. */
import { z } from 'zod'
import { TurnId } from '#core/ids.ts'
import type { ChatView, Turn } from '#core/chat/view.ts'

/** Where to read. `item` is a number at which a segment begins, or the end of the turn. */
export const WindowPlace = z.discriminatedUnion('is', [
  z.object({ is: z.literal('before'), turnId: TurnId, item: z.int().nonnegative() }),
  z.object({ is: z.literal('after'), turnId: TurnId, item: z.int().nonnegative() }),
  /** An item by its key (`part.ts`), or the prompt of its turn where none is named. */
  z.object({ is: z.literal('around'), turnId: TurnId, key: z.string().max(500).nullable() }),
  /** So many entries after the first. */
  z.object({ is: z.literal('entry'), number: z.int().nonnegative() }),
])
export type WindowPlace = z.infer<typeof WindowPlace>

/** Turns in their order, each with a run of its items; as they stand at `seq`. */
export type Stretch = {
  seq: number
  logId: number
  turns: readonly Turn[]
  /** How many entries (prompts and items) stand before and after these. */
  before: number
  after: number
}

/** The last stretch, which reaches to the end, in the view of the whole chat. */
export type LastStretch = { logId: number; view: ChatView; before: number }
