/**
 * Writes a plan's files into the run's home. It is done by a process inside the
 * sandbox, with the run's rights: an earlier run may have left a link there that
 * leads to one of the daemon's own files. Contents travel by pipe, never by argument.
 */
import { DomainError } from '#core/errors.ts'
import type { Place, PlacedFile } from '#core/harnesses/harness.ts'
import type { Vendors } from '#agent/env.ts'
import { inside } from '#agent/sandbox/inside.ts'
import { mcpBridgeFile, runConfined, type Sandbox } from '#agent/sandbox/sandbox.ts'
import type { Workspace } from '#agent/workspace/workspace.ts'

/**
 * A folder on the way that is none (a link, a file) is replaced: what is written must lie in this home and nowhere
 * else. What was written is looked at once more, since a login that others can read is no private one.
 */
const writer = `
const fs = require('node:fs'), path = require('node:path')
const { home, files } = JSON.parse(fs.readFileSync(0, 'utf8'))
const enter = (folder, isMade) => {
  if (folder === home) return true
  if (!folder.startsWith(home + '/')) throw new Error('a file outside its home')
  if (!enter(path.dirname(folder), isMade)) return false
  const found = fs.lstatSync(folder, { throwIfNoEntry: false })
  if (found?.isDirectory()) return true
  if (found) fs.rmSync(folder)
  if (isMade) fs.mkdirSync(folder, { mode: 0o700 })
  return isMade
}
for (const { path: file, contents, mode } of files) {
  if (!enter(path.dirname(file), contents !== undefined)) continue
  fs.rmSync(file, { force: true, recursive: true })
  if (contents === undefined) continue
  fs.chmodSync(path.dirname(file), 0o700)
  fs.writeFileSync(file, contents, { mode, flag: 'wx' })
  const written = fs.lstatSync(file), folder = fs.lstatSync(path.dirname(file))
  if (!written.isFile() || (written.mode & 0o777) !== mode || (folder.mode & 0o777) !== 0o700) throw new Error('a file that is not private')
}`

/** @param absent the plan's paths that must not exist at the start */
export async function placeFiles(
  sandbox: Sandbox,
  workspace: Workspace,
  files: readonly PlacedFile[],
  absent: readonly string[],
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
    {
      timeoutMs: 20_000,
      maxBytes: 1_000,
      input: JSON.stringify({
        home: sandbox.method ? inside.home : workspace.home,
        files: [...absent.map((path) => ({ path })), ...files],
      }),
    },
  )
  if (code !== 0) throw new DomainError('harness.start-failed', { detail: `its files could not be written: ${stderr.trim().slice(-300)}` })
}

/** Takes a login out of the home again. */
export const removeLogin = (sandbox: Sandbox, workspace: Workspace, path: string): Promise<void> =>
  placeFiles(sandbox, workspace, [], [`${sandbox.method ? inside.home : workspace.home}/${path}`])

/** Where the run lives, as its own processes see it. */
export function placeOf({
  sandbox,
  workspace,
  harnessDir,
  proxyOrigin,
  vendors,
}: {
  sandbox: Sandbox
  workspace: Pick<Workspace, 'home' | 'workdir'>
  harnessDir: string
  proxyOrigin: string
  vendors: Vendors
}): Place {
  const caFile = vendors.ca && (sandbox.method ? inside.vendorCa : vendors.ca.file)
  const platform = { platform: process.platform, arch: process.arch, proxyOrigin, ...(caFile && { vendorCaFile: caFile }) }
  return sandbox.method
    ? {
        ...platform,
        home: inside.home,
        workdir: inside.workdir,
        harnessDir: inside.harness,
        nodePath: inside.node,
        mcpBridge: inside.mcpBridge,
      }
    : { ...platform, home: workspace.home, workdir: workspace.workdir, harnessDir, nodePath: process.execPath, mcpBridge: mcpBridgeFile }
}
