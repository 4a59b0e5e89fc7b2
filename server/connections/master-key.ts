/**
 * The master key: from GATEHOUSE_MASTER_KEY, or a file that the first start creates.
 * It wraps the data key of every sealed row (`vault.ts`) and is never in the database,
 * in a daemon or in a child. Versions let it be replaced without opening a row: a new one
 * is added (`addVersion`), rows are rewrapped (`rotation.ts`), the former ones are dropped.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { log } from '#server/log.ts'
import { readOrCreate } from '#server/private-file.ts'
import { StartError } from '#server/start-error.ts'

const KEY_BYTES = 32

export type MasterKeys = Readonly<{
  current: number
  byVersion: ReadonlyMap<number, Buffer>
  /** Of the first version, kept when that is dropped: fingerprints stay comparable. */
  fingerprintKey: Buffer
}>

type Source = { home: string; masterKey: string | null }

export const masterKeyFile = (home: string): string => join(home, 'master.key')

/**
 * @param masterKey base64 of 32 bytes, or `version:base64` pairs separated by commas, the highest being current
 * @throws StartError when the key is not one, or its file can neither be read nor made
 */
export function loadMasterKeys({ home, masterKey }: Source): MasterKeys {
  if (masterKey !== null) return parseKeys(masterKey, 'GATEHOUSE_MASTER_KEY')
  const file = masterKeyFile(home)
  return parseKeys(
    readOrCreate(file, () => `${randomBytes(KEY_BYTES).toString('base64')}\n`),
    file,
  )
}

/**
 * The keys as they are now: a file that was replaced meanwhile (a rotation, a key brought back) is read again,
 * without a restart. One that is gone or damaged changes nothing for a process that has its keys.
 */
export function openKeyring(source: Source): () => MasterKeys {
  let keys = loadMasterKeys(source)
  if (source.masterKey !== null) return () => keys
  const file = masterKeyFile(source.home)
  let stamp = stampOf(file)
  return () => {
    const now = stampOf(file)
    if (now === stamp) return keys
    stamp = now
    try {
      if (now !== null) keys = parseKeys(readFileSync(file, 'utf8'), file)
    } catch (error) {
      log.error({ err: error }, 'The master key file was changed and cannot be used: the former keys stay in use')
    }
    return keys
  }
}

function stampOf(file: string): string | null {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
  return stat ? `${stat.ino} ${stat.size} ${stat.mtimeNs}` : null
}

/** Adds a version to the file, which seals from now on. Returns its number. The caller keeps others from doing so too. */
export function addVersion(home: string): number {
  const keys = loadMasterKeys({ home, masterKey: null })
  const version = keys.current + 1
  writeKeys(home, { ...keys, byVersion: new Map([...keys.byVersion, [version, randomBytes(KEY_BYTES)]]) })
  return version
}

/** Takes every version but the current one out of the file. What only they open is lost: the caller has made sure that there is nothing. */
export function dropFormerVersions(home: string): void {
  const keys = loadMasterKeys({ home, masterKey: null })
  writeKeys(home, { ...keys, byVersion: new Map([[keys.current, keys.byVersion.get(keys.current)!]]) })
}

/** Whole or not at all, and private from the first byte on: a crash leaves the file as it was. */
function writeKeys(home: string, { byVersion, fingerprintKey }: Pick<MasterKeys, 'byVersion' | 'fingerprintKey'>): void {
  const lines = [...byVersion].toSorted(([a], [b]) => a - b).map(([version, key]) => `${version}:${key.toString('base64')}`)
  const draft = `${masterKeyFile(home)}.${process.pid}`
  try {
    writeFileSync(draft, `${[...lines, fingerprintEntry(fingerprintKey)].join('\n')}\n`, { mode: 0o600, flush: true })
    renameSync(draft, masterKeyFile(home))
    const folder = openSync(dirname(draft), 'r')
    fsyncSync(folder)
    closeSync(folder)
  } catch (error) {
    rmSync(draft, { force: true })
    throw new StartError(`${masterKeyFile(home)} cannot be written: ${(error as Error).message}`)
  }
}

const FINGERPRINT = 'fingerprint'

/** Stands beside the versions once the first of them, from which it came, is dropped. */
export const fingerprintEntry = (key: Buffer): string => `${FINGERPRINT}:${key.toString('base64')}`

function parseKeys(text: string, source: string): MasterKeys {
  const byVersion = new Map<number, Buffer>()
  let fingerprintKey: Buffer | null = null
  for (const part of text.split(/[\s,]+/).filter(Boolean)) {
    const [version, encoded] = part.includes(':') ? part.split(':', 2) : ['1', part]
    const key = Buffer.from(encoded ?? '', 'base64')
    const isFingerprint = version === FINGERPRINT
    if ((!isFingerprint && !/^[1-9]\d{0,8}$/.test(version!)) || key.length !== KEY_BYTES)
      throw new StartError(`${source} must hold the base64 of ${KEY_BYTES} bytes.`)
    if (isFingerprint) fingerprintKey = key
    else byVersion.set(Number(version), key)
  }
  if (byVersion.size === 0) throw new StartError(`${source} is empty; it must hold the base64 of ${KEY_BYTES} bytes.`)
  const first = byVersion.get(Math.min(...byVersion.keys()))!
  return {
    current: Math.max(...byVersion.keys()),
    byVersion,
    fingerprintKey: fingerprintKey ?? createHmac('sha256', first).update('gatehouse fingerprint').digest(),
  }
}
