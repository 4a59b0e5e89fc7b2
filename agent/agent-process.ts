/**
 * One lifetime of an agent: granted, installed, prepared, confined, connected. Whatever
 * goes wrong on the way is a `DomainError` with a code that people have a sentence for,
 * and leaves no process and no socket behind.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { DaemonFact } from '#core/chat/events.ts'
import { brokeredFormat, planLaunch, vendorHosts, type LaunchPlan } from '#core/connections/launch.ts'
import { DomainError } from '#core/errors.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import { findHarness } from '#core/harnesses/registry.ts'
import type { ChatId, RunId } from '#core/ids.ts'
import type { RunGrant } from '#core/links/daemon.ts'
import { abortable } from '#agent/abortable.ts'
import { isProtocolAnswer, type AgentConnection, type AgentVoice, type OpenedSession } from '#agent/acp/connection.ts'
import { openAgent } from '#agent/acp/open-agent.ts'
import type { Vendors } from '#agent/env.ts'
import { keepLogin, type KeptLogin } from '#agent/kept-login.ts'
import { checkBoundary } from '#agent/launch/boundary.ts'
import type { LeftLogins } from '#agent/left-logins.ts'
import { log } from '#agent/log.ts'
import { programOf, type OnProgress, type Program } from '#agent/launch/install.ts'
import { managedSettings } from '#agent/launch/managed-settings.ts'
import { placeFiles, placeOf } from '#agent/launch/prepare.ts'
import { openGateway, type Gateway } from '#agent/sandbox/gateway.ts'
import type { TellLogin } from '#agent/login-watch.ts'
import { inside } from '#agent/sandbox/inside.ts'
import { reachOf } from '#agent/sandbox/reach.ts'
import { startConfined, type Confined, type Sandbox } from '#agent/sandbox/sandbox.ts'
import { cloneRepository } from '#agent/workspace/clone.ts'
import { openWorkspace, type Workspace } from '#agent/workspace/workspace.ts'

export type Surroundings = {
  /** Null while there is none: then nothing starts. */
  sandbox: () => Sandbox | null
  whyNoSandbox: () => string
  installHarness: (harness: Harness, program: Program, onProgress: OnProgress) => Promise<string>
  workspacesRoot: string
  proxyUrl: string
  /** Where our MCP server is: never the process that is the proxy alone. */
  serverUrl: string
  vendors: Vendors
}

export type AgentProcess = {
  runId: RunId
  grant: RunGrant
  harness: Harness
  harnessVersion: string
  plan: LaunchPlan
  workspace: Workspace
  baseCommit: string | null
  sandbox: Sandbox
  connection: AgentConnection
  session: OpenedSession
  /** How the process ended, once it has and all that it said is heard: the last words of its standard error. */
  exited: Promise<{ detail: string }>
  residentBytes: () => number
  /** Ends everything of it; resolves when nothing is left, its login included. May be asked for again. */
  stop: () => Promise<void>
}

/** Whether the failure of a request was its end, noticed in its pipe first: then that is known now, with the reason. */
export async function wentAway(error: unknown, { exited }: Pick<AgentProcess, 'exited'>): Promise<boolean> {
  if (isProtocolAnswer(error) || error instanceof DomainError) return false
  return Promise.race([exited.then(() => true), delay(HEARD_WITHIN_MS, false)])
}

type Progress = Extract<DaemonFact, { type: 'run.progressed' }>

export type StartOptions = {
  surroundings: Surroundings
  chatId: ChatId
  epoch: number
  grant: RunGrant
  voice: AgentVoice
  onProgress: (progress: Omit<Progress, 'type'>) => void
  tellLogin: TellLogin
  leftLogins: LeftLogins
  signal: AbortSignal
}

const STDERR_LENGTH = 4_000
/** Its pipe may be held open by a child of its own that nothing confines. */
const HEARD_WITHIN_MS = 2_000

