/** The one socket.io of this process, mounted by `server/http.ts`. Browsers and daemons have a namespace each. */
import { Server as Engine } from 'engine.io'
import { Server } from 'socket.io'
import { allowedOrigins } from '#server/http-guards.ts'
import type { Parts } from '#server/http.ts'
import { socketOptions } from '#server/realtime/socket-options.ts'
import type { Env } from '#server/env.ts'

export type Sockets = NonNullable<Parts['sockets']> & { io: Server; close(): Promise<void> }

export function openSockets(env: Env): Sockets {
  const origins = allowedOrigins(env)
  const options = socketOptions((origin) => origins.has(origin))
  const io = new Server(options)
  const engine = new Engine(options)
  io.bind(engine)
  return {
    io,
    answer: (req, res) => engine.handleRequest(req as never, res),
    upgrade: (req, socket, head) => engine.handleUpgrade(req as never, socket, head),
    close: async () => {
      await io.close()
      engine.close()
    },
  }
}
