/** Ids and tokens: the only place where randomness and the clock become names. */
import { hash, randomBytes, randomFillSync } from 'node:crypto'
import { uuidV7 } from '#core/ids.ts'

/** A UUID of version 7: sorts by the time it was minted. */
export const mintUuid = (): string => uuidV7({ nowMs: Date.now(), random: tenRandomBytes() })

/** Asking the system for ten at a time costs more than everything else about an id. */
const pooled = Buffer.alloc(4_000)
let used = pooled.length

function tenRandomBytes(): Uint8Array {
  if (used === pooled.length) {
    randomFillSync(pooled)
    used = 0
  }
  used += 10
  return pooled.subarray(used - 10, used)
}

/** What the database keeps of a token. 256 random bits need no slow hash. */
export const hashToken = (token: string): Buffer<ArrayBuffer> => Buffer.from(hash('sha256', token, 'buffer'))

/** The same as text, to know a token by in memory: a fifth of the work, where every request does it. */
export const tokenHashName = (token: string): string => hash('sha256', token, 'base64')

/** A new secret such as `pat_…` (256 bit) with the hash to store; the token itself is shown once and never kept. */
export function mintToken(prefix: string): { token: string; hash: Buffer<ArrayBuffer> } {
  const token = `${prefix}_${randomBytes(32).toString('base64url')}`
  return { token, hash: hashToken(token) }
}
