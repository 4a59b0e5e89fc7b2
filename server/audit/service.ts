/**
 * The audit log: who did what, as a chain that is only added to.
 * Other nouns call `record` in their own transaction, so that an act and its entry stand or fall together.
 * Next: `chain.ts` for the hash, `anchor.ts` for what is kept outside the database, `verify.ts` for the proof.
 */
import type { AuditAct, AuditFacts, SubjectKind } from '#core/audit/acts.ts'
import { sayAct } from '#core/audit/sentences.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { anchorSoon } from '#server/audit/anchor.ts'
import { appendEntry, findNames, readEntries, type AuditDb } from '#server/audit/store.ts'
import { withoutTokens } from '#server/log.ts'

export type NewAuditEntry = Readonly<{
  /** Null for what concerns the instance. */
  teamId: string | null
  /** Null for the system itself. */
  actorId: string | null
  act: AuditAct
  subject: Readonly<{ kind: SubjectKind; id: string }>
  facts?: AuditFacts
}>

const SYSTEM = 'Gatehouse'
const FORMER_MEMBER = 'A former member'

/**
 * Appends one entry in the transaction of `db`. Call it LAST there: the chain has one lock, held from here to the
 * commit, and a transaction that waits for rows while it holds that lock makes everybody wait, or meets itself.
 */
export async function record(db: AuditDb, { teamId, actorId, act, subject, facts = {} }: NewAuditEntry): Promise<void> {
  const [projectId, ownerId] = [textOf(facts['projectId']), textOf(facts['ownerId'])]
  const names = await findNames(db, { actorId, projectId, ownerId: ownerId === actorId ? null : ownerId })
  const told = { ...facts, ...(names.project && { projectName: names.project }), ...(names.owner && { ownerName: names.owner }) }
  const seq = await appendEntry(db, {
    teamId,
    at: new Date().toISOString(),
    actorId,
    actorName: actorId === null ? SYSTEM : storable(names.actor ?? FORMER_MEMBER),
    act,
    subjectKind: subject.kind,
    subjectId: storable(subject.id),
    facts: Object.fromEntries(Object.entries(told).map(([name, fact]) => [name, typeof fact === 'string' ? storable(fact) : fact])),
  })
  anchorSoon(seq)
}

export type HistoryEntry = { at: string; actorId: string | null; actorName: string; sentence: string }

/** What was done to one thing, the newest first, for whoever may see that thing. */
export async function historyOf({ teamId }: Pick<TeamScope, 'teamId'>, id: string, limit: number): Promise<HistoryEntry[]> {
  const filter = { act: null, actorId: null, subject: id }
  const links = await readEntries({ teamId, isInstanceVisible: false }, filter, { order: 'desc', from: null, limit })
  return links.map(({ at, actorId, actorName, act, subjectId, facts }) => ({
    at,
    actorId,
    actorName,
    sentence: sayAct({ act, subjectId, facts: facts as AuditFacts }),
  }))
}

const textOf = (fact: AuditFacts[string] | undefined) => (typeof fact === 'string' ? fact : null)

/** What PostgreSQL takes, and the same when it is read again: no NUL, no half characters; and no token of ours. */
const storable = (text: string) => withoutTokens(text.replaceAll('\0', '').toWellFormed())

/** Lets `record` write in a transaction of Prisma's. */
export const prismaDb = (tx: { $queryRawUnsafe(sql: string, ...values: unknown[]): Promise<unknown> }): AuditDb => ({
  query: async (sql, values) => ({ rows: (await tx.$queryRawUnsafe(sql, ...values)) as unknown[] }),
})
