/**
 * What of the chats can be searched, as rows beside the log. Who may find what is in the WHERE of the one query that people
 * reach: chats of their team, of projects that are not archived, and nobody else's private ones.
 */
import type { ChatFact } from '#core/chat/events.ts'
import type { ChatId, ProjectId, TurnId } from '#core/ids.ts'
import { isSeenBy } from '#server/access/chat-privacy.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { CHAT_TITLE } from '#server/chats/service.ts'
import { pool, type PoolClient } from '#server/db/client.ts'

export type TextKind = 'title' | 'prompt' | 'reply'
export type ChatText = {
  key: string
  kind: TextKind
  turnId: string | null
  messageId: string | null
  by: string | null
  at: Date
  text: string
  /** As `core/search/words.ts` makes them of `text`. */
  words: string
}

/** Chats whose log has more than was read for the search, the longest untouched first. */
export async function findBehind(limit: number): Promise<ChatId[]> {
  const { rows } = await pool().query<{ chatId: ChatId }>(
    `select h."chatId" from chat_head h left join chat_indexed i on i."chatId" = h."chatId"
     where h.head > coalesce(i.seq, 0) order by i.seq nulls first limit $1`,
    [limit],
  )
  return rows.map((row) => row.chatId)
}

/** Where the reading of a chat stands, held until the transaction ends; null while another server reads it, or when it is gone. */
export async function holdPlace(tx: PoolClient, chatId: ChatId): Promise<number | null> {
  await tx.query('insert into chat_indexed ("chatId", seq) select id, 0 from chat where id = $1 on conflict do nothing', [chatId])
  const { rows } = await tx.query<{ seq: string }>('select seq from chat_indexed where "chatId" = $1 for update skip locked', [chatId])
  return rows[0] ? Number(rows[0].seq) : null
}

export async function updatePlace(tx: PoolClient, chatId: ChatId, seq: number): Promise<void> {
  await tx.query('update chat_indexed set seq = $2 where "chatId" = $1', [chatId, seq])
}

export type Read = { seq: number; at: Date; fact: ChatFact }

/** The next facts of the given types, and how far that reads the log: to its head, unless there are more than `limit`. */
export async function readFacts(
  tx: PoolClient,
  chatId: ChatId,
  { after, types, limit }: { after: number; types: readonly ChatFact['type'][]; limit: number },
): Promise<{ facts: Read[]; upTo: number }> {
  const head = await tx.query<{ head: string }>('select head from chat_head where "chatId" = $1', [chatId])
  const upTo = Number(head.rows[0]?.head ?? 0)
  const { rows } = await tx.query(
    'select seq, type, payload, at from chat_event where "chatId" = $1 and seq > $2 and seq <= $3 and type = any($4) order by seq limit $5',
    [chatId, after, upTo, types, limit],
  )
  const facts: Read[] = rows.map(({ seq, type, payload, at }) => ({ seq: Number(seq), at, fact: { ...payload, type } }))
  return { facts, upTo: facts.length < limit ? upTo : facts.at(-1)!.seq }
}

export async function findTexts(tx: PoolClient, chatId: ChatId, keys: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await tx.query<{ key: string; text: string }>('select key, text from chat_text where "chatId" = $1 and key = any($2)', [
    chatId,
    keys,
  ])
  return new Map(rows.map((row) => [row.key, row.text]))
}

export async function writeTexts(
  tx: PoolClient,
  chatId: ChatId,
  { written, gone }: { written: readonly ChatText[]; gone: readonly string[] },
): Promise<void> {
  if (gone.length > 0) await tx.query('delete from chat_text where "chatId" = $1 and key = any($2)', [chatId, gone])
  if (written.length === 0) return
  const column = <K extends keyof ChatText>(name: K) => written.map((each) => each[name])
  await tx.query(
    `insert into chat_text ("chatId", key, kind, "turnId", "messageId", "by", at, text, words)
     select $1, t.key, t.kind, t."turnId", t."messageId", t."by", t.at, t.text, to_tsvector('simple', t.words)
     from unnest($2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::text[])
       as t(key, kind, "turnId", "messageId", "by", at, text, words)
     on conflict ("chatId", key) do update set text = excluded.text, words = excluded.words`,
    [
      chatId,
      column('key'),
      column('kind'),
      column('turnId'),
      column('messageId'),
      column('by'),
      column('at'),
      column('text'),
      column('words'),
    ],
  )
}

export type Found = {
  chatId: ChatId
  projectId: ProjectId
  projectName: string
  title: string
  harness: string
  isArchived: boolean
  isPrivate: boolean
  kind: TextKind
  turnId: TurnId | null
  messageId: string | null
  byName: string | null
  at: Date
  text: string
}

/** A snippet is made of no more than this. */
const SHOWN_MAX_CHARS = 20_000

/** The best first: names before prompts before replies, then the newest. */
export async function findHits(
  { teamId, userId }: TeamScope,
  { tsquery, projectId, limit, offset }: { tsquery: string; projectId: string | null; limit: number; offset: number },
): Promise<Found[]> {
  const { rows } = await pool().query<Found>(
    `select c.id as "chatId", c."projectId", p.name as "projectName", ${CHAT_TITLE} as title, c.harness, c."archivedAt" is not null as "isArchived",
       c."isPrivate", t.kind, t."turnId", t."messageId", u.name as "byName", t.at, left(t.text, ${SHOWN_MAX_CHARS}) as text
     from to_tsquery('simple', $3) q, chat_text t
     join chat c on c.id = t."chatId" join project p on p.id = c."projectId" left join "user" u on u.id = t."by"
     where t.words @@ q and c."teamId" = $1 and p."archivedAt" is null and ${isSeenBy('$2')} and ($4::text is null or c."projectId" = $4)
     order by ts_rank_cd(t.words, q, 1) * case t.kind when 'title' then 8 when 'prompt' then 2 else 1 end desc, t.at desc, t."chatId", t.key
     limit $5 offset $6`,
    [teamId, userId, tsquery, projectId, limit, offset],
  )
  return rows
}
