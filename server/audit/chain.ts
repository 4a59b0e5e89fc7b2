/**
 * The arithmetic of the chain. `append_audit_entry` in the database links an entry to the
 * one before it; the digest of what the entry says is made here, and so is the proof.
 *
 * hash = SHA-256(hash of the entry before · number as 8 bytes · SHA-256 of the entry's canonical JSON)
 */
import { createHash } from 'node:crypto'

/** What is hashed: everything that an entry says, but its place in the chain. */
export type AuditContent = Readonly<{
  teamId: string | null
  /** ISO 8601 in UTC, with milliseconds. */
  at: string
  actorId: string | null
  actorName: string
  act: string
  subjectKind: string
  subjectId: string
  facts: unknown
}>

export type AuditLink = AuditContent & Readonly<{ seq: number; previousHash: Buffer; hash: Buffer }>

/** What the first entry follows. */
export const GENESIS: Buffer = Buffer.alloc(32)

/** JSON in one spelling: keys in the order of their code units, no spaces. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, each]) => `${JSON.stringify(name)}:${canonicalJson(each)}`).join(',')}}`
}

export function digestOf({ teamId, at, actorId, actorName, act, subjectKind, subjectId, facts }: AuditContent): Buffer {
  const said = canonicalJson({ teamId, at, actorId, actorName, act, subjectKind, subjectId, facts })
  return createHash('sha256').update(said).digest()
}

export function hashOf({ previousHash, seq, digest }: { previousHash: Buffer; seq: number; digest: Buffer }): Buffer {
  const place = Buffer.alloc(8)
  place.writeBigInt64BE(BigInt(seq))
  return createHash('sha256').update(previousHash).update(place).update(digest).digest()
}
