/**
 * MCP tokens: by what our MCP server knows a run. 256 random bits, of which the database keeps the SHA-256. The token lives
 * in the daemon's memory, is put in on the way out of the sandbox, and opens nothing but `/mcp`.
 */
import { mintToken } from '#server/db/mint.ts'

/** @returns the token for the grant, and the hash for the run's `mcpTokenHash` */
export const mintMcpToken = (): { token: string; hash: Buffer<ArrayBuffer> } => mintToken('mct')

/** The token of an `Authorization` header; null for anything else, before a database is asked. */
export const tokenOf = (authorization: string | undefined): string | null =>
  /^Bearer (mct_[A-Za-z0-9_-]{43})$/i.exec(authorization ?? '')?.[1] ?? null
