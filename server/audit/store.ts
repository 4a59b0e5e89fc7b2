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

type NamesAsked = { actorId: string | null; ownerId: string | null; projectId: string | null }
export type Names = { actor: string | null; owner: string | null; project: string | null }

/** As they are called now: the log outlives them. */
export async function findNames(db: AuditDb, { actorId, ownerId, projectId }: NamesAsked): Promise<Names> {
  const { rows } = await db.query(
    `select (select name from "user" where id = $1::text) as actor, (select name from "user" where id = $2::text) as owner,
       (select name from project where id = $3::text) as project`,
    [actorId, ownerId, projectId],
  )
  return rows[0] as Names
}

type LinkRow = Omit<AuditLink, 'seq' | 'at'> & { seq: string; at: Date }

const toLink = ({ seq, at, ...row }: LinkRow): AuditLink => ({ ...row, seq: Number(seq), at: at.toISOString() })

/** The whole chain in order, for its proof alone. */
export async function readLinks({ afterSeq, limit }: { afterSeq: number; limit: number }): Promise<AuditLink[]> {
  const { rows } = await pool().query<LinkRow>('select * from audit_entry where seq > $1 order by seq limit $2', [afterSeq, limit])
  return rows.map(toLink)
}

/** `teamId` null: of no team. */
export type Visible = Readonly<{ teamId: string | null; isInstanceVisible: boolean }>
export type EntryFilter = Readonly<{ act: string | null; actorId: string | null; subject: string | null }>

/** `from` is left out itself. */
type Page = Readonly<{ order: 'asc' | 'desc'; from: number | null; limit: number }>

export async function readEntries(
  { teamId, isInstanceVisible }: Visible,
  filter: EntryFilter,
  { order, from, limit }: Page,
): Promise<AuditLink[]> {
  const { rows } = await pool().query<LinkRow>(
    `select * from audit_entry
     where ("teamId" = $1 or ($2 and "teamId" is null))
       and ($3::text is null or act = $3 or starts_with(act, $3 || '.'))
       and ($4::text is null or "actorId" = $4 or ($4 = 'system' and "actorId" is null))
       and ($5::text is null or "subjectId" = $5)
       and ($6::bigint is null or seq ${order === 'asc' ? '>' : '<'} $6)
     order by seq ${order} limit $7`,
    [teamId, isInstanceVisible, filter.act, filter.actorId, filter.subject, from, limit],
  )
  return rows.map(toLink)
}
