/** For tests: a server's two namespaces on a free port, and the smallest daemon that speaks the protocol. */
import { createServer } from 'node:http'
import type { AddressInfo, Socket as NetSocket } from 'node:net'
import { Server } from 'socket.io'
import { io as connectTo, type Socket } from 'socket.io-client'
import type { z } from 'zod'
import type { DaemonFact } from '#core/chat/events.ts'
import type { ChatId, NodeId } from '#core/ids.ts'
import type { Boot } from '#core/nodes/identity.ts'
import {
  DAEMON_NAMESPACE,
  DAEMON_PROTOCOL,
  SERVER_ASKS,
  SERVER_HINT,
  SOCKET_PATH,
  type Acknowledged,
  type CallReply,
  type CallRequest,
  type DaemonCall,
  type Hello,
  type ServerHint,
} from '#core/links/daemon.ts'
import { attachDaemons } from '#server/daemons/gateway.ts'
import { nextBoot, proofOf, seedNode } from '#server/daemons/testing-nodes.ts'
import { attachRealtime, type Pace } from '#server/realtime/gateway.ts'
import { socketOptions } from '#server/realtime/socket-options.ts'

export async function openSocketServer({ pace }: { pace?: Pace } = {}): Promise<{
  url: string
  /** The server's ends of what is connected now. */
  connections: ReadonlySet<NetSocket>
  close(): Promise<void>
}> {
  const http = createServer()
  const connections = new Set<NetSocket>()
  http.on('connection', (socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  const io = new Server(
    http,
    socketOptions(() => true),
  )
  const detach = [attachDaemons(io), attachRealtime(io, pace)]
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    connections,
    close: async () => {
      for (const each of detach) each()
      await io.close()
    },
  }
}

export class TestDaemon {
  readonly socket: Socket
  readonly hints: ServerHint[] = []
  /** Of one whose line nobody has noticed to be dead, false. */
  isAlive = true
  #nodeId: NodeId | null = null
  readonly #waiting = new Set<() => void>()

  private constructor(url: string) {
    this.socket = connectTo(`${url}${DAEMON_NAMESPACE}`, {
      path: SOCKET_PATH,
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    })
    this.socket.on(SERVER_ASKS, (answer: () => void) => void (this.isAlive && answer()))
    this.socket.on(SERVER_HINT, (hint: ServerHint) => {
      this.hints.push(hint)
      for (const wake of this.#waiting) wake()
    })
  }

  /** Connects without a word. */
  static connect(url: string): TestDaemon {
    return new TestDaemon(url)
  }

  /** Greets as the server's own node, or as another that has a key, in a new start of its daemon. */
  static async join(url: string, options: Greeting & { nodeId?: NodeId } = {}): Promise<TestDaemon> {
    const { nodeId = await seedNode(), ...greeting } = options
    const daemon = new TestDaemon(url)
    const reply = await daemon.greet(nodeId, greeting)
    if (!reply.ok) throw new Error(reply.code)
    return daemon
  }

  /** Signs this connection's nonce. */
  async greet(nodeId: NodeId, { boot = nextBoot(), ...rest }: Greeting = {}): Promise<CallReply<'hello'>> {
    const { nonce } = await this.call('challenge', {})
    const reply = await this.call('hello', { ...usualHello, proof: proofOf(nodeId, { nonce, boot }), ...rest })
    if (reply.ok) this.#nodeId = nodeId
    return reply
  }

  get nodeId(): NodeId {
    return this.#nodeId!
  }

  async ask<C extends DaemonCall>(call: C, request: unknown): Promise<Acknowledged<CallReply<C>>> {
    return (await this.socket.timeout(5_000).emitWithAck(call, request)) as Acknowledged<CallReply<C>>
  }

  async call<C extends DaemonCall>(call: C, request: CallRequest<C>): Promise<CallReply<C>> {
    const answer = await this.ask(call, request)
    if ('error' in answer) throw new Error(answer.error)
    return answer.reply
  }

  append(chatId: ChatId, epoch: number, first: number, ...facts: DaemonFact[]): Promise<CallReply<'append'>> {
    return this.call('append', { chatId, epoch, facts: facts.map((fact, at) => ({ pseq: first + at, fact })) })
  }

  async hint(isIt: (hint: ServerHint) => boolean): Promise<ServerHint> {
    for (;;) {
      const found = this.hints.find(isIt)
      if (found) return found
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake)
          resolve()
        }
        this.#waiting.add(wake)
      })
    }
  }

  close(): void {
    this.socket.disconnect()
  }
}

type Greeting = Partial<z.infer<typeof Hello>> & { boot?: Boot }

export const usualHello: Omit<z.infer<typeof Hello>, 'proof'> = {
  protocol: DAEMON_PROTOCOL,
  version: '0.1.0',
  platform: 'linux-x64',
  capacity: 4,
  sandbox: { level: 'namespaces', reason: null },
  harnesses: [],
  health: null,
  held: [],
  logins: [],
}
