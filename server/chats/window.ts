/**
 * Reads stretches of a transcript by index: the last screens, what stands before or after a place, what is around a
 * message; each bounded in items and bytes, however long the chat is. What is newer than `seq` follows by the cursor.
 * From: `router.ts`. The rows are `projection.ts`'s.
 */
import type { ChatEvent } from '#core/chat/events.ts'
import { fold } from '#core/chat/fold.ts'
import { SEGMENT_ITEMS } from '#core/chat/part.ts'
import { isAsking } from '#core/chat/asking.ts'
import { emptyChat, type ChatView, type ToolItem, type Turn } from '#core/chat/view.ts'
import type { LastStretch, Stretch, WindowPlace } from '#core/chat/window.ts'
import { DomainError } from '#core/errors.ts'
import type { ChatId, TurnId } from '#core/ids.ts'
import type { ChatScope } from '#server/access/scope.ts'
import { readEventsOf, readHead } from '#server/chats/events.ts'
import { MAX_BEHIND, project } from '#server/chats/projection.ts'
import { findFolded, findItems, findTurns, type Folded, type TurnRow } from '#server/chats/projection-rows.ts'
import {
  findEntry,
  findHiddenKeys,
  findItemRow,
  findPlace,
  findRuns,
  findSegments,
  countEntries,
  type Cut,
  type Run,
  type Segment,
} from '#server/chats/window-rows.ts'
import { inTransaction, type PoolClient } from '#server/db/client.ts'

const MAX_ENTRIES = 60
const MAX_CHARS = 300_000

/** The last stretch; at `atLeast` or later. What has come since its `seq` is at most some hundred events. */
export async function readLast({ chatId }: Pick<ChatScope, 'chatId'>, { atLeast }: { atLeast: number }): Promise<LastStretch> {
  return inSnapshot(chatId, { atLeast }, async (tx, folded) => {
    const runs = runsOf(taken(await findSegments(tx, chatId, { to: 'start', from: null })).toReversed())
    const shown = await turnsOf(tx, chatId, runs)
    const open = (await findTurns(tx, chatId, [])).filter((row) => row.turn.endedAt === null)
    const byId = new Map(shown.map((turn) => [turn.turnId as string, turn]))
    const places = new Map(runs.map((run) => [run.turnId, run.place]))
    for (const row of open) {
      byId.set(row.turnId, await withOpen(tx, chatId, { row, shown: byId.get(row.turnId) }))
      places.set(row.turnId, row.place)
    }
    const turns = [...byId.values()].toSorted((one, two) => places.get(one.turnId)! - places.get(two.turnId)!)
    const first = runs[0]
    const before = first ? await countEntries(tx, chatId, { before: { place: first.place, item: first.from } }) : 0
    return { logId: folded.logId, view: { ...folded.view, turns }, before }
  })
}

/** A stretch somewhere. @throws chat.missing for a turn that the chat does not have */
export async function readStretch(
  { chatId }: Pick<ChatScope, 'chatId'>,
  { place, atLeast }: { place: WindowPlace; atLeast: number },
): Promise<Stretch> {
  return inSnapshot(chatId, { atLeast }, async (tx, folded) => {
    const runs = runsOf(await segmentsAt(tx, chatId, place))
    const [first, last] = [runs[0], runs.at(-1)]
    const [turns, before, after] = [
      await turnsOf(tx, chatId, runs),
      first ? await countEntries(tx, chatId, { before: { place: first.place, item: first.from } }) : 0,
      last ? await countEntries(tx, chatId, { after: { place: last.place, item: last.to } }) : 0,
    ]
    return { seq: folded.seq, logId: folded.logId, turns, before, after }
  })
}

/** A call with all that the log holds of it. @throws chat.missing */
export async function readCall(
  { chatId }: Pick<ChatScope, 'chatId'>,
  { turnId, toolCallId }: { turnId: TurnId; toolCallId: string },
): Promise<Pick<ToolItem, 'content' | 'input' | 'output' | 'cut'>> {
  const row = await findItemRow(chatId, { turnId, key: `tool ${toolCallId}` })
  if (row?.item.is !== 'tool') throw new DomainError('chat.missing')
  const events = await readEventsOf(chatId, { toolCallId, turnId, seqFrom: row.seqFrom, seqTo: row.seqTo })
  const whole = events.reduce((view, event) => fold(view, { ...event, seqFrom: view.seq + 1 }), alone(turnId)).turns[0]?.items
  const item = whole?.find((each) => each?.is === 'tool' && each.toolCallId === toolCallId)
  const { content, input, output, cut } = item?.is === 'tool' ? item : row.item
  return { content, ...(input !== undefined && { input }), ...(output !== undefined && { output }), ...(cut && { cut }) }
}

/** A view of one turn, for events about one of its items. */
const alone = (turnId: TurnId): ChatView =>
  fold(emptyChat, { type: 'turn.requested', turnId, by: '', prompt: [], chatId: '', seq: 1, seqFrom: 1, at: '' } as unknown as ChatEvent)

