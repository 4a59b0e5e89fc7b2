/** The data folder: made, proved writable, and held by one server at a time. */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StartError } from '#server/start-error.ts'

const lockFile = (home: string) => join(home, 'server.pid')

/** @throws StartError when nothing can be written there */
export function prepareHome(home: string): void {
  try {
    // Others may pass through to what is theirs (root's database user, the users of agents); what is private is 0600.
    makeFolder(home)
    if (!statSync(home).isDirectory()) throw new Error('it is not a folder')
    accessSync(home, constants.R_OK | constants.W_OK | constants.X_OK)
    // Root passes every permission check, also on a read-only disk: only a write tells.
    writeFileSync(join(home, '.writable'), '')
    rmSync(join(home, '.writable'))
  } catch (error) {
    throw new StartError(`The data folder ${home} cannot be written to (${reasonOf(error)}): set GATEHOUSE_HOME to a folder that can.`)
  }
}

/** Folder by folder: Node's recursive `mkdir` never returns where a file system answers ENOENT, as below /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  if (dirname(path) !== path) makeFolder(dirname(path))
  mkdirSync(path, { mode: 0o711 })
}

const reasonOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? (error as Error).message

/**
 * Takes the folder for this process. A lock that a killed server left is taken over.
 * @returns what gives it back
 */
export function lockHome(home: string): () => void {
  const own = `${process.pid} ${startOf(process.pid) ?? ''}`
  try {
    writeFileSync(lockFile(home), own, { flag: 'wx' })
  } catch {
    const holder = serverOf(home)
    if (holder !== null)
      throw new StartError(
        `Another Gatehouse server (process ${holder}) uses the data folder ${home}: stop it first, or set GATEHOUSE_HOME to another folder.`,
      )
    writeFileSync(lockFile(home), own)
  }
  return () => rmSync(lockFile(home), { force: true })
}

/** The process id of the server that runs on this folder, or null. */
export function serverOf(home: string): number | null {
  try {
    const [pid = '', startedAt = ''] = readFileSync(lockFile(home), 'utf8').split(' ')
    const running = startOf(Number(pid))
    // The number alone may have been given to another process since.
    return running !== null && running === startedAt && Number(pid) !== process.pid ? Number(pid) : null
  } catch {
    return null
  }
}

/** When a living process started, in whatever unit the system counts; null for one that is gone. */
function startOf(pid: number): string | null {
  if (!Number.isInteger(pid) || pid < 1) return null
  if (process.platform === 'linux') {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
      return fields[0] === 'Z' ? null : (fields[19] ?? null)
    } catch {
      return null
    }
  }
  try {
    process.kill(pid, 0)
    return 'running'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'running' : null
  }
}
