/**
 * Seals secrets for the database: a random data key per row, wrapped by a versioned
 * master key, AES-256-GCM both times. What a sealed value belongs to is authenticated
 * with it, so a row cannot be put in another's place.
 *
 * Layout: format (1) · nonce (12) · wrapped data key (32) · tag (16) · nonce (12) · ciphertext · tag (16)
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { env } from '#server/env.ts'
import { loadMasterKeys, type MasterKeys } from '#server/connections/master-key.ts'

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

export function createVault({ current, byVersion }: MasterKeys): Vault {
  const keyOf = (version: number) => byVersion.get(version)
  const fingerprintKey = createHmac('sha256', keyOf(Math.min(...byVersion.keys()))!)
    .update('gatehouse fingerprint')
    .digest()
  return {
    seal(place, text) {
      const aad = authenticated(place)
      const dataKey = randomBytes(KEY_BYTES)
      const wrapped = encrypt(keyOf(current)!, dataKey, aad)
      const sealed = Buffer.concat([Buffer.from([FORMAT]), wrapped, encrypt(dataKey, Buffer.from(text, 'utf8'), aad)])
      return { sealed, masterVersion: current }
    },
    open(place, { sealed, masterVersion }) {
      const master = keyOf(masterVersion)
      const box = Buffer.from(sealed)
      if (!master || box[0] !== FORMAT || box.length < HEAD_BYTES + NONCE_BYTES + TAG_BYTES) return { is: 'unreadable' }
      const aad = authenticated(place)
      try {
        const dataKey = decrypt(master, box.subarray(1, HEAD_BYTES), aad)
        return { is: 'open', text: decrypt(dataKey, box.subarray(HEAD_BYTES), aad).toString('utf8') }
      } catch {
        return { is: 'unreadable' }
      }
    },
    fingerprint: (text) => createHmac('sha256', fingerprintKey).update(text).digest('hex').slice(0, 16),
  }
}

let own: Vault | undefined

/** The vault of this process; opened with the environment's master key at the first call, or by `main.ts` to fail at the start. */
export const vault = (): Vault => (own ??= createVault(loadMasterKeys(env())))
