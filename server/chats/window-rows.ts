/** The queries of `window.ts`. A segment is `SEGMENT_ITEMS` items of a turn, the first one with its prompt. */
import { SEGMENT_ITEMS } from '#core/chat/part.ts'
import type { Turn, TurnItem } from '#core/chat/view.ts'
import type { ChatId } from '#core/ids.ts'
import type { ItemRow } from '#server/chats/projection-rows.ts'
import { pool, type PoolClient } from '#server/db/client.ts'

type Db = Pick<PoolClient, 'query'>

/** Between two segments: in front of this one of that turn. */
export type Cut = { place: number; segment: number }
export type Segment = { turnId: string; place: number; itemCount: number; segment: number; entries: number; chars: number }
/** Items of a turn, `to` not included. */
export type Run = { turnId: string; place: number; from: number; to: number }

const MAX_SEGMENTS = 61

/** Towards the start, the nearest first, or towards the end; from the very end when `from` is null. */
export async function findSegments(db: Db, chatId: ChatId, { to, from }: { to: 'start' | 'end'; from: Cut | null }): Promise<Segment[]> {
  const [side, order] = to === 'start' ? ['<', 'desc'] : ['>=', 'asc']
  const { rows } = await db.query(
    `with s as (
       select t."turnId", t.place, t."itemCount", n from chat_turn t, generate_series(0, greatest(0, (t."itemCount" - 1) / ${SEGMENT_ITEMS})) n
       where t."chatId" = $1 and ($2::int is null or (t.place, n) ${side} ($2, $3::int)) order by t.place ${order}, n ${order} limit ${MAX_SEGMENTS})
     select s."turnId", s.place, s."itemCount", s.n as segment, (s.n = 0)::int + coalesce(i.count, 0)::int as entries, coalesce(i.chars, 0)::int as chars
     from s left join lateral (
       select count(*), sum(chars) as chars from chat_item i
       where i."chatId" = $1 and i."turnId" = s."turnId" and i.place >= s.n * ${SEGMENT_ITEMS} and i.place < (s.n + 1) * ${SEGMENT_ITEMS}) i on true
     order by s.place ${order}, s.n ${order}`,
    [chatId, from?.place ?? null, from?.segment ?? null],
  )
  return rows
}

export async function findRuns(
  db: Db,
  chatId: ChatId,
  runs: readonly Run[],
): Promise<{ turns: ReadonlyMap<string, { itemCount: number; turn: Turn }>; items: ItemRow[] }> {
  const turnIds = runs.map(({ turnId }) => turnId)
  const turns = await db.query(
    'select "turnId", "itemCount", body as turn from chat_turn where "chatId" = $1 and "turnId" = any($2::uuid[])',
    [chatId, turnIds],
  )
  const items = await db.query<ItemRow>(
    `select i."turnId", i.place, i.body as item from unnest($2::uuid[], $3::int[], $4::int[]) as r("turnId", "from", "to")
     join chat_item i on i."chatId" = $1 and i."turnId" = r."turnId" and i.place >= r."from" and i.place < r."to" order by i.place`,
    [chatId, turnIds, runs.map(({ from }) => from), runs.map(({ to }) => to)],
  )
  return { turns: new Map(turns.rows.map((row) => [row.turnId, row])), items: items.rows }
}

/** Of a turn, and the number of one of its items; null when there is no such turn. */
export async function findPlace(
  db: Db,
  chatId: ChatId,
  { turnId, key }: { turnId: string; key: string | null },
): Promise<{ place: number; itemCount: number; item: number | null } | null> {
  const { rows } = await db.query(
    `select t.place, t."itemCount", i.place as item from chat_turn t
     left join chat_item i on i."chatId" = t."chatId" and i."turnId" = t."turnId" and i.key = $3
     where t."chatId" = $1 and t."turnId" = $2`,
    [chatId, turnId, key],
  )
  return rows[0] ?? null
}

/** The segment that holds the entry of that number; null behind the last. */
export async function findEntry(db: Db, chatId: ChatId, number: number): Promise<Cut | null> {
  const { rows } = await db.query(
    `select place, greatest(0, $2 - before - 1) / ${SEGMENT_ITEMS} as segment from (
       select place, "itemCount", sum("itemCount" + 1) over (order by place) - "itemCount" - 1 as before from chat_turn where "chatId" = $1) t
     where $2 >= before and $2 <= before + "itemCount" limit 1`,
    [chatId, number],
  )
  return rows[0] ? { place: rows[0].place, segment: Math.floor(Number(rows[0].segment)) } : null
}

/** How many prompts and items stand before an item of a turn, or from it on. */
export async function countEntries(
  db: Db,
  chatId: ChatId,
  side: { before: { place: number; item: number } } | { after: { place: number; item: number } },
): Promise<number> {
  const isBefore = 'before' in side
  const { place, item } = isBefore ? side.before : side.after
  const { rows } = await db.query(
    `select coalesce(sum("itemCount" + 1) filter (where place ${isBefore ? '<' : '>'} $2), 0)::int as others,
       coalesce(max("itemCount") filter (where place = $2), 0) as "itemCount" from chat_turn where "chatId" = $1`,
    [chatId, place],
  )
  const { others, itemCount } = rows[0]
  return isBefore ? others + (item > 0 ? item + 1 : 0) : others + itemCount - item
}

export async function findHiddenKeys(db: Db, chatId: ChatId, { turnId, before }: { turnId: string; before: number }) {
  const { rows } = await db.query<{ place: number; key: string }>(
    'select place, key from chat_item where "chatId" = $1 and "turnId" = $2 and place < $3 and key is not null order by place',
    [chatId, turnId, before],
  )
  return rows
}

export async function findItemRow(
  chatId: ChatId,
  { turnId, key }: { turnId: string; key: string },
): Promise<{ item: TurnItem; seqFrom: number; seqTo: number } | null> {
  const { rows } = await pool().query(
    'select body as item, "seqFrom", "seqTo" from chat_item where "chatId" = $1 and "turnId" = $2 and key = $3',
    [chatId, turnId, key],
  )
  return rows[0] ? { item: rows[0].item, seqFrom: Number(rows[0].seqFrom), seqTo: Number(rows[0].seqTo) } : null
}