export async function startAgent({
  surroundings,
  chatId,
  epoch,
  grant,
  voice,
  onProgress,
  tellLogin,
  leftLogins,
  signal,
}: StartOptions): Promise<AgentProcess> {
  const harness = findHarness(grant.harness)
  if (!harness) throw new DomainError('harness.unknown', { harness: grant.harness })
  const sandbox = surroundings.sandbox()
  if (!sandbox) throw new DomainError('sandbox.unavailable', { reason: surroundings.whyNoSandbox() })

  const program = programOf(harness)
  const progressOf =
    (stage: Progress['stage']) =>
    ({ note, fraction }: { note: string; fraction: number | null }) =>
      onProgress({ stage, note, fraction })
  const harnessDir = await abortable(
    surroundings.installHarness(harness, program, ({ fraction, detail }) =>
      progressOf('installing')({ note: `${harness.name}: ${detail}`, fraction }),
    ),
    signal,
  )
  const { delivery } = grant
  const workspace = openWorkspace(surroundings.workspacesRoot, chatId, delivery.via)
  await fill({ workspace, grant, sandbox, surroundings, onProgress: progressOf('cloning'), signal })
  signal.throwIfAborted()
  const agentSessionId = resumable(workspace, grant)
  onProgress({
    stage: agentSessionId ? 'resuming' : 'starting',
    note: `${agentSessionId ? 'Resuming' : 'Starting'} ${harness.name}`,
    fraction: null,
  })

  let isLive = true
  const gateway = await openGateway({
    serverUrl: surroundings.proxyUrl,
    workspaceToken: () => (isLive && delivery.via === 'proxy' ? delivery.wstoken : null),
    mcp: { serverUrl: surroundings.serverUrl, token: () => (isLive ? grant.mcpToken : null) },
    brokeredFormat: () => (isLive ? brokeredFormat(harness, delivery) : null),
    reach: reachOf(vendorHosts(harness, delivery), surroundings.vendors.redirected),
    listen: sandbox.method ? { on: 'socket', uid: workspace.uid } : { on: 'loopback' },
  })
  let confined: Confined | null = null
  let login: KeptLogin | null = null
  const end = async (): Promise<void> => {
    isLive = false
    await confined?.kill()
    await login?.remove().catch((error: unknown) => log.error({ err: error, chatId }, 'A login could not be taken out of its home'))
    await gateway.close()
  }
  let ending: Promise<void> | null = null
  const stop = (): Promise<void> => (ending ??= end())
  try {
    const place = placeOf({ sandbox, workspace, harnessDir, proxyOrigin: gateway.origin, vendors: surroundings.vendors })
    const plan = planLaunch(grant, place)
    checkBoundary({ plan, harness, delivery, proxyOrigin: gateway.origin })
    login = keepLogin({ sandbox, workspace, harness, grant, epoch, tell: tellLogin, leftLogins })
    await placeFiles(sandbox, workspace, plan.files, plan.absent)
    signal.throwIfAborted()
    login?.watch()
    confined = confine({ sandbox, workspace, harness, harnessDir, plan, gateway, vendors: surroundings.vendors })
    const stderr = tailOf(confined)
    const exited = confined.exited.then(async ({ code, signal: name, error }) => {
      // Whoever hears of the end may give the login to another run: what this one made of it is told first.
      await login?.settle()
      const how = error ?? (name ? `ended by ${name}` : `ended with ${code}`)
      return { detail: [stderr(), how].filter(Boolean).join('\n').slice(-STDERR_LENGTH) }
    })
    const { connection, session } = await openAgent({ confined, exited, voice, plan, agentSessionId, harness, signal })
    workspace.remember({ sessions: { ...workspace.state().sessions, [delivery.via]: session.agentSessionId } })
    return {
      runId: grant.runId,
      grant,
      harness,
      harnessVersion: program.version,
      plan,
      workspace,
      sandbox,
      connection,
      session,
      exited: exited.then(async (how) => {
        await Promise.race([connection.over, delay(HEARD_WITHIN_MS, undefined, { ref: false })])
        return how
      }),
      stop,
      baseCommit: workspace.state().baseCommit,
      residentBytes: confined.residentBytes,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A session lies in the home of its kind: of another kind's, this home knows nothing. */
function resumable(workspace: Workspace, { agentSessionId, delivery }: RunGrant): string | null {
  const { sessions } = workspace.state()
  const isFirst = Object.keys(sessions).length === 0
  return agentSessionId === null || isFirst ? agentSessionId : (sessions[delivery.via] ?? null)
}

async function fill({
  workspace,
  grant,
  sandbox,
  surroundings,
  onProgress,
  signal,
}: {
  workspace: Workspace
  grant: RunGrant
  sandbox: Sandbox
  surroundings: Surroundings
  onProgress: (progress: { note: string; fraction: number | null }) => void
  signal: AbortSignal
}): Promise<void> {
  if (workspace.state().isReady) return
  const { repositoryUrl, branch, privateHosts } = grant
  const baseCommit = repositoryUrl
    ? await cloneRepository({
        sandbox,
        workspace,
        repositoryUrl,
        branch,
        privateHosts,
        onProgress,
        signal,
        serverUrl: surroundings.proxyUrl,
        forbidden: surroundings.workspacesRoot,
      })
    : null
  workspace.remember({ isReady: true, repositoryUrl, baseCommit })
}

function confine({
  sandbox,
  workspace,
  harness,
  harnessDir,
  plan,
  gateway,
  vendors,
}: {
  sandbox: Sandbox
  workspace: Workspace
  harness: Harness
  harnessDir: string
  plan: LaunchPlan
  gateway: Gateway
  vendors: Vendors
}): Confined {
  return startConfined(sandbox, {
    uid: workspace.uid,
    mounts: [
      { from: workspace.home, at: inside.home, mayWrite: true },
      { from: workspace.workdir, at: inside.workdir, mayWrite: true },
      { from: harnessDir, at: inside.harness, mayWrite: false },
    ],
    files: [...managedSettings(harness.id, plan), ...vendorCertificates(plan, vendors)],
    gatewaySocket: gateway.socketPath,
    environment: plan.env,
    cwd: plan.cwd,
    command: [plan.command, ...plan.args],
  })
}

const vendorCertificates = (plan: LaunchPlan, { ca }: Vendors): { at: string; contents: string }[] =>
  ca && plan.via !== 'proxy' ? [{ at: inside.vendorCa, contents: ca.contents }] : []

function tailOf(confined: Confined): () => string {
  let tail = ''
  confined.stderr.on('data', (piece: Buffer) => (tail = (tail + String(piece)).slice(-STDERR_LENGTH)))
  return () => tail.trim()
}
