/**
 * The daemons' socket: every call is parsed, proved and acknowledged. A daemon proves who it is once for each
 * connection, with a signature over that connection's nonce; each later call is about leases of that node alone.
 * Attached by `server/run.ts`. From: `agent/uplink.ts`. Next: `ingest.ts`, `lease.ts`, `start-run.ts`.
 */
import { randomBytes } from 'node:crypto'
import type { DefaultEventsMap, Server, Socket } from 'socket.io'
import type { z } from 'zod'
import type { ChatId, NodeId } from '#core/ids.ts'
import {
  DAEMON_NAMESPACE,
  daemonCalls,
  LEASE_TTL_MS,
  SERVER_HINT,
  type Acknowledged,
  type CallError,
  type CallReply,
  type CallRequest,
  type DaemonCall,
  type Hello,
  type HelloReply,
  type ServerHint,
} from '#core/links/daemon.ts'
import { Dispatcher, lineOf } from '#server/daemons/dispatch.ts'
import { lookBehind, proveGreeting } from '#server/daemons/identity-service.ts'
import { updateForeign, updateGreeted } from '#server/daemons/identity-store.ts'
import { ingest, salvage } from '#server/daemons/ingest.ts'
import { claim, countWaiting, endForgottenLeases, holds, release, renew } from '#server/daemons/lease.ts'
import { findStanding, ONLINE_FOR_MS, updateDisconnected, updateReported } from '#server/daemons/node-store.ts'
import { endRun, updateAgentSession } from '#server/daemons/run-store.ts'
import { startRun } from '#server/daemons/start-run.ts'
import { syncLogin, updateReturned } from '#server/logins/service.ts'
import { forgetRun } from '#server/proxy/handler.ts'
import { log } from '#server/log.ts'
import { hintList, publish } from '#server/realtime/bus.ts'
import { takeSignIn, tellSignIn } from '#server/sign-ins/node-side.ts'

/** A connection that has not said who it is by then is closed. */
const GREETING_MS = 10_000
/**
 * How long a new start of a daemon gets nothing while the one before may be alive, unheard by whoever asks it: that one
 * claims at least every quarter of a lease.
 */
const RIVAL_MS = LEASE_TTL_MS / 3

type Data = {
  /** Set by the proved greeting. */
  nodeId: NodeId | null
  /** Nothing but reports is taken of it: whether it is alone shows within moments. */
  isWaiting: boolean
}
type DaemonSocket = Socket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, Data>
/** Calls that are also about the connection they come on. */
type AboutConnection = 'challenge' | 'hello' | 'bye' | 'claim' | 'report'
type Handlers = { [C in Exclude<DaemonCall, AboutConnection>]: (nodeId: NodeId, request: CallRequest<C>) => Promise<CallReply<C>> }
type Greeting = z.infer<typeof Hello>

const handlers: Handlers = {
  renew: async (nodeId, { leases }) => ({ kept: await renew(nodeId, leases) }),
  release: async (nodeId, lease) => {
    await release(nodeId, lease)
    return {}
  },
  startRun: async (nodeId, run) => {
    const started = await startRun(nodeId, run)
    return started.ok ? started : { ...started, facts: { ...started.facts } }
  },
  sessionOpened: async (nodeId, opened) => {
    await updateAgentSession({ nodeId, ...opened })
    return {}
  },
  runEnded: async (nodeId, run) => {
    await endRun({ nodeId, ...run })
    // Its token is dead in the database; this cuts what it still has under way.
    forgetRun(run.runId)
    return {}
  },
  append: (nodeId, append) => ingest({ nodeId, ...append }),
  salvage: async (nodeId, append) => {
    await salvage({ nodeId, ...append })
    return {}
  },
  loginChanged: syncLogin,
  takeSignIn,
  tellSignIn,
}

