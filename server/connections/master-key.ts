/**
 * The master key: from GATEHOUSE_MASTER_KEY, or a file that the first start creates.
 * It wraps the data key of every sealed row (`vault.ts`) and is never in the database,
 * in a daemon or in a child. Versions let it be replaced without opening a row.
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StartError } from '#server/start-error.ts'

const KEY_BYTES = 32

export type MasterKeys = Readonly<{ current: number; byVersion: ReadonlyMap<number, Buffer> }>

/**
 * @param masterKey base64 of 32 bytes, or `version:base64` pairs separated by commas, the highest being current
 * @throws StartError when the key is not one, or its file can neither be read nor made
 */
export function loadMasterKeys({ home, masterKey }: { home: string; masterKey: string | null }): MasterKeys {
  if (masterKey !== null) return parseKeys(masterKey, 'GATEHOUSE_MASTER_KEY')
  const file = join(home, 'master.key')
  return parseKeys(readOrCreate(file), file)
}

function parseKeys(text: string, source: string): MasterKeys {
  const byVersion = new Map<number, Buffer>()
  for (const part of text.split(/[\s,]+/).filter(Boolean)) {
    const [version, encoded] = part.includes(':') ? part.split(':', 2) : ['1', part]
    const key = Buffer.from(encoded ?? '', 'base64')
    if (!/^[1-9]\d{0,8}$/.test(version!) || key.length !== KEY_BYTES)
      throw new StartError(`${source} must hold the base64 of ${KEY_BYTES} bytes.`)
    byVersion.set(Number(version), key)
  }
  if (byVersion.size === 0) throw new StartError(`${source} is empty; it must hold the base64 of ${KEY_BYTES} bytes.`)
  return { current: Math.max(...byVersion.keys()), byVersion }
}

function readOrCreate(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw new StartError(`${file} cannot be read: ${(error as Error).message}`)
  }
  create(file)
  return readFileSync(file, 'utf8')
}

/** Two processes of a first start may meet here: the file appears whole, and the first one wins. */
function create(file: string): void {
  const draft = `${file}.${process.pid}`
  try {
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600 })
    chmodSync(draft, 0o600)
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw new StartError(`${file} cannot be created: ${(error as Error).message}`)
  } finally {
    rmSync(draft, { force: true })
  }
}