/** All of one reading stands at one `seq`. What lies too far behind its log is first brought up to it. */
async function inSnapshot<T>(
  chatId: ChatId,
  { atLeast }: { atLeast: number },
  read: (tx: PoolClient, folded: Folded) => Promise<T>,
): Promise<T> {
  const once = () =>
    inTransaction(async (tx) => {
      await tx.query('set transaction isolation level repeatable read read only')
      const folded = await findFolded(tx, chatId)
      const head = await readHead(chatId, tx)
      if (!head) throw new DomainError('chat.missing')
      const isOurs = folded?.logId === head.logId && folded.seq >= Math.min(atLeast, head.head)
      return folded && isOurs && head.head - folded.seq <= MAX_BEHIND ? { found: await read(tx, folded) } : null
    })
  const found = await once()
  if (found) return found.found
  await project(chatId)
  const again = await once()
  if (!again) throw new Error('A log grows faster than it can be folded')
  return again.found
}

async function segmentsAt(tx: PoolClient, chatId: ChatId, place: WindowPlace): Promise<Segment[]> {
  const at = await cutAt(tx, chatId, place)
  switch (place.is) {
    case 'before':
      return taken(await findSegments(tx, chatId, { to: 'start', from: at })).toReversed()
    case 'after':
      return taken(await findSegments(tx, chatId, { to: 'end', from: at }))
    case 'around':
    case 'entry':
      return [
        ...taken(await findSegments(tx, chatId, { to: 'start', from: at }), MAX_ENTRIES / 3).toReversed(),
        ...taken(await findSegments(tx, chatId, { to: 'end', from: at })),
      ]
  }
}

/** A place between two segments. */
async function cutAt(tx: PoolClient, chatId: ChatId, place: WindowPlace): Promise<Cut> {
  if (place.is === 'entry') return (await findEntry(tx, chatId, place.number)) ?? { place: 0, segment: 0 }
  const found = await findPlace(tx, chatId, {
    turnId: place.turnId,
    key: place.is === 'around' ? place.key : null,
  })
  if (!found) throw new DomainError('chat.missing')
  const item = place.is === 'around' ? (found.item ?? 0) : place.item
  const isEnd = place.is === 'after' && item >= found.itemCount
  return isEnd ? { place: found.place + 1, segment: 0 } : { place: found.place, segment: Math.floor(item / SEGMENT_ITEMS) }
}

/** As many as one reading may hold, and one at least. */
function taken(segments: readonly Segment[], maxEntries = MAX_ENTRIES): Segment[] {
  let entries = 0
  let chars = 0
  const end = segments.findIndex((each, at) => {
    const isFull = at > 0 && (entries >= maxEntries || chars + each.chars > MAX_CHARS)
    entries += each.entries
    chars += each.chars
    return isFull
  })
  return end < 0 ? [...segments] : segments.slice(0, end)
}

/** Segments of one turn that follow on each other are one run of its items. */
function runsOf(segments: readonly Segment[]): Run[] {
  const runs: Run[] = []
  for (const { turnId, place, itemCount, segment } of segments) {
    const to = Math.min(itemCount, (segment + 1) * SEGMENT_ITEMS)
    const last = runs.at(-1)
    if (last?.turnId === turnId) last.to = to
    else runs.push({ turnId, place, from: segment * SEGMENT_ITEMS, to })
  }
  return runs
}

async function turnsOf(tx: PoolClient, chatId: ChatId, runs: readonly Run[]): Promise<Turn[]> {
  const { turns, items } = await findRuns(tx, chatId, runs)
  return runs.map(({ turnId, from, to }) => {
    const { itemCount, turn } = turns.get(turnId)!
    const here = items.filter((item) => item.turnId === turnId)
    const isWhole = from === 0 && to === itemCount
    const part = { count: itemCount, from, to, places: here.map(({ place }) => place), others: null }
    return { ...turn, items: here.map(({ item }) => item), ...(!isWhole && { part }) }
  })
}

/** A turn that goes on: with its open questions, and the keys of what is not here. */
async function withOpen(tx: PoolClient, chatId: ChatId, { row, shown }: { row: TurnRow; shown: Turn | undefined }): Promise<Turn> {
  if (shown && !shown.part) return shown
  const from = shown?.part?.from ?? row.itemCount
  const open = (await findItems(tx, chatId, { turnIds: [row.turnId], keys: [] })).filter(
    ({ place, item }) => place < from && isAsking(item),
  )
  const here = new Set(open.map(({ place }) => place))
  const hidden = await findHiddenKeys(tx, chatId, { turnId: row.turnId, before: from })
  const places = shown?.part?.places ?? []
  return {
    ...row.turn,
    items: [...open.map(({ item }) => item), ...(shown?.items ?? [])],
    part: {
      count: row.itemCount,
      from,
      to: row.itemCount,
      places: [...here, ...places],
      others: hidden.flatMap(({ place, key }) => (here.has(place) ? [] : [key])),
    },
  }
}
