/** How socket.io is mounted, for browsers and daemons alike. `server/main.ts` makes the server with these. */
import type { IncomingMessage } from 'node:http'
import type { ServerOptions } from 'socket.io'
import { SOCKET_PATH } from '#core/links/daemon.ts'
import { pageParser } from '#server/realtime/page-encoder.ts'

/**
 * A websocket from another site carries our cookie, and CORS does not stop it: only the Origin does. Daemons and
 * scripts send none, and have no cookie to steal.
 * @param isOurOrigin whether pages of this origin are ours
 */
export const socketOptions = (isOurOrigin: (origin: string) => boolean): Partial<ServerOptions> => ({
  path: SOCKET_PATH,
  parser: pageParser,
  serveClient: false,
  transports: ['websocket', 'polling'],
  // Text of a few hundred bytes: compressing each message costs more than it saves.
  perMessageDeflate: false,
  maxHttpBufferSize: 4_000_000,
  pingInterval: 10_000,
  pingTimeout: 10_000,
  connectTimeout: 10_000,
  allowRequest: ({ headers }: IncomingMessage, decide: (problem: string | null, isAllowed: boolean) => void) => {
    decide(null, headers.origin === undefined || isOurOrigin(headers.origin))
  },
})
