/**
 * What crosses the edge between browser and server: socket.io namespace `/chats`.
 * A pipe, nothing more: each subscription is a cursor, and catch-up, live tail,
 * slow phone and server change are the same pages.
 * Flow: `server/realtime/pump.ts` → `components/chat/use-chat-feed.ts`.
 */
import { z } from 'zod'
import { ChatEvent } from '#core/chat/events.ts'
import { ChatId, UserId } from '#core/ids.ts'

export const BROWSER_NAMESPACE = '/chats'
export const PAGE_MAX_EVENTS = 200
export const PAGE_MAX_BYTES = 256_000
/** The client says it is still there and what it types this often; the server forgets after three. */
export const PRESENCE_EVERY_MS = 5_000
export const HEARTBEAT_EVERY_MS = 10_000

/** `after` is the last seq the client applied (0 for none). `logId` changes only when a log was restored or cut. */
export const Subscribe = z.object({ chatId: ChatId, after: z.int().nonnegative(), logId: z.int().positive().nullable() })
export const SubscribeReply = z.discriminatedUnion('is', [
  z.object({
    is: z.literal('following'),
    /**
     * `tail`: what follows on the cursor comes. `snapshot`: the cursor is of another history, or beyond the end of this one.
     * Forget everything, read the end anew and subscribe from there: until then nothing comes.
     */
    mode: z.enum(['tail', 'snapshot']),
    head: z.int().nonnegative(),
    logId: z.int().positive(),
    /** Up to here the log is kept as what its parts came to (`core/chat/history.ts`). A cursor in a part is sent all of it. */
    floor: z.int().nonnegative(),
  }),
  z.object({ is: z.literal('refused') }),
])
export const Unsubscribe = z.object({ chatId: ChatId })

/** Server → browser, acknowledged with `PageReceived`; one page per subscription is under way at a time. */
export const Page = z.object({ chatId: ChatId, logId: z.int().positive(), events: z.array(ChatEvent).min(1), head: z.int().nonnegative() })
export type Page = z.infer<typeof Page>
export const PageReceived = z.object({ applied: z.int().nonnegative() })

/** Server → browser: heads of what is subscribed, so that a silent tail cannot stay unnoticed. */
export const Heartbeat = z.object({ now: z.iso.datetime(), heads: z.array(z.tuple([ChatId, z.int().nonnegative()])) })

/** Browser → server, volatile: never in the log. */
export const PresencePing = z.object({ chatId: ChatId, isTyping: z.boolean() })
export const Presence = z.object({
  chatId: ChatId,
  people: z.array(z.object({ userId: UserId, name: z.string(), isTyping: z.boolean() })),
})
export type Presence = z.infer<typeof Presence>

/** Server → browser: something a list shows has changed (chat started, turn ended); the client refetches. */
export const ListHint = z.object({ topic: z.enum(['chats', 'connections', 'nodes', 'members', 'models', 'usage', 'budgets', 'tasks']) })

export const browserEvents = {
  /** browser → server, acknowledged */
  subscribe: 'subscribe',
  unsubscribe: 'unsubscribe',
  presence: 'presence',
  /** server → browser */
  page: 'page',
  heartbeat: 'heartbeat',
  people: 'people',
  hint: 'hint',
} as const