/** Serves the namespace for daemons until the answer is called. */
export function attachDaemons(io: Server): () => void {
  const nodes = io.of(DAEMON_NAMESPACE)
  const dispatcher = new Dispatcher()

  nodes.on('connection', (plain) => {
    const socket = plain as unknown as DaemonSocket
    socket.data = { nodeId: null, isWaiting: false }
    let nonce: string | null = null
    let heldAtGreeting: ChatId[] = []
    let hasClaimed = false
    const greeting = setTimeout(() => socket.disconnect(true), GREETING_MS).unref()

    serve(socket, 'challenge', async () => {
      nonce = randomBytes(32).toString('base64url')
      return { nonce }
    })
    serve(socket, 'hello', async (hello) => {
      const asked = nonce
      nonce = null
      const greeted = await greet(socket, asked, hello)
      if (!greeted || !socket.connected) return 'unavailable'
      if ('ok' in greeted) return greeted
      clearTimeout(greeting)
      const { nodeId, hasRival, said } = greeted
      socket.data = { nodeId, isWaiting: hasRival }
      heldAtGreeting = said.held.map((lease) => lease.chatId)
      dispatcher.add(nodeId, socket)
      publish({ about: 'node-greeted', nodeId, connection: socket.id })
      hintList({ teamId: null, topic: 'nodes' })
      if (hasRival) setTimeout(() => void admit(socket, nodeId, said).catch(logged), RIVAL_MS).unref()
      else await admit(socket, nodeId, said)
      return { ok: true, leaseTtlMs: LEASE_TTL_MS }
    })
    serveGreeted(socket, 'claim', async (nodeId, { max }) => {
      const { isNewest, isDraining, isCut } = await findStanding(nodeId, socket.id)
      if (!isNewest) void lookBehind(nodeId, lineOf(socket)).catch(logged)
      if (isCut) socket.disconnect(true)
      if (!isNewest || isCut) return { leases: [], waiting: 0, isDraining: false }
      if (!hasClaimed) await endForgottenLeases(nodeId, heldAtGreeting)
      hasClaimed = true
      const leases = await claim(nodeId, Math.min(max, 100))
      return { leases, waiting: leases.length < max ? 0 : await countWaiting(nodeId), isDraining }
    })
    serveGreeted(socket, 'report', async (nodeId, report) => {
      await updateReported(nodeId, socket.id, report)
      hintList({ teamId: null, topic: 'nodes' })
      return {}
    })
    // Draining: it may still append and renew, but nothing more is asked of it.
    serve(socket, 'bye', async () => {
      await depart(socket)
      return {}
    })
    for (const call of Object.keys(handlers) as (keyof Handlers)[])
      // The keys of both tables are the same; TypeScript cannot carry that through a generic index.
      serveGreeted(socket, call, handlers[call] as Handle<typeof call>)

    socket.on('disconnect', () => {
      clearTimeout(greeting)
      depart(socket).catch((error: unknown) => log.warn({ err: error }, 'A node could not be marked as gone'))
    })
  })

  async function depart(socket: DaemonSocket): Promise<void> {
    const { nodeId } = socket.data
    if (!nodeId || !dispatcher.remove(nodeId, socket)) return
    await updateDisconnected(nodeId, socket.id)
    hintList({ teamId: null, topic: 'nodes' })
  }

  return () => {
    dispatcher.stop()
    nodes.disconnectSockets(true)
  }
}

type Greeted = { nodeId: NodeId; hasRival: boolean; said: Greeting }

/** Unknown, removed and forged all look the same. Null for one that is late: the daemon has another connection by now. */
async function greet(socket: DaemonSocket, nonce: string | null, hello: CallRequest<'hello'>): Promise<Greeted | HelloReply | null> {
  const node = nonce !== null && hello.proof ? await proveGreeting(nonce, hello.proof) : null
  if (!('version' in hello)) {
    if (node) await updateForeign(node.nodeId, hello.protocol)
    return { ok: false, code: 'protocol-foreign' }
  }
  if (!node) return { ok: false, code: 'identity-refused' }
  if (node.isCloned) return { ok: false, code: 'identity-cloned' }
  const { nodeId } = node
  const greeted = await updateGreeted(nodeId, { hello, connection: socket.id, onlineForMs: ONLINE_FOR_MS })
  if (greeted.is === 'newest') return { nodeId, hasRival: greeted.hasRival, said: hello }
  // Before it is answered: a living daemon hangs up on a refusal, and could then not be asked any more.
  await lookBehind(nodeId, lineOf(socket)).catch(logged)
  return null
}

/** From here on it is trusted with work. What it believes to hold and does not, it is told; and that it may claim what waits. */
async function admit(socket: DaemonSocket, nodeId: NodeId, { held, logins }: Greeting): Promise<void> {
  if (!socket.connected) return
  socket.data.isWaiting = false
  await updateReturned(nodeId, { except: logins })
  const tell = (hint: ServerHint) => socket.emit(SERVER_HINT, hint)
  for (const lease of held) if (!(await holds(nodeId, lease))) tell({ hint: 'lease-lost', ...lease })
  tell({ hint: 'work' })
}

const logged = (error: unknown): void => log.error({ err: error }, 'A greeting could not be followed up')

type Handle<C extends DaemonCall> = (nodeId: NodeId, request: CallRequest<C>) => Promise<CallReply<C>>

function serveGreeted<C extends DaemonCall>(socket: DaemonSocket, call: C, handle: Handle<C>): void {
  serve(socket, call, async (request) => {
    const { nodeId, isWaiting } = socket.data
    if (!nodeId) return 'not-greeted'
    return isWaiting && call !== 'report' ? 'unavailable' : handle(nodeId, request)
  })
}

function serve<C extends DaemonCall>(
  socket: DaemonSocket,
  call: C,
  handle: (request: CallRequest<C>) => Promise<CallReply<C> | CallError>,
): void {
  socket.on(call as string, (input: unknown, acknowledge: unknown) => {
    if (typeof acknowledge !== 'function') return
    const answer = (value: Acknowledged<CallReply<C>>) => void acknowledge(value)
    const parsed = daemonCalls[call].request.safeParse(input)
    if (!parsed.success) {
      log.warn({ call, nodeId: socket.data.nodeId, problems: parsed.error.issues.slice(0, 5) }, 'A daemon sent what we do not understand')
      return answer({ error: 'malformed' })
    }
    handle(parsed.data as CallRequest<C>)
      .then((reply) => answer(typeof reply === 'string' ? { error: reply } : { reply }))
      .catch((error: unknown) => {
        log.error({ err: error, call, nodeId: socket.data.nodeId }, 'A call of a daemon failed')
        answer({ error: 'unavailable' })
      })
  })
}
