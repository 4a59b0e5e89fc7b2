/** Ids and tokens: the only place where randomness and the clock become names. */
import { createHash, randomBytes } from 'node:crypto'
import { uuidV7 } from '#core/ids.ts'

/** A UUID of version 7: sorts by the time it was minted. */
export const mintUuid = (): string => uuidV7({ nowMs: Date.now(), random: randomBytes(10) })

/** What the database keeps of a token. 256 random bits need no slow hash. */
export const hashToken = (token: string): Buffer<ArrayBuffer> => Buffer.from(createHash('sha256').update(token).digest())

/** A new secret such as `pat_…` (256 bit) with the hash to store; the token itself is shown once and never kept. */
export function mintToken(prefix: string): { token: string; hash: Buffer<ArrayBuffer> } {
  const token = `${prefix}_${randomBytes(32).toString('base64url')}`
  return { token, hash: hashToken(token) }
}
