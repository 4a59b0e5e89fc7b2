/**
 * The one socket of a tab: namespace `/chats`, shared by chats and lists.
 * It is a fast path only; what it misses, a refetch or a cursor brings.
 * Next: `server/realtime/pump.ts`; who listens: `use-list-hints.ts`, `components/chat/use-chat-feed.ts`.
 */
import { io, type Socket } from 'socket.io-client'
import { BROWSER_NAMESPACE } from '#core/links/browser.ts'
import { SOCKET_PATH } from '#core/links/daemon.ts'

let shared: Socket | null = null

/** The socket of this tab, connected at its first use. Only in the browser. */
export function browserSocket(): Socket {
  shared ??= io(BROWSER_NAMESPACE, {
    path: SOCKET_PATH,
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnectionDelay: 300,
    reconnectionDelayMax: 5_000,
  })
  return shared
}
