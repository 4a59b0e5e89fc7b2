/**
 * The daemons' socket: every call is parsed, proved and acknowledged. A daemon says who it is once for each
 * connection; each later call is about leases of that node alone.
 * Attached by `server/run.ts`. From: `agent/uplink.ts`. Next: `ingest.ts`, `lease.ts`, `start-run.ts`.
 */
import type { DefaultEventsMap, Server, Socket } from 'socket.io'
import type { z } from 'zod'
import type { ChatId, NodeId } from '#core/ids.ts'
import {
  DAEMON_NAMESPACE,
  daemonCalls,
  LEASE_TTL_MS,
  SERVER_HINT,
  type Acknowledged,
  type CallReply,
  type CallRequest,
  type DaemonCall,
  type Hello,
  type ServerHint,
} from '#core/links/daemon.ts'
import { Dispatcher } from '#server/daemons/dispatch.ts'
import { ingest, salvage } from '#server/daemons/ingest.ts'
import { claim, countWaiting, endForgottenLeases, holds, release, renew } from '#server/daemons/lease.ts'
import { findNodeByToken, updateDisconnected, updateReported } from '#server/daemons/node-store.ts'
import { endRun, updateAgentSession } from '#server/daemons/run-store.ts'
import { startRun } from '#server/daemons/start-run.ts'
import { hashToken } from '#server/db/mint.ts'
import { syncLogin, updateReturned } from '#server/logins/service.ts'
import { forgetRun } from '#server/proxy/handler.ts'
import { log } from '#server/log.ts'
import { hintList } from '#server/realtime/bus.ts'
import { takeSignIn, tellSignIn } from '#server/sign-ins/node-side.ts'

/** A connection that has not said who it is by then is closed. */
const GREETING_MS = 10_000

type DaemonSocket = Socket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, { nodeId: NodeId | null }>
/** Calls that are also about the connection they come on. */
type AboutConnection = 'hello' | 'bye' | 'claim'
type Handlers = { [C in Exclude<DaemonCall, AboutConnection>]: (nodeId: NodeId, request: CallRequest<C>) => Promise<CallReply<C>> }

const handlers: Handlers = {
  report: async (nodeId, report) => {
    await updateReported(nodeId, report)
    hintList({ teamId: null, topic: 'nodes' })
    return {}
  },
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
    socket.data.nodeId = null
    let heldAtGreeting: ChatId[] = []
    const greeting = setTimeout(() => socket.disconnect(true), GREETING_MS).unref()

    serve(socket, 'hello', async (hello) => {
      if (!('token' in hello)) return { ok: false, code: 'protocol-too-old' }
      const reply = await greet(hello)
      if (!reply.ok || !socket.connected) return reply
      clearTimeout(greeting)
      socket.data.nodeId = reply.nodeId
      heldAtGreeting = hello.held.map((lease) => lease.chatId)
      dispatcher.add(reply.nodeId, socket)
      hintList({ teamId: null, topic: 'nodes' })
      await remind(socket, reply.nodeId, hello.held)
      return reply
    })
    let hasClaimed = false
    serve(socket, 'claim', async ({ max }) => {
      const { nodeId } = socket.data
      if (!nodeId) return 'not-greeted'
      if (!hasClaimed) await endForgottenLeases(nodeId, heldAtGreeting)
      hasClaimed = true
      const leases = await claim(nodeId, Math.min(max, 100))
      return { leases, waiting: leases.length < max ? 0 : await countWaiting(nodeId) }
    })
    // Draining: it may still append and renew, but nothing more is asked of it.
    serve(socket, 'bye', async () => {
      await depart(socket)
      return {}
    })
    for (const call of Object.keys(handlers) as (keyof Handlers)[]) serveGreeted(socket, call)

    socket.on('disconnect', () => {
      clearTimeout(greeting)
      depart(socket).catch((error: unknown) => log.warn({ err: error }, 'A node could not be marked as gone'))
    })
  })

  async function depart(socket: DaemonSocket): Promise<void> {
    const { nodeId } = socket.data
    if (!nodeId || !dispatcher.remove(nodeId, socket)) return
    await updateDisconnected(nodeId)
    hintList({ teamId: null, topic: 'nodes' })
  }

  return () => {
    dispatcher.stop()
    nodes.disconnectSockets(true)
  }
}

/** Unknown, removed and replaced tokens all look the same. */
async function greet(hello: z.infer<typeof Hello>): Promise<CallReply<'hello'>> {
  const node = await findNodeByToken(hashToken(hello.token))
  if (!node) return { ok: false, code: 'token-refused' }
  const { platform, capacity, sandbox, harnesses } = hello
  await updateReported(node.nodeId, { platform, capacity, sandbox, harnesses })
  await updateReturned(node.nodeId, { except: hello.logins })
  return { ok: true, nodeId: node.nodeId, leaseTtlMs: LEASE_TTL_MS }
}

/** What the daemon believes to hold and does not; and that it may claim what waits. */
async function remind(socket: DaemonSocket, nodeId: NodeId, held: z.infer<typeof Hello>['held']): Promise<void> {
  const tell = (hint: ServerHint) => socket.emit(SERVER_HINT, hint)
  for (const lease of held) if (!(await holds(nodeId, lease))) tell({ hint: 'lease-lost', ...lease })
  tell({ hint: 'work' })
}

function serveGreeted<C extends keyof Handlers>(socket: DaemonSocket, call: C): void {
  serve(socket, call, (request) => {
    const { nodeId } = socket.data
    if (!nodeId) return Promise.resolve('not-greeted' as const)
    // The keys of both tables are the same; TypeScript cannot carry that through a generic index.
    return (handlers[call] as (nodeId: NodeId, request: CallRequest<C>) => Promise<CallReply<C>>)(nodeId, request)
  })
}

function serve<C extends DaemonCall>(
  socket: DaemonSocket,
  call: C,
  handle: (request: CallRequest<C>) => Promise<CallReply<C> | 'not-greeted'>,
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
      .then((reply) => answer(reply === 'not-greeted' ? { error: reply } : { reply }))
      .catch((error: unknown) => {
        log.error({ err: error, call, nodeId: socket.data.nodeId }, 'A call of a daemon failed')
        answer({ error: 'unavailable' })
      })
  })
}
