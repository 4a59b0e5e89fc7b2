/**
 * Reading the audit log. A team's admins see their team's entries; the instance's owner
 * also sees what concerns the instance. Next: `store.ts`.
 */
import type { AuditFacts } from '#core/audit/acts.ts'
import { sayAct } from '#core/audit/sentences.ts'
import { DomainError } from '#core/errors.ts'
import type { TeamScope } from '#server/access/scope.ts'
import type { AuditLink } from '#server/audit/chain.ts'
import { csvLine } from '#core/csv.ts'
import { issueCursor, readCursor } from '#server/audit/export-cursor.ts'
import { record } from '#server/audit/service.ts'
import { readEntries, type EntryFilter, type Visible } from '#server/audit/store.ts'
import { inTransaction } from '#server/db/client.ts'

export type AuditEntryView = {
  seq: number
  at: string
  /** Whether it concerns the whole instance, and no team. */
  isOfInstance: boolean
  actorId: string | null
  actorName: string
  act: string
  /** What follows the actor's name. */
  sentence: string
  subject: { kind: string; id: string }
  facts: AuditFacts
  /** Hexadecimal, of the chain. */
  hash: string
}

/** @throws access.denied for everybody else */
function visibleTo({ teamId, role, isInstanceOwner }: TeamScope): Visible {
  if (role !== 'admin' && !isInstanceOwner) throw new DomainError('access.denied')
  return { teamId: role === 'admin' ? teamId : null, isInstanceVisible: isInstanceOwner }
}

type Filter = { [key in keyof EntryFilter]?: EntryFilter[key] | undefined }
const filterOf = ({ act, actorId, subject }: Filter): EntryFilter => ({
  act: act ?? null,
  actorId: actorId ?? null,
  subject: subject ?? null,
})

/** `nextBefore` asks for the page after this one; null at the end. */
export async function listEntries(
  scope: TeamScope,
  { before, limit, ...filter }: Filter & { before?: number | undefined; limit: number },
): Promise<{ entries: AuditEntryView[]; nextBefore: number | null }> {
  const page = { order: 'desc', from: before ?? null, limit: limit + 1 } as const
  const rows = await readEntries(visibleTo(scope), filterOf(filter), page)
  const entries = rows.slice(0, limit).map(toView)
  return { entries, nextBefore: rows.length > limit ? entries.at(-1)!.seq : null }
}

const factsOf = ({ facts }: AuditLink) => facts as AuditFacts

const toView = (link: AuditLink): AuditEntryView => ({
  seq: link.seq,
  at: link.at,
  isOfInstance: link.teamId === null,
  actorId: link.actorId,
  actorName: link.actorName,
  act: link.act,
  sentence: sayAct({ act: link.act, subjectId: link.subjectId, facts: factsOf(link) }),
  subject: { kind: link.subjectKind, id: link.subjectId },
  facts: factsOf(link),
  hash: link.hash.toString('hex'),
})

const HEADINGS = ['seq', 'at', 'actor', 'actorId', 'act', 'sentence', 'subjectKind', 'subjectId', 'teamId', 'facts', 'previousHash', 'hash']

type ExportInput = Filter & {
  format: 'csv' | 'json'
  /** Where the file begins. */
  afterSeq: number
  /** The `nextCursor` of the page before. */
  cursor?: string | undefined
  limit: number
}

/**
 * A page of the file; the first one has the headings. That somebody took the log away is an entry of its own, at every page
 * that does not go on from one of the server's own cursors.
 * @throws access.denied; request.invalid for a cursor that is not of this export, or is too old
 */
export async function exportEntries(
  scope: TeamScope,
  { format, afterSeq, cursor, limit, ...filter }: ExportInput,
): Promise<{ contents: string; count: number; nextCursor: string | null }> {
  const visible = visibleTo(scope)
  const wanted = filterOf(filter)
  const { teamId, userId: actorId } = scope
  const of = [actorId, visible.teamId, visible.isInstanceVisible, format, wanted.act, wanted.actorId, wanted.subject] as const
  const from = cursor === undefined ? afterSeq : readCursor(of, { cursor, nowMs: Date.now() })
  if (from === null) throw new DomainError('request.invalid', { field: 'cursor' })
  if (cursor === undefined) {
    const subject = { kind: 'audit', id: visible.teamId ?? 'instance' } as const
    const facts = { format, ...(afterSeq > 0 && { afterSeq }) }
    await inTransaction((tx) =>
      record(tx, { teamId: visible.teamId === null ? null : teamId, actorId, act: 'audit.exported', subject, facts }),
    )
  }
  const rows = await readEntries(visible, wanted, { order: 'asc', from, limit: limit + 1 })
  const entries = rows.slice(0, limit)
  const headings = format === 'csv' && cursor === undefined ? csvLine(HEADINGS) : ''
  return {
    contents: headings + entries.map(format === 'csv' ? toCsv : toJson).join(''),
    count: entries.length,
    nextCursor: rows.length > limit ? issueCursor(of, { afterSeq: entries.at(-1)!.seq, nowMs: Date.now() }) : null,
  }
}

function toCsv(link: AuditLink): string {
  const { seq, at, actorName, actorId, act, subjectKind, subjectId, teamId, facts, previousHash, hash } = link
  const { sentence } = toView(link)
  const hashes = [previousHash, hash].map((each) => each.toString('hex'))
  return csvLine([seq, at, actorName, actorId, act, sentence, subjectKind, subjectId, teamId, JSON.stringify(facts), ...hashes])
}

/** With everything that was hashed, so that a chain can be proved without us. */
const toJson = ({ previousHash, hash, ...link }: AuditLink): string =>
  `${JSON.stringify({ ...link, previousHash: previousHash.toString('hex'), hash: hash.toString('hex') })}\n`
