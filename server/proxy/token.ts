/**
 * Workspace tokens: by what the proxy knows a run. 256 random bits, of which the database
 * keeps the SHA-256; the token itself lives in the daemon's memory and nowhere else.
 * Next: `route.ts` reads one out of a request, `run.ts` finds whose it is.
 */
import { mintToken } from '#server/db/mint.ts'

/** @returns the token for the grant, and the hash for the run's `wstokenHash` */
export const mintWstoken = (): { token: string; hash: Buffer<ArrayBuffer> } => mintToken('wst')

/** 32 bytes in base64url are 43 characters: anything else is refused before a database is asked. */
export const isWstoken = (text: string): boolean => /^wst_[A-Za-z0-9_-]{43}$/.test(text)
