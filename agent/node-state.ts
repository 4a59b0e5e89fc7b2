/** What this node can do now: its sandbox and its harnesses, as the nodes page shows them. */
import { DomainError } from '#core/errors.ts'
import { findHarness } from '#core/harnesses/registry.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import type { HarnessState, SandboxReport } from '#core/links/daemon.ts'
import type { Surroundings } from '#agent/agent-process.ts'
import type { DaemonEnv } from '#agent/env.ts'
import { install, programOf, sandboxTool, stateOf, versionsOnDisk, type OnProgress, type Program } from '#agent/launch/install.ts'
import { log } from '#agent/log.ts'
import { probeSandbox } from '#agent/sandbox/probe.ts'
import type { Sandbox } from '#agent/sandbox/sandbox.ts'

export type NodeState = {
  sandboxReport: () => SandboxReport
  harnesses: () => HarnessState[]
  surroundings: Surroundings
  /** Whether it is known what the sandbox is: before, nothing is claimed. */
  isReady: () => boolean
  begin: () => Promise<void>
  install: (harness: string) => Promise<void>
}

export function nodeState(
  env: DaemonEnv & { url: string; proxyUrl: string },
  harnesses: readonly Harness[],
  onChange: () => void,
  /** Tests give another. */
  lookFor = probeSandbox,
): NodeState {
  let sandbox: Sandbox | null = null
  let isMissing = false
  let isReady = false
  let reason = 'The sandbox is being looked for.'
  const transient = new Map<string, HarnessState>()

  const probe = () => lookFor({ harnessRoot: env.harnessRoot, workspacesRoot: env.workspacesRoot, mayGoWithout: env.mayGoWithoutSandbox })

  async function begin(): Promise<void> {
    let found = await probe()
    if ('missing' in found && found.missing === 'bubblewrap') {
      found = await installTool().then(probe, (error: unknown) => ({
        missing: 'bubblewrap' as const,
        reason: `The sandbox program could not be installed: ${reasonOf(error)}`,
      }))
    }
    if ('missing' in found) {
      reason = found.reason
      isMissing = true
      log.error({ reason }, 'There is no sandbox, so nothing will run here')
    } else {
      sandbox = found
      log.info({ level: found.report.level, method: found.method?.is ?? 'none' }, 'The sandbox works')
    }
    isReady = true
    onChange()
  }

  const installTool = (): Promise<string> =>
    install(env.harnessRoot, sandboxTool, ({ fraction }) => {
      reason = `The sandbox program is being installed (${Math.round(fraction * 100)} %).`
      onChange()
    })

  /** Every installation is seen, whoever asked for it. */
  async function installSeen(harness: Harness, program: Program, onProgress: OnProgress): Promise<string> {
    const told = (state: Partial<HarnessState>): void => {
      transient.set(harness.id, {
        harness: harness.id,
        version: program.version,
        onDisk: versionsOnDisk(env.harnessRoot, program.id),
        state: 'installing',
        fraction: null,
        detail: null,
        ...state,
      })
      onChange()
    }
    try {
      const folder = await install(env.harnessRoot, program, (progress) => {
        told(progress)
        onProgress(progress)
      })
      if (transient.delete(harness.id)) onChange()
      return folder
    } catch (error) {
      told({ state: 'failed', detail: reasonOf(error) })
      throw error
    }
  }

  return {
    sandboxReport: () => sandbox?.report ?? { level: 'none', reason, isMissing },
    harnesses: () => harnesses.map((harness) => transient.get(harness.id) ?? stateOf(env.harnessRoot, programOf(harness))),
    surroundings: {
      sandbox: () => sandbox,
      whyNoSandbox: () => reason,
      installHarness: installSeen,
      workspacesRoot: env.workspacesRoot,
      proxyUrl: env.proxyUrl,
      serverUrl: env.url,
      vendors: env.vendors,
    },
    isReady: () => isReady,
    begin,
    async install(id) {
      const harness = findHarness(id)
      if (!harness) return
      await installSeen(harness, programOf(harness), () => {}).catch((error: unknown) =>
        log.error({ err: error, harness: id }, 'A harness could not be installed'),
      )
    },
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof DomainError && typeof error.facts['detail'] === 'string') return error.facts['detail'].slice(0, 1_900)
  return error instanceof Error ? error.message : String(error)
}
