/** The rows of the audit log. Entries go in through the database's own `append_audit_entry` (its migration says why). */
import { digestOf, type AuditContent, type AuditLink } from '#server/audit/chain.ts'
import { pool } from '#server/db/client.ts'

/** A transaction, of pg or of Prisma. */
export type AuditDb = { query(sql: string, values: unknown[]): Promise<{ rows: unknown[] }> }

/** One statement, with which the lock of the chain begins. Returns the entry's number. */
export async function appendEntry(db: AuditDb, content: AuditContent): Promise<number> {
  const { teamId, at, actorId, actorName, act, subjectKind, subjectId, facts } = content
  const { rows } = await db.query(
    `select append_audit_entry($1::text, $2::text::timestamptz, $3::text, $4::text, $5::text, $6::text, $7::text,
       $8::text::jsonb, decode($9::text, 'hex'))::text as seq`,
    [teamId, at, actorId, actorName, act, subjectKind, subjectId, JSON.stringify(facts), digestOf(content).toString('hex')],
  )
  return Number((rows[0] as { seq: string }).seq)
}

export async function findActorName(db: AuditDb, userId: string): Promise<string | null> {
  const { rows } = await db.query('select name from "user" where id = $1::text', [userId])
  return (rows[0] as { name: string } | undefined)?.name ?? null
}

type LinkRow = Omit<AuditLink, 'seq' | 'at'> & { seq: string; at: Date }

const toLink = ({ seq, at, ...row }: LinkRow): AuditLink => ({ ...row, seq: Number(seq), at: at.toISOString() })

/** The whole chain in order, for its proof alone. */
export async function readLinks({ afterSeq, limit }: { afterSeq: number; limit: number }): Promise<AuditLink[]> {
  const { rows } = await pool().query<LinkRow>('select * from audit_entry where seq > $1 order by seq limit $2', [afterSeq, limit])
  return rows.map(toLink)
}
