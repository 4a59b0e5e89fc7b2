/**
 * What a session needs around it in a test: folders of its own, the best sandbox that
 * this machine allows, an in-memory server.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Surroundings } from '#agent/agent-process.ts'
import { realVendors, type Vendors } from '#agent/env.ts'
import { install, sandboxTool } from '#agent/launch/install.ts'
import { holdLeftLogins, type LeftLogins } from '#agent/left-logins.ts'
import { openOutbox } from '#agent/outbox.ts'
import { findBubblewraps, probeSandbox } from '#agent/sandbox/probe.ts'
import type { Sandbox } from '#agent/sandbox/sandbox.ts'
import { runSession, type SessionRunner } from '#agent/session-runner.ts'
import type { FakeServer } from '#agent/testing/fake-server.ts'

/** Programs are large and pinned: all tests share one folder of them. */
export const harnessRoot = resolve(import.meta.dirname, '../../.test/harnesses')

export type World = {
  folder: string
  sandbox: Sandbox
  surroundings: Surroundings
  outboxRoot: string
  workdirOf: (server: FakeServer) => string
  /** The loop of a daemon that begins now, whose chats are this server's one. */
  leftLogins: (server: FakeServer, options?: { restMs?: number }) => LeftLogins
  begin: (
    server: FakeServer,
    options?: { idleStopMs?: number; cancelGraceMs?: number; restartDelaysMs?: readonly number[]; leftLogins?: LeftLogins },
  ) => SessionRunner
  /** Ends every session that was begun. */
  end: () => Promise<void>
}

/** @throws when this machine allows no sandbox: a test of the boundary must not pass without one */
export async function openWorld({
  proxyUrl = 'http://127.0.0.1:9',
  serverUrl = proxyUrl,
  vendors = realVendors,
}: { proxyUrl?: string; serverUrl?: string; vendors?: Vendors } = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-daemon-'))
  const [workspacesRoot, outboxRoot] = [join(folder, 'workspaces'), join(folder, 'outbox')]
  for (const path of [harnessRoot, workspacesRoot, outboxRoot]) mkdirSync(path, { recursive: true, mode: 0o711 })
  if (process.platform === 'linux' && findBubblewraps(harnessRoot).length === 0) await install(harnessRoot, sandboxTool)
  const sandbox = await probeSandbox({ harnessRoot, workspacesRoot, mayGoWithout: false })
  if ('missing' in sandbox) throw new Error(sandbox.reason)
  const found: Sandbox = sandbox
  const surroundings: Surroundings = {
    sandbox: () => found,
    whyNoSandbox: () => '',
    installHarness: (_harness, program, onProgress) => install(harnessRoot, program, onProgress),
    workspacesRoot,
    proxyUrl,
    serverUrl,
    vendors,
  }
  const runners: SessionRunner[] = []
  const loops: LeftLogins[] = []
  function leftLogins({ call }: FakeServer, { restMs = 60_000 } = {}): LeftLogins {
    const loop = holdLeftLogins({ sandbox: () => found, root: workspacesRoot, call, restMs, clearEveryMs: 1 })
    loops.push(loop)
    return loop
  }
  return {
    folder,
    sandbox,
    surroundings,
    outboxRoot,
    workdirOf: (server) => join(workspacesRoot, server.chatId, 'work'),
    leftLogins,
    begin(server, { idleStopMs = 60_000, cancelGraceMs = 5_000, restartDelaysMs = [1], leftLogins: given = leftLogins(server) } = {}) {
      const runner = runSession({
        lease: server.lease(),
        outbox: openOutbox(outboxRoot, server.chatId),
        call: server.call,
        nodeId: server.nodeId,
        surroundings,
        leftLogins: given,
        idleStopMs,
        cancelGraceMs,
        restartDelaysMs,
      })
      runners.push(runner)
      return runner
    },
    async end() {
      for (const runner of runners) runner.drain()
      await Promise.all(runners.map((runner) => runner.over))
      for (const loop of loops) {
        await loop.tryAll()
        loop.stop()
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
