/**
 * Writes a plan's files into the run's home. It is done by a process inside the
 * sandbox, with the run's rights: an earlier run may have left a link there that
 * leads to one of the daemon's own files. Contents travel by pipe, never by argument.
 */
import { DomainError } from '#core/errors.ts'
import type { Place, PlacedFile } from '#core/harnesses/harness.ts'
import { inside } from '#agent/sandbox/inside.ts'
import { runConfined, type Sandbox } from '#agent/sandbox/sandbox.ts'
import type { Workspace } from '#agent/workspace/workspace.ts'

const writer = `
const fs = require('node:fs'), path = require('node:path')
for (const { path: file, contents, mode } of JSON.parse(fs.readFileSync(0, 'utf8'))) {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  fs.rmSync(file, { force: true })
  if (contents !== undefined) fs.writeFileSync(file, contents, { mode, flag: 'wx' })
}`

/** @param absent the plan's paths that must not exist at the start */
export async function placeFiles(
  sandbox: Sandbox,
  workspace: Workspace,
  files: readonly PlacedFile[],
  absent: readonly string[] = [],
): Promise<void> {
  if (files.length + absent.length === 0) return
  const { code, stderr } = await runConfined(
    sandbox,
    {
      uid: workspace.uid,
      mounts: [{ from: workspace.home, at: inside.home, mayWrite: true }],
      files: [],
      gatewaySocket: null,
      environment: { PATH: '/usr/bin:/bin' },
      cwd: sandbox.method ? inside.home : workspace.home,
      command: [sandbox.method ? inside.node : process.execPath, '-e', writer],
    },
    { timeoutMs: 20_000, maxBytes: 1_000, input: JSON.stringify([...files, ...absent.map((path) => ({ path }))]) },
  )
  if (code !== 0) throw new DomainError('harness.start-failed', { detail: `its files could not be written: ${stderr.trim().slice(-300)}` })
}

/** Where the run lives, as its own processes see it. */
export function placeOf({
  sandbox,
  workspace,
  harnessDir,
  proxyOrigin,
}: {
  sandbox: Sandbox
  workspace: Workspace
  harnessDir: string
  proxyOrigin: string
}): Place {
  const platform = { platform: process.platform, arch: process.arch, proxyOrigin }
  return sandbox.method
    ? { ...platform, home: inside.home, workdir: inside.workdir, harnessDir: inside.harness, nodePath: inside.node }
    : { ...platform, home: workspace.home, workdir: workspace.workdir, harnessDir, nodePath: process.execPath }
}
