/**
 * Puts a harness's program at its pinned version into `<root>/<harness>/<version>`:
 * npm unpacks beside it and a rename puts it there, so a folder of that name is
 * always whole. Two daemons may share a root; a lock folder lets one work at a time.
 */
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DomainError } from '#core/errors.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import type { HarnessState } from '#core/links/daemon.ts'
import { isAlive } from '#agent/sandbox/processes.ts'
import { npmCi } from '#agent/launch/npm.ts'

const locks = fileURLToPath(new URL('./locks', import.meta.url))
const repository = fileURLToPath(new URL('../..', import.meta.url))

/** What can be installed: a harness, or the sandbox tool for machines without bubblewrap. */
export type Program = { id: string; version: string; isOurs: boolean }
export type OnProgress = (progress: { fraction: number; detail: string }) => void

export const programOf = (harness: Harness): Program => ({
  id: harness.id,
  version: harness.package?.version ?? ourVersion(),
  isOurs: harness.package === null,
})
export const sandboxTool: Program = { id: 'sandbox', version: lockedVersion('sandbox'), isOurs: false }

function lockedVersion(id: string): string {
  return (JSON.parse(readFileSync(join(locks, id, 'package.json'), 'utf8')) as { version: string }).version
}

const ourFiles = ['agent/testing/scripted-agent.ts']
const ourModules = ['@agentclientprotocol/sdk', 'zod']

/** Our own agent has no release: its version is what is in it. */
function ourVersion(): string {
  const hash = createHash('sha256')
  for (const file of ourFiles) hash.update(existsSync(join(repository, file)) ? readFileSync(join(repository, file)) : '')
  return hash.digest('hex').slice(0, 12)
}

const lockHash = (id: string): string =>
  createHash('sha512')
    .update(readFileSync(join(locks, id, 'package-lock.json')))
    .digest('base64')

/** The folder of a program, whether or not it is there. */
export const programFolder = (root: string, program: Program): string => join(root, program.id, program.version)

/** Whole ones: a folder appears by a rename. */
export function versionsOnDisk(root: string, id: string): string[] {
  const folder = join(root, id)
  if (!existsSync(folder)) return []
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory() && /^[\w.+-]+$/.test(entry.name))
  return names
    .map((entry) => entry.name)
    .filter((name) => !/\.(partial|lock)/.test(name))
    .toSorted()
}

/** Whole, and unpacked from the lockfile that we ship today. */
export function isInstalled(root: string, program: Program): boolean {
  const folder = programFolder(root, program)
  if (program.isOurs) return existsSync(folder)
  try {
    return (JSON.parse(readFileSync(join(folder, 'gatehouse.json'), 'utf8')) as { lock: string }).lock === lockHash(program.id)
  } catch {
    return false
  }
}

export const stateOf = (root: string, program: Program): HarnessState => ({
  harness: program.id,
  version: program.version,
  onDisk: versionsOnDisk(root, program.id),
  state: isInstalled(root, program) ? 'installed' : 'absent',
  fraction: null,
  detail: null,
})

const underWay = new Map<string, { work: Promise<string>; listeners: Set<OnProgress> }>()

/**
 * @returns the program's folder
 * @throws harness.install-failed with `detail`, npm's own reason
 */
export async function install(root: string, program: Program, onProgress: OnProgress = () => {}): Promise<string> {
  const folder = programFolder(root, program)
  if (isInstalled(root, program)) return folder
  const running = underWay.get(folder)
  if (running) {
    running.listeners.add(onProgress)
    return running.work
  }
  const listeners = new Set([onProgress])
  const work = installAlone(root, program, (progress) => listeners.forEach((each) => each(progress))).finally(() => underWay.delete(folder))
  underWay.set(folder, { work, listeners })
  return work
}

async function installAlone(root: string, program: Program, onProgress: OnProgress): Promise<string> {
  const folder = programFolder(root, program)
  try {
    mkdirSync(dirname(folder), { recursive: true })
    const unlock = await lock(`${folder}.lock`, () => onProgress({ fraction: 0, detail: 'Another daemon is installing it' }))
    try {
      if (isInstalled(root, program)) return folder
      removePartial(dirname(folder), program.version)
      const partial = `${folder}.partial-${process.pid}`
      mkdirSync(partial)
      if (program.isOurs) copyOurs(partial)
      else await unpack(program, partial, onProgress)
      if (existsSync(folder)) rmSync(folder, { recursive: true })
      renameSync(partial, folder)
      return folder
    } finally {
      unlock()
    }
  } catch (error) {
    if (error instanceof DomainError) throw error
    throw new DomainError('harness.install-failed', { harness: program.id, detail: error instanceof Error ? error.message : String(error) })
  }
}

