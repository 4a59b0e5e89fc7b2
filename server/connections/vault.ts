/**
 * Seals secrets for the database: a random data key per row, wrapped by a versioned
 * master key, AES-256-GCM both times. What a sealed value belongs to is authenticated
 * with it, so a row cannot be put in another's place.
 *
 * Layout: format (1) · nonce (12) · wrapped data key (32) · tag (16) · nonce (12) · ciphertext · tag (16)
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { env } from '#server/env.ts'
import { openKeyring, type MasterKeys } from '#server/connections/master-key.ts'

const FORMAT = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32
const HEAD_BYTES = 1 + NONCE_BYTES + KEY_BYTES + TAG_BYTES

/** The field that a sealed value stands in; `teamId` is null for what belongs to the instance. */
export type Place = Readonly<{ table: string; rowId: string; teamId: string | null; field: string }>

export type Sealed = Readonly<{ sealed: Buffer<ArrayBuffer>; masterVersion: number }>

/** `unreadable` when no key we hold opens it, or it is not what was sealed in this place. */
export type Opened = { is: 'open'; text: string } | { is: 'unreadable' }

export type Vault = Readonly<{
  seal: (place: Place, text: string) => Sealed
  open: (place: Place, sealed: { sealed: Uint8Array; masterVersion: number }) => Opened
  /** The same secret under the current master key: only its data key is wrapped anew. Null when no key we hold opens it. */
  rewrap: (place: Place, sealed: { sealed: Uint8Array; masterVersion: number }) => Sealed | null
  /** Tells two secrets apart without saying anything of them; means something in this installation only. */
  fingerprint: (text: string) => string
}>

const authenticated = ({ table, rowId, teamId, field }: Place) => Buffer.from([table, rowId, teamId ?? '-', field].join('|'))

function encrypt(key: Buffer, plain: Buffer, aad: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad)
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** @throws when key, place or bytes are not the ones of `encrypt` */
function decrypt(key: Buffer, box: Buffer, aad: Buffer): Buffer {
  const nonce = box.subarray(0, NONCE_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad)
  decipher.setAuthTag(box.subarray(box.length - TAG_BYTES))
  return Buffer.concat([decipher.update(box.subarray(NONCE_BYTES, box.length - TAG_BYTES)), decipher.final()])
}

/** @param keys asked each time, since a rotation adds to them while we run */
export function createVault(keys: () => MasterKeys): Vault {
  /**
   * With the key of the version that the row names; else with any other that we hold, since a start with a wrong key
   * has counted for itself. A version that is still to come for us is of a newer file, which we do not have.
   */
  const unwrap = (box: Buffer, { masterVersion, aad }: { masterVersion: number; aad: Buffer }): Buffer | null => {
    const { current, byVersion } = keys()
    if (masterVersion > current || box[0] !== FORMAT || box.length < HEAD_BYTES + NONCE_BYTES + TAG_BYTES) return null
    const named = byVersion.get(masterVersion)
    for (const master of new Set([...(named ? [named] : []), ...byVersion.values()])) {
      try {
        return decrypt(master, box.subarray(1, HEAD_BYTES), aad)
      } catch {
        // Not this one.
      }
    }
    return null
  }
  const wrap = (dataKey: Buffer, { aad, body }: { aad: Buffer; body: Buffer }): Sealed => {
    const { current, byVersion } = keys()
    return { sealed: Buffer.concat([Buffer.from([FORMAT]), encrypt(byVersion.get(current)!, dataKey, aad), body]), masterVersion: current }
  }
  return {
    seal(place, text) {
      const aad = authenticated(place)
      const dataKey = randomBytes(KEY_BYTES)
      return wrap(dataKey, { aad, body: encrypt(dataKey, Buffer.from(text, 'utf8'), aad) })
    },
    open(place, { sealed, masterVersion }) {
      const box = Buffer.from(sealed)
      const aad = authenticated(place)
      const dataKey = unwrap(box, { masterVersion, aad })
      if (!dataKey) return { is: 'unreadable' }
      try {
        return { is: 'open', text: decrypt(dataKey, box.subarray(HEAD_BYTES), aad).toString('utf8') }
      } catch {
        return { is: 'unreadable' }
      }
    },
    rewrap(place, { sealed, masterVersion }) {
      const box = Buffer.from(sealed)
      const aad = authenticated(place)
      const dataKey = unwrap(box, { masterVersion, aad })
      return dataKey && wrap(dataKey, { aad, body: box.subarray(HEAD_BYTES) })
    },
    fingerprint: (text) => createHmac('sha256', keys().fingerprintKey).update(text).digest('hex').slice(0, 16),
  }
}

let ownKeys: (() => MasterKeys) | undefined
let own: Vault | undefined

/** The master keys of this process, as they are now. */
export const masterKeys = (): MasterKeys => (ownKeys ??= openKeyring(env()))()

/** The vault of this process; opened with the environment's master key at the first call. */
export const vault = (): Vault => (own ??= createVault(masterKeys))
