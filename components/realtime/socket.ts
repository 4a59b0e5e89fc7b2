/**
 * The one socket of a tab: namespace `/chats`, shared by chats and lists.
 * It is a fast path only; what it misses, a refetch or a cursor brings.
 * Next: `server/realtime/pump.ts`; who listens: `use-list-hints.ts`, `components/chat/use-chat-feed.ts`.
 */
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'
import { BROWSER_NAMESPACE } from '#core/links/browser.ts'
import { SOCKET_PATH } from '#core/links/daemon.ts'

let shared: Socket | null = null

const AGAIN_MS = 2_000

/**
 * socket.io comes back by itself from a broken line alone. A server that hung up (it cuts off whoever takes no
 * pages, and closes when it restarts) or refused us at the door (its database was away) is asked again here.
 */
function persist(socket: Socket): Socket {
  const again = () => setTimeout(() => socket.connect(), AGAIN_MS)
  socket.on('disconnect', (reason) => {
    if (reason === 'io server disconnect') again()
  })
  socket.on('connect_error', () => {
    if (!socket.active) again()
  })
  return socket
}

/** @param origin of the server; the empty one is the page's own */
export const openSocket = (origin: string, more: Partial<ManagerOptions & SocketOptions> = {}): Socket =>
  persist(
    io(`${origin}${BROWSER_NAMESPACE}`, {
      path: SOCKET_PATH,
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      reconnectionDelay: 300,
      reconnectionDelayMax: 5_000,
      ...more,
    }),
  )

/** The socket of this tab, connected at its first use. Only in the browser. */
export const browserSocket = (): Socket => (shared ??= openSocket(''))
