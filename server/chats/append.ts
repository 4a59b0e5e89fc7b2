/**
 * The one writer of the log. A chat's head row is locked from the numbering of its facts to the
 * commit, so the order of commits is the order of `seq`, and a reader at `seq > cursor` can never
 * skip a late committer. Nothing is announced before its commit has returned.
 * From: `service.ts` (people), `server/proxy` (model requests), `server/daemons/ingest.ts` (agents).
 * Next: `server/realtime/pump.ts`, woken by the bus.
 */
import type { ChatFact, DaemonFact } from '#core/chat/events.ts'
import { DomainError } from '#core/errors.ts'
import type { ChatId, NodeId, TeamId, TurnId, UserId } from '#core/ids.ts'
import { applySideFacts, changesLists, hasSideEffects } from '#server/chats/side-facts.ts'
import { toPayload } from '#server/chats/events.ts'
import { jsonArray, plainArray } from '#server/db/array-text.ts'
import { inTransaction, pool, prepared, type PoolClient } from '#server/db/client.ts'
import { announce, hintList, publish } from '#server/realtime/bus.ts'

export type Head = {
  head: number
  epoch: number
  pseq: number
  nodeId: NodeId | null
  isLeased: boolean
  activeTurn: TurnId | null
  activeBy: UserId | null
}

/** Waits for the head row and keeps it until the transaction ends. @throws chat.missing */
export async function lockHead(tx: PoolClient, chatId: ChatId): Promise<Head> {
  const { rows } = await tx.query(
    `select head, epoch, pseq, "nodeId", coalesce("leaseUntil" > now(), false) as "isLeased", "activeTurn", "activeBy"
     from chat_head where "chatId" = $1 for update`,
    [chatId],
  )
  if (!rows[0]) throw new DomainError('chat.missing')
  return { ...rows[0], head: Number(rows[0].head), pseq: Number(rows[0].pseq) }
}

/** What a commit has to tell the bus, once it is one. */
export type Appended = { chatId: ChatId; head: number; listOf: TeamId | null }

/** The locks are taken in the order of chat ids, as those of `FENCED_APPEND`, so two servers cannot deadlock. */
const SERVER_APPEND = prepared(
  'append-server-facts',
  `with b as (select * from unnest($1::uuid[], $2::int[], $3::text[]) as b("chatId", n, facts)),
        l as (select h."chatId" from chat_head h join b on b."chatId" = h."chatId" order by h."chatId" for update of h),
        h as (update chat_head s set head = s.head + b.n from b join l on l."chatId" = b."chatId" where s."chatId" = b."chatId"
              returning s."chatId", s.head, b.n, b.facts, s."modelFailed"),
        i as (insert into chat_event ("chatId", seq, "seqFrom", type, payload, at)
              select h."chatId", h.head - h.n + e.at, h.head - h.n + e.at, e.fact->>0, e.fact->1, clock_timestamp()
              from h, jsonb_array_elements(h.facts::jsonb) with ordinality as e(fact, at))
   select h."chatId", h.head, h."modelFailed", c."teamId" from h join chat c on c.id = h."chatId"`,
)

export type ServerBatch = { chatId: ChatId; facts: readonly ChatFact[] }

/**
 * Writes what people, the proxy or the server did, inside the caller's transaction, under the heads' locks. Of each chat
 * at most one batch; one whose chat is gone is left out. The caller passes the result to `announceAppended` after its commit.
 */
export async function appendServerBatches(tx: PoolClient, batches: readonly ServerBatch[]): Promise<Appended[]> {
  const told = batches.filter(({ facts }) => facts.length > 0)
  if (told.length === 0) return []
  const { rows } = await tx.query(
    SERVER_APPEND([
      plainArray(told, ({ chatId }) => chatId),
      plainArray(told, ({ facts }) => facts.length),
      jsonArray(told, ({ facts }) => `[${facts.map((fact) => `["${fact.type}",${toPayload(fact)}]`).join(',')}]`),
    ]),
  )
  const found = new Map(rows.map((row) => [row.chatId as string, row]))
  const appended: Appended[] = []
  for (const { chatId, facts } of told) {
    const row = found.get(chatId)
    if (!row) continue
    await applySideFacts({ tx, chatId, epoch: null, hasFailed: row.modelFailed }, facts)
    appended.push({ chatId, head: Number(row.head), listOf: changesLists(facts) ? row.teamId : null })
  }
  return appended
}

