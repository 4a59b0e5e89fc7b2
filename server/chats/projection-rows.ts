/**
 * The rows of what a log comes to: the view without turns, turns without items, items as heads. Written by `projection.ts`
 * under the lock that `holdFolded` takes; read by `window.ts` in one snapshot, so that all of them stand at the same `seq`.
 */
import { keyOfItem, placeOf } from '#core/chat/part.ts'
import { isOpenAsking } from '#core/chat/asking.ts'
import { emptyChat, type ChatView, type Turn, type TurnItem } from '#core/chat/view.ts'
import type { ChatId } from '#core/ids.ts'
import { toJson } from '#server/chats/events.ts'
import type { PoolClient } from '#server/db/client.ts'

type Db = Pick<PoolClient, 'query'>
/** The view at `seq` without its turns. */
export type Folded = { seq: number; logId: number; view: ChatView }
export type TurnRow = { turnId: string; place: number; itemCount: number; turn: Turn }
export type ItemRow = { turnId: string; place: number; item: TurnItem }

const toFolded = ({ seq, logId, view }: { seq: string; logId: number; view: object }): Folded => ({
  seq: Number(seq),
  logId,
  view: { ...emptyChat, ...view, seq: Number(seq), turns: [] },
})

/** Held until the transaction ends; null when there is no such chat. A log that was put in the place of another begins anew. */
export async function holdFolded(tx: PoolClient, chatId: ChatId): Promise<(Folded & { head: number }) | null> {
  await tx.query(
    `insert into chat_folded ("chatId", seq, "logId", view) select "chatId", 0, "logId", '{}' from chat_head where "chatId" = $1
     on conflict do nothing`,
    [chatId],
  )
  const { rows } = await tx.query('select seq, "logId", view from chat_folded where "chatId" = $1 for update', [chatId])
  const { rows: heads } = await tx.query('select head, "logId" from chat_head where "chatId" = $1', [chatId])
  if (!rows[0] || !heads[0]) return null
  const folded = toFolded(rows[0])
  const head = Number(heads[0].head)
  if (folded.logId === heads[0].logId && folded.seq <= head) return { ...folded, head }
  await tx.query('delete from chat_turn where "chatId" = $1', [chatId])
  await tx.query('delete from chat_item where "chatId" = $1', [chatId])
  return { seq: 0, logId: heads[0].logId, view: emptyChat, head }
}

export async function findFolded(db: Db, chatId: ChatId): Promise<Folded | null> {
  const { rows } = await db.query('select seq, "logId", view from chat_folded where "chatId" = $1', [chatId])
  return rows[0] ? toFolded(rows[0]) : null
}

const TURN = '"turnId", place, "itemCount", body as turn'

/** Every turn that has not ended, and those named; in their order. */
export async function findTurns(db: Db, chatId: ChatId, turnIds: readonly string[]): Promise<TurnRow[]> {
  const { rows } = await db.query(
    `select ${TURN} from chat_turn where "chatId" = $1 and (not "hasEnded" or "turnId" = any($2::uuid[])) order by place`,
    [chatId, turnIds],
  )
  return rows
}

/** The open items of these turns, and those with one of the keys. */
export async function findItems(db: Db, chatId: ChatId, { turnIds, keys }: { turnIds: readonly string[]; keys: readonly string[] }) {
  const { rows } = await db.query<ItemRow>(
    `select "turnId", place, body as item from chat_item
     where "chatId" = $1 and "turnId" = any($2::uuid[]) and ("isOpen" or key = any($3)) order by "turnId", place`,
    [chatId, turnIds, keys],
  )
  return rows
}

/** All of it, for what tells of whole turns. */
export async function findWhole(db: Db, chatId: ChatId): Promise<{ turns: TurnRow[]; items: ItemRow[] }> {
  const turns = await db.query(`select ${TURN} from chat_turn where "chatId" = $1 order by place`, [chatId])
  const items = await db.query('select "turnId", place, body as item from chat_item where "chatId" = $1 order by "turnId", place', [chatId])
  return { turns: turns.rows, items: items.rows }
}

/** One more than the highest place that was ever given. */
export async function findNextPlace(db: Db, chatId: ChatId): Promise<number> {
  const { rows } = await db.query('select coalesce(max(place), -1) + 1 as next from chat_turn where "chatId" = $1', [chatId])
  return rows[0].next
}

export async function writeFolded(tx: PoolClient, chatId: ChatId, { view, logId }: Pick<Folded, 'view' | 'logId'>): Promise<void> {
  const { turns: _, seq, ...rest } = view
  await tx.query('update chat_folded set seq = $2, "logId" = $3, view = $4 where "chatId" = $1', [chatId, seq, logId, toJson(rest)])
}

export async function deleteTurns(tx: PoolClient, chatId: ChatId, turnIds: readonly string[]): Promise<void> {
  if (turnIds.length === 0) return
  await tx.query('delete from chat_turn where "chatId" = $1 and "turnId" = any($2::uuid[])', [chatId, turnIds])
  await tx.query('delete from chat_item where "chatId" = $1 and "turnId" = any($2::uuid[])', [chatId, turnIds])
}

export async function writeTurns(tx: PoolClient, chatId: ChatId, rows: readonly { turn: Turn; place: number }[]): Promise<void> {
  if (rows.length === 0) return
  await tx.query(
    `insert into chat_turn ("chatId", "turnId", place, "hasEnded", "itemCount", body)
     select $1, * from unnest($2::uuid[], $3::int[], $4::bool[], $5::int[], $6::jsonb[])
     on conflict ("chatId", "turnId") do update
       set place = excluded.place, "hasEnded" = excluded."hasEnded", "itemCount" = excluded."itemCount", body = excluded.body`,
    [
      chatId,
      rows.map(({ turn }) => turn.turnId),
      rows.map(({ place }) => place),
      rows.map(({ turn }) => turn.endedAt !== null),
      rows.map(({ turn }) => turn.part?.count ?? turn.items.length),
      rows.map(({ turn: { part: _, ...turn } }) => toJson({ ...turn, items: [] })),
    ],
  )
}

export type Written = ItemRow & { seqFrom: number; seqTo: number }

const isOpen = (item: TurnItem): boolean => (item.is === 'tool' && item.endedAt === null) || isOpenAsking(item)

export async function writeItems(tx: PoolClient, chatId: ChatId, rows: readonly Written[]): Promise<void> {
  if (rows.length === 0) return
  const bodies = rows.map(({ item }) => toJson(item))
  await tx.query(
    `insert into chat_item ("chatId", "turnId", place, key, "isOpen", chars, "seqFrom", "seqTo", body)
     select $1, * from unnest($2::uuid[], $3::int[], $4::text[], $5::bool[], $6::int[], $7::bigint[], $8::bigint[], $9::jsonb[])
     on conflict ("chatId", "turnId", place) do update
       set "isOpen" = excluded."isOpen", chars = excluded.chars, "seqTo" = excluded."seqTo", body = excluded.body`,
    [
      chatId,
      rows.map(({ turnId }) => turnId),
      rows.map(({ place }) => place),
      rows.map(({ item }) => keyOfItem(item)),
      rows.map(({ item }) => isOpen(item)),
      bodies.map((body) => body.length),
      rows.map(({ seqFrom }) => seqFrom),
      rows.map(({ seqTo }) => seqTo),
      bodies,
    ],
  )
}

/** The items of a turn that are here, each with its number. */
export const placedItems = (turn: Turn): ItemRow[] =>
  turn.items.map((item, index) => ({ turnId: turn.turnId, place: placeOf(turn, index), item }))
