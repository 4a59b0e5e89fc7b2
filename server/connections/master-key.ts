/**
 * The master key: from GATEHOUSE_MASTER_KEY, or a file that the first start creates.
 * It wraps the data key of every sealed row (`vault.ts`) and is never in the database,
 * in a daemon or in a child. Versions let it be replaced without opening a row.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { readOrCreate } from '#server/private-file.ts'
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
  return parseKeys(
    readOrCreate(file, () => `${randomBytes(KEY_BYTES).toString('base64')}\n`),
    file,
  )
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
