/**
 * The daemon's one connection to the server. Every call is acknowledged; a call made
 * while the connection is away waits for the next one, and is made again when it broke
 * in between, so each must be safe to repeat (the protocol is: `core/links/daemon.ts`).
 * Next: `server/daemons/gateway.ts`.
 */
import { io, type Socket } from 'socket.io-client'
import {
  DAEMON_NAMESPACE,
  daemonCalls,
  SERVER_ASKS,
  SERVER_HINT,
  ServerHint,
  SOCKET_PATH,
  type Acknowledged,
  type CallReply,
  type CallRequest,
  type DaemonCall,
} from '#core/links/daemon.ts'
import { log } from '#agent/log.ts'

/** Resolves with the server's answer, however long that takes; rejects only when the uplink is closed. */
export type Call = <C extends DaemonCall>(call: C, request: CallRequest<C>) => Promise<CallReply<C>>

export type Uplink = {
  call: Call
  /** One attempt on the present connection, for what is worth nothing later. */
  tryCall: <C extends DaemonCall>(call: C, request: CallRequest<C>) => Promise<CallReply<C> | null>
  close: () => void
}

export type UplinkOptions = {
  url: string
  /** Asked anew for each connection, whose nonce it signs. */
  hello: (nonce: string) => CallRequest<'hello'>
  onGreeted: (reply: Extract<CallReply<'hello'>, { ok: true }>) => void
  onRefused: (code: Extract<CallReply<'hello'>, { ok: false }>['code']) => void
  onHint: (hint: ServerHint) => void
}

const ANSWER_MS = 15_000
const GREET_AGAIN_MS = 1_000

export function openUplink({ url, hello, onGreeted, onRefused, onHint }: UplinkOptions): Uplink {
  const socket: Socket = io(new URL(DAEMON_NAMESPACE, url).href, {
    path: SOCKET_PATH,
    transports: ['websocket'],
    reconnectionDelay: 300,
    reconnectionDelayMax: 5_000,
    randomizationFactor: 0.5,
    timeout: 10_000,
  })
  let isClosed = false
  let isGreeted = false
  let greeted = Promise.withResolvers<void>()
  greeted.promise.catch(() => {})

  async function ask<C extends DaemonCall>(call: C, request: CallRequest<C>): Promise<CallReply<C>> {
    const answer = (await socket.timeout(ANSWER_MS).emitWithAck(call, request)) as Acknowledged<unknown>
    if ('error' in answer) throw new Error(`${call}: ${answer.error}`)
    return daemonCalls[call].reply.parse(answer.reply) as CallReply<C>
  }

  async function greet(): Promise<void> {
    try {
      const { nonce } = await ask('challenge', {})
      const reply = await ask('hello', hello(nonce))
      if (!reply.ok) return onRefused(reply.code)
      onGreeted(reply)
      isGreeted = true
      greeted.resolve()
    } catch (error) {
      log.warn({ err: error }, 'The server did not take the greeting')
      // A new connection is a new greeting; at once it would be one of very many, to a server that has enough to do.
      socket.disconnect()
      setTimeout(() => !isClosed && socket.connect(), GREET_AGAIN_MS * (0.5 + Math.random()))
    }
  }

  socket.on('connect', () => void greet())
  socket.on('disconnect', (reason) => {
    // Whoever waits for a greeting still waits when the line breaks before there was one: the promise stays theirs.
    if (isGreeted) {
      isGreeted = false
      greeted = Promise.withResolvers<void>()
      greeted.promise.catch(() => {})
    }
    if (isClosed) return
    log.info({ reason }, 'The server is away')
    // When the server itself hangs up, socket.io leaves reconnecting to us.
    if (reason === 'io server disconnect') setTimeout(() => !isClosed && socket.connect(), 1_000).unref()
  })
  socket.on('connect_error', (error) => log.debug({ err: error }, 'The server cannot be reached'))
  socket.on(SERVER_ASKS, (answer: unknown) => void (typeof answer === 'function' && answer()))
  socket.on(SERVER_HINT, (hint: unknown) => {
    const parsed = ServerHint.safeParse(hint)
    if (parsed.success) onHint(parsed.data)
  })

  return {
    async call(call, request) {
      for (let failures = 0; ; failures += 1) {
        await greeted.promise
        if (isClosed) throw new Error('the uplink is closed')
        try {
          return await ask(call, request)
        } catch (error) {
          if (isClosed) throw error
          log.debug({ err: error, call }, 'A call is made again')
          await new Promise((resolve) => setTimeout(resolve, Math.min(5_000, 200 * 2 ** failures) * (0.5 + Math.random() / 2)))
        }
      }
    },
    async tryCall(call, request) {
      if (!socket.connected) return null
      return ask(call, request).catch((error: unknown) => {
        log.debug({ err: error, call }, 'A call was not answered')
        return null
      })
    },
    close() {
      isClosed = true
      greeted.reject(new Error('the uplink is closed'))
      socket.disconnect()
    },
  }
}
