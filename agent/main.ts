/**
 * The daemon: joins the server as a node, and runs agents for it in sandboxes. A process
 * of its own, on the server's machine or on another; it has no database and no key.
 * Flow: `uplink.ts` → `leases.ts` → `session-runner.ts` → `agent-process.ts`.
 */
import { fstatSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { offeredHarnesses } from '#core/harnesses/registry.ts'
import { DAEMON_PROTOCOL } from '#core/links/daemon.ts'
import { readDaemonEnv } from '#agent/env.ts'
import { readHealth } from '#agent/health.ts'
import { lockHome } from '#agent/home-lock.ts'
import { beginGreetings, readIdentity, takeInvitation, type Identity } from '#agent/identity.ts'
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

/** No restart mends it: this node has to be given a key, or the other copy of its home to go. */
const EXIT_UNMENDED = 78

const env = readDaemonEnv()
const unlockHome = lockHome(env.home)
if (!unlockHome) {
  log.fatal({ home: env.home }, 'Another daemon runs on this home')
  process.exit(1)
}
const identity = await enrolled()
const url = env.url ?? identity.url
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
const proveBy = beginGreetings(env.home, identity)
removeAbandonedScratch()
const left = killLeftovers()
if (left > 0) log.warn({ left }, 'Ended agents that an earlier daemon left behind')

/** What each refusal means to whoever reads the log. */
const refusals = {
  'identity-refused': 'The server does not know this node’s key: the node was removed, or given a new key elsewhere',
  'identity-cloned': 'This identity is used in two places, so the server takes neither: give the node a new key on the page Nodes',
  'protocol-foreign': 'This daemon and the server are of different versions: update one of them',
} as const

let isReplayed = false
const state = nodeState({ ...env, url, proxyUrl: env.proxyUrl ?? url }, offeredHarnesses(env), () => report())
const uplink = openUplink({
  url,
  hello: (nonce) => ({
    protocol: DAEMON_PROTOCOL,
    proof: proveBy(nonce),
    version,
    platform: `${process.platform}-${process.arch}`,
    capacity: env.capacity,
    sandbox: state.sandboxReport(),
    harnesses: state.harnesses(),
    health: readHealth(env.workspacesRoot),
    held: leases.held(),
    logins: leftLogins.chats(),
  }),
  onGreeted({ leaseTtlMs }) {
    log.info({ nodeId: identity.nodeId, url }, 'Linked to the server')
    leases.refresh(leaseTtlMs)
    leftLogins.kick()
  },
  onRefused(code) {
    log.error({ code }, refusals[code])
    void stop(code === 'protocol-foreign' ? 1 : EXIT_UNMENDED)
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
  nodeId: identity.nodeId,
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
      health: readHealth(env.workspacesRoot),
      rssBytes: process.memoryUsage.rss() + residentBytes,
      runs: count,
    })
  }, 250)
}
const reporting = setInterval(report, REPORT_EVERY_MS)

/** Asked for once, it waits for turns that run, as long as it may; asked twice, it waits no more. */
const impatience = Promise.withResolvers<void>()
let isStopping = false
async function stop(code: number, graceMs = 0): Promise<void> {
  if (isStopping) return impatience.resolve()
  isStopping = true
  clearInterval(reporting)
  log.info({ graceMs }, 'Stopping')
  if (graceMs > 0) await Promise.race([leases.retire(), delay(graceMs), impatience.promise])
  void uplink.tryCall('bye', {})
  await Promise.race([Promise.all([leases.drain().then(leftLogins.tryAll), signIns.stop()]), delay(DRAIN_MS)])
  leftLogins.stop()
  await Promise.race([leases.abandon(), delay(1_500)])
  uplink.close()
  unlockHome?.()
  process.exit(code)
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop(0, env.drainMs))
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

async function enrolled(): Promise<Identity> {
  await takeInvitation(env.home).catch((error: unknown) => {
    log.fatal({ err: error }, 'The server did not let this node join')
    process.exit(1)
  })
  const found = readIdentity(env.home)
  if (found) return found
  log.fatal('This machine has not joined, or joined before nodes had keys: it needs a join command from the page Nodes')
  process.exit(EXIT_UNMENDED)
}

await state.begin()
// What an earlier daemon left goes first: claiming a chat ends the epoch in which it still counts.
await replayOutboxes(env.outboxRoot, uplink.call)
isReplayed = true
leftLogins.kick()
leases.claim()
