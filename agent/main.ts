/**
 * The daemon: joins the server as a node, and runs agents for it in sandboxes. A process
 * of its own, on the server's machine or on another; it has no database and no key.
 * Flow: `uplink.ts` → `leases.ts` → `session-runner.ts` → `agent-process.ts`.
 */
import { fstatSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { offeredHarnesses } from '#core/harnesses/registry.ts'
import type { NodeId } from '#core/ids.ts'
import { DAEMON_PROTOCOL } from '#core/links/daemon.ts'
import { readDaemonEnv } from '#agent/env.ts'
import { lockHome } from '#agent/home-lock.ts'
import { holdLeases } from '#agent/leases.ts'
import { holdLeftLogins } from '#agent/left-logins.ts'
import { log } from '#agent/log.ts'
import { nodeState } from '#agent/node-state.ts'
import { replayOutboxes } from '#agent/replay.ts'
import { killLeftovers } from '#agent/sandbox/sandbox.ts'
import { removeAbandonedScratch } from '#agent/sandbox/scratch.ts'
import { guideSignIns } from '#agent/sign-ins.ts'
import { openUplink } from '#agent/uplink.ts'

/** The server gives its daemon ten seconds; what was not delivered by then stays in the outbox. */
const DRAIN_MS = 7_000
const REPORT_EVERY_MS = 15_000

const env = readDaemonEnv()
if (!(await lockHome(env.home))) {
  log.fatal({ home: env.home }, 'Another daemon works on this data folder')
  process.exit(1)
}
removeAbandonedScratch()
const left = killLeftovers()
if (left > 0) log.warn({ left }, 'Ended agents that an earlier daemon left behind')

let nodeId = '' as NodeId
let isReplayed = false
const state = nodeState(env, offeredHarnesses(env), () => report())
const uplink = openUplink({
  url: env.url,
  hello: async () => ({
    protocol: DAEMON_PROTOCOL,
    token: env.token,
    name: env.name,
    platform: `${process.platform}-${process.arch}`,
    capacity: env.capacity,
    sandbox: state.sandboxReport(),
    harnesses: state.harnesses(),
    held: leases.held(),
    logins: leftLogins.chats(),
  }),
  onGreeted(reply) {
    nodeId = reply.nodeId
    log.info({ nodeId, url: env.url }, 'Linked to the server')
    leases.refresh(reply.leaseTtlMs)
    leftLogins.kick()
  },
  onRefused(code) {
    log.error({ code }, 'The server refuses this node')
    void stop(code === 'token-refused' ? 78 : 1)
  },
  onHint(hint) {
    if (hint.hint === 'install') void state.install(hint.harness)
    else if (hint.hint === 'sign-in' || hint.hint === 'sign-in-over') signIns.onHint(hint)
    else leases.onHint(hint)
  },
})
const leftLogins = holdLeftLogins({ sandbox: state.surroundings.sandbox, root: env.workspacesRoot, call: uplink.call })
const leases = holdLeases({
  uplink,
  leftLogins,
  outboxRoot: env.outboxRoot,
  capacity: env.capacity,
  isReady: () => state.isReady() && isReplayed,
  onChange: () => report(),
  nodeId: () => nodeId,
  surroundings: state.surroundings,
  idleStopMs: env.idleStopMs,
  cancelGraceMs: env.cancelGraceMs,
})
const signIns = guideSignIns({ uplink, surroundings: state.surroundings, root: env.signInsRoot })

let reportDue: NodeJS.Timeout | null = null
/** Many changes at once are one report. */
function report(): void {
  reportDue ??= setTimeout(() => {
    reportDue = null
    const { count, residentBytes } = leases.agents()
    void uplink.tryCall('report', {
      sandbox: state.sandboxReport(),
      harnesses: state.harnesses(),
      rssBytes: process.memoryUsage.rss() + residentBytes,
      runs: count,
    })
  }, 250)
}
const reporting = setInterval(report, REPORT_EVERY_MS)

let isStopping = false
async function stop(code: number): Promise<void> {
  if (isStopping) return
  isStopping = true
  clearInterval(reporting)
  log.info('Stopping')
  void uplink.tryCall('bye', {})
  await Promise.race([Promise.all([leases.drain().then(leftLogins.tryAll), signIns.stop()]), delay(DRAIN_MS)])
  leftLogins.stop()
  await Promise.race([leases.abandon(), delay(1_500)])
  uplink.close()
  process.exit(code)
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop(0))
// Whoever started us holds the other end of this pipe: its death, of whatever kind, is the end of our work.
const stdin = fstatSync(0)
if (stdin.isFIFO() || stdin.isSocket())
  process.stdin
    .on('end', () => void stop(0))
    .on('error', () => void stop(0))
    .resume()
process.on('uncaughtException', (error) => {
  log.fatal({ err: error }, 'The daemon failed')
  process.exit(1)
})

await state.begin()
// What an earlier daemon left goes first: claiming a chat ends the epoch in which it still counts.
await replayOutboxes(env.outboxRoot, uplink.call)
isReplayed = true
leftLogins.kick()
leases.claim()