/** `appendServerBatches` of one chat; null when there was nothing to write. @throws chat.missing */
export async function appendServerFacts(tx: PoolClient, chatId: ChatId, facts: readonly ChatFact[]): Promise<Appended | null> {
  if (facts.length === 0) return null
  const [appended] = await appendServerBatches(tx, [{ chatId, facts }])
  if (!appended) throw new DomainError('chat.missing')
  return appended
}

/** `appendServerFacts` in a transaction of its own, announced. Resolves once committed. */
export async function recordServerFacts(chatId: ChatId, facts: readonly ChatFact[]): Promise<void> {
  announceAppended(await inTransaction((tx) => appendServerFacts(tx, chatId, facts)))
}

export function announceAppended(appended: Appended | null): void {
  if (!appended) return
  announce(appended.chatId, appended.head)
  if (appended.listOf) hintList({ teamId: appended.listOf, topic: 'chats' })
}

/** One chat's facts of one epoch, `pseq` contiguous from `first`. */
export type FencedBatch = { chatId: ChatId; nodeId: NodeId; epoch: number; first: number; facts: readonly DaemonFact[] }

/**
 * The fence, the search for duplicates and gaps, the numbering and the insert in one statement: a batch is
 * stored only if its node holds that epoch and its first fact is the very next one. A rejected batch does not
 * fail the others. Locks are taken in the order of chat ids, so two servers cannot deadlock.
 */
const FENCED_APPEND = `
  with b as (select * from unnest($1::uuid[], $2::int[], $3::bigint[], $4::int[], $5::text[]) as b("chatId", epoch, first, n, "nodeId")),
       l as (select h."chatId" from chat_head h join b on b."chatId" = h."chatId" order by h."chatId" for update of h),
       h as (update chat_head s set head = s.head + b.n, pseq = b.first + b.n - 1
             from b join l on l."chatId" = b."chatId"
             where s."chatId" = b."chatId" and s.epoch = b.epoch and s."nodeId" = b."nodeId" and s.pseq = b.first - 1
             returning s."chatId", s.head, b.n, b.first, b.epoch),
       i as (insert into chat_event ("chatId", seq, "seqFrom", epoch, pseq, type, payload, at)
             select h."chatId", h.head - h.n + (e.pseq - h.first + 1), h.head - h.n + (e.pseq - h.first + 1), h.epoch, e.pseq,
                    e.type, e.payload::jsonb, clock_timestamp()
             from unnest($6::uuid[], $7::bigint[], $8::text[], $9::text[]) as e("chatId", pseq, type, payload)
             join h on h."chatId" = e."chatId")
  select h."chatId", h.head, c."teamId" from h join chat c on c.id = h."chatId"`

/**
 * Stores the batches that may be stored, at most one for each chat, and announces them.
 * Resolves to the chats that were stored; why another was not, `server/daemons/ingest.ts` finds out.
 */
export async function appendFenced(batches: readonly FencedBatch[]): Promise<ReadonlySet<ChatId>> {
  const parameters = fencedParameters(batches)
  const needsMore = batches.some((batch) => hasSideEffects(batch.facts))
  const rows = needsMore
    ? await inTransaction(async (tx) => {
        const stored = (await tx.query(FENCED_APPEND, parameters)).rows
        for (const batch of batches) {
          if (stored.some((row) => row.chatId === batch.chatId)) {
            await applySideFacts({ tx, chatId: batch.chatId, epoch: batch.epoch }, batch.facts)
          }
        }
        return stored
      })
    : (await pool().query(FENCED_APPEND, parameters)).rows
  const facts = new Map(batches.map((batch) => [batch.chatId, batch.facts]))
  for (const { chatId, head, teamId } of rows) {
    if (facts.get(chatId)!.some((fact) => fact.type === 'permission.requested')) publish({ about: 'question', chatId })
    announceAppended({ chatId, head: Number(head), listOf: changesLists(facts.get(chatId)!) ? teamId : null })
  }
  return new Set(rows.map((row) => row.chatId))
}

const fencedParameters = (batches: readonly FencedBatch[]) => [
  batches.map((batch) => batch.chatId),
  batches.map((batch) => batch.epoch),
  batches.map((batch) => batch.first),
  batches.map((batch) => batch.facts.length),
  batches.map((batch) => batch.nodeId),
  batches.flatMap((batch) => batch.facts.map(() => batch.chatId)),
  batches.flatMap((batch) => batch.facts.map((_, at) => batch.first + at)),
  batches.flatMap((batch) => batch.facts.map((fact) => fact.type)),
  batches.flatMap((batch) => batch.facts.map(toPayload)),
]