async function unpack(program: Program, partial: string, onProgress: OnProgress): Promise<void> {
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(locks, program.id, file), join(partial, file))
  const { gatehouse } = JSON.parse(readFileSync(join(partial, 'package.json'), 'utf8')) as { gatehouse: { unpackedMegabytes: number } }
  const ended = new AbortController()
  const watching = watchGrowth(join(partial, 'node_modules'), gatehouse.unpackedMegabytes, onProgress, ended.signal)
  const outcome = await npmCi(partial)
  ended.abort()
  await watching
  if (!outcome.ok) {
    rmSync(partial, { recursive: true, force: true })
    throw new DomainError('harness.install-failed', { harness: program.id, detail: outcome.detail })
  }
  if (program.id === sandboxTool.id) keepOnlyBubblewrap(partial)
  writeFileSync(join(partial, 'gatehouse.json'), JSON.stringify({ lock: lockHash(program.id) }))
  // The run's user is another one than ours, whatever our umask is.
  spawnSync('chmod', ['-R', 'a+rX', partial])
  onProgress({ fraction: 1, detail: 'Installed' })
}

/** npm says nothing of its progress; the folder does. */
async function watchGrowth(folder: string, expectedMegabytes: number, onProgress: OnProgress, ended: AbortSignal): Promise<void> {
  onProgress({ fraction: 0, detail: `0 of about ${expectedMegabytes} MB` })
  while (!ended.aborted) {
    await delay(500, undefined, { signal: ended }).catch(() => {})
    if (ended.aborted) return
    const megabytes = Math.round((await bytesBelow(folder)) / 1e6)
    onProgress({
      fraction: Math.min(0.99, Math.round((megabytes / expectedMegabytes) * 95) / 100),
      detail: `${megabytes} of about ${expectedMegabytes} MB`,
    })
  }
}

async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  let bytes = 0
  for (const entry of entries) if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0
  return bytes
}

function keepOnlyBubblewrap(partial: string): void {
  const vendor = join(partial, 'node_modules/@openai', `codex-linux-${process.arch}`, 'vendor')
  const triple = existsSync(vendor) ? readdirSync(vendor)[0] : undefined
  if (!triple) throw new Error(`The package has no bubblewrap for ${process.arch}.`)
  copyFileSync(join(vendor, triple, 'codex-resources/bwrap'), join(partial, 'bwrap'))
  chmodSync(join(partial, 'bwrap'), 0o755)
  rmSync(join(partial, 'node_modules'), { recursive: true })
}

function copyOurs(partial: string): void {
  writeFileSync(join(partial, 'package.json'), '{"type":"module"}\n')
  for (const file of ourFiles) copyFileSync(join(repository, file), join(partial, file.split('/').at(-1)!))
  for (const name of ourModules) cpSync(join(repository, 'node_modules', name), join(partial, 'node_modules', name), { recursive: true })
}

/** What a daemon that was killed left half done. */
function removePartial(folder: string, version: string): void {
  for (const name of readdirSync(folder)) {
    const owner = name.startsWith(`${version}.partial-`) ? Number(name.split('-').at(-1)) : null
    if (owner !== null && (owner === process.pid || !isAlive(owner))) rmSync(join(folder, name), { recursive: true, force: true })
  }
}

/** A folder is made by one process only; its owner's death frees it. */
async function lock(path: string, onWait: () => void): Promise<() => void> {
  for (;;) {
    try {
      mkdirSync(path)
      writeFileSync(join(path, 'owner'), String(process.pid))
      return () => rmSync(path, { recursive: true, force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    if (isAbandoned(path)) rmSync(path, { recursive: true, force: true })
    else {
      onWait()
      await delay(300)
    }
  }
}

function isAbandoned(path: string): boolean {
  try {
    const owner = join(path, 'owner')
    if (existsSync(owner)) return !isAlive(Number(readFileSync(owner, 'utf8')))
    // Between making the folder and naming its owner lie microseconds.
    return Date.now() - statSync(path).mtimeMs > 10_000
  } catch {
    return false
  }
}
