/**
 * Turns become rows, the unit that is drawn, measured and kept by the virtual list.
 * A row that says the same as before is the same object, so while an agent streams
 * only the live row draws again.
 */
import type { PromptContent } from '#core/chat/events.ts'
import { hasEnded } from '#core/chat/fold-turn.ts'
import { endsHere, placeOf, SEGMENT_ITEMS, startsHere } from '#core/chat/part.ts'
import type { FailureCode } from '#core/errors.ts'
import type { TurnId } from '#core/ids.ts'
import type {
  ElicitationItem,
  ModelFailureItem,
  MovedItem,
  PermissionItem,
  QuestionItem,
  ReplyItem,
  RunNoteItem,
  ThoughtItem,
  ToolItem,
  Turn,
  TurnStatus,
  Usage,
} from '#core/chat/view.ts'
import { dayOf } from '#components/chat/amounts.model.ts'

/** A prompt on its way from this browser: it leaves the list when the log holds it. */
export type Outgoing = {
  turnId: TurnId
  text: string
  sentAt: string
  /** `waiting`: no server was reached; it goes out when the chat is live again. */
  state: 'sending' | 'waiting' | 'failed'
  /** Why it did not arrive; null when nobody knows whether it did. */
  code: FailureCode | null
}

export type Row =
  | { is: 'day'; key: string; day: string }
  | { is: 'prompt'; key: string; turn: Turn }
  | { is: 'outgoing'; key: string; outgoing: Outgoing }
  | { is: 'moved'; key: string; item: MovedItem }
  | { is: 'reply'; key: string; item: ReplyItem; isLive: boolean }
  | { is: 'thought'; key: string; item: ThoughtItem; isLive: boolean }
  | { is: 'tool'; key: string; turnId: TurnId; item: ToolItem; isLive: boolean }
  | { is: 'tools'; key: string; turnId: TurnId; items: readonly ToolItem[] }
  | { is: 'permission'; key: string; item: PermissionItem }
  | { is: 'elicitation'; key: string; item: ElicitationItem }
  | { is: 'run-note'; key: string; item: RunNoteItem }
  | { is: 'question'; key: string; item: QuestionItem }
  | { is: 'model-failure'; key: string; item: ModelFailureItem; times: number }
  | { is: 'working'; key: string; status: TurnStatus; since: string; turnId: TurnId; usage: Usage; progress: Turn['progress'] }
  | { is: 'turn-end'; key: string; turn: Turn; isLast: boolean }

const activeStatuses: readonly TurnStatus[] = ['starting', 'running', 'waiting', 'cancelling']
export const isActive = (turn: Pick<Turn, 'status'>): boolean => activeStatuses.includes(turn.status)

export const textOf = (prompt: PromptContent): string => prompt.map((part) => part.text).join('\n\n')

export type Arranged = {
  /** In the timeline: everything that started, and the next in line when nothing is under way. */
  shown: readonly Turn[]
  /** Above the composer. */
  queued: readonly Turn[]
  sendingNow: readonly Outgoing[]
  sendingToQueue: readonly Outgoing[]
}

/** A prompt goes to the queue only when it really waits for another one. */
export function arrange(turns: readonly Turn[], outgoing: readonly Outgoing[]): Arranged {
  const known = new Set<string>(turns.map((turn) => turn.turnId))
  const unknown = outgoing.filter((each) => !known.has(each.turnId))
  const nextInLine = turns.some(isActive) ? undefined : turns.find((turn) => turn.status === 'queued')
  const isBusy = nextInLine !== undefined || turns.some(isActive)
  return {
    shown: turns.filter((turn) => turn.status !== 'queued' || turn === nextInLine),
    queued: turns.filter((turn) => turn.status === 'queued' && turn !== nextInLine),
    sendingNow: isBusy ? [] : unknown,
    sendingToQueue: isBusy ? unknown : [],
  }
}

/** Rows of turns that ended never change, except that the last one stops being last. */
const settled = new WeakMap<Turn, readonly Row[]>()

/** The same rows for the same turns, however much of the chat is here around them. */
export function timelineRows({
  shown,
  sendingNow,
  hasEarlier = false,
  hasLater = false,
}: Pick<Arranged, 'shown' | 'sendingNow'> & { hasEarlier?: boolean; hasLater?: boolean }): Row[] {
  const rows: Row[] = []
  // Whether a day begins with the first turn here, only what stands before it knows.
  let day = hasEarlier && shown[0] ? dayOf(shown[0].requestedAt) : ''
  const openDay = (at: string) => {
    const next = dayOf(at)
    if (next === day) return
    day = next
    rows.push({ is: 'day', key: `day:${day}`, day })
  }
  for (const [index, turn] of shown.entries()) {
    openDay(turn.requestedAt)
    const isLast = index === shown.length - 1 && sendingNow.length === 0 && !hasLater
    rows.push(...rowsOfTurn(turn))
    if (hasEnded(turn) && endsHere(turn)) rows.push({ is: 'turn-end', key: `end:${turn.turnId}`, turn, isLast })
  }
  for (const outgoing of sendingNow) {
    openDay(outgoing.sentAt)
    // The key of the prompt it becomes: the bubble stays in place when the log has it.
    rows.push({ is: 'outgoing', key: `prompt:${outgoing.turnId}`, outgoing })
  }
  return rows
}

function rowsOfTurn(turn: Turn): readonly Row[] {
  const known = settled.get(turn)
  if (known) return known
  const rows: Row[] = startsHere(turn) ? [{ is: 'prompt', key: `prompt:${turn.turnId}`, turn }] : []
  rows.push(...rowsOfItems(turn))
  if (hasEnded(turn)) settled.set(turn, rows)
  else if (endsHere(turn))
    rows.push({
      is: 'working',
      key: `working:${turn.turnId}`,
      status: turn.status,
      since: turn.acceptedAt ?? turn.requestedAt,
      turnId: turn.turnId,
      usage: turn.usage,
      progress: turn.progress,
    })
  return rows
}

function rowsOfItems(turn: Turn): Row[] {
  const rows: Row[] = []
  const isRunning = !hasEnded(turn)
  const asked = new Set<string>(
    turn.items.flatMap((item) => (item.is === 'permission' && item.answer.is === 'open' ? [item.toolCallId] : [])),
  )
  const lastFailure = turn.items.findLast((item) => item.is === 'model-failure')
  for (const [index, item] of turn.items.entries()) {
    const place = placeOf(turn, index)
    // A question that is open elsewhere.
    if (turn.part && place < turn.part.from) continue
    const key = `${turn.turnId}:${place}`
    const isLive = isRunning && place === (turn.part?.count ?? turn.items.length) - 1
    const before = place % SEGMENT_ITEMS === 0 ? undefined : rows.at(-1)
    switch (item.is) {
      case 'moved':
        rows.push({ is: 'moved', key, item })
        break
      case 'reply':
        if (item.text.trim() !== '') rows.push({ is: 'reply', key, item, isLive })
        break
      case 'thought':
        if (item.text.trim() !== '') rows.push({ is: 'thought', key, item, isLive })
        break
      case 'permission':
        rows.push({ is: 'permission', key, item })
        break
      case 'elicitation':
        rows.push({ is: 'elicitation', key, item })
        break
      case 'run-note':
        rows.push({ is: 'run-note', key, item })
        break
      case 'question':
        rows.push({ is: 'question', key, item })
        break
      case 'tool':
        // While it waits for an answer, its question stands for it.
        if (asked.has(item.toolCallId)) break
        if (!folds(item) || isLive) rows.push({ is: 'tool', key, turnId: turn.turnId, item, isLive })
        else if (before?.is === 'tools') rows[rows.length - 1] = { ...before, items: [...before.items, item] }
        else if (before?.is === 'tool' && folds(before.item))
          rows[rows.length - 1] = { is: 'tools', key: before.key, turnId: turn.turnId, items: [before.item, item] }
        else rows.push({ is: 'tool', key, turnId: turn.turnId, item, isLive })
        break
      case 'model-failure': {
        // An agent may still put the error in its own words, so the last failure is not always the last item.
        const isSaidAtTheEnd = item === lastFailure && turn.failure?.code === item.failure.code
        if (before?.is === 'model-failure' && before.item.failure.code === item.failure.code)
          rows[rows.length - 1] = { ...before, item, times: before.times + 1 }
        else if (!isSaidAtTheEnd) rows.push({ is: 'model-failure', key, item, times: 1 })
        break
      }
    }
  }
  return rows
}

/** Only what is finished and went well is folded away: failures and live calls stay in sight. */
const folds = (item: ToolItem) => item.status === 'completed'

/** Remembers the rows of one chat, and gives back the old object wherever it says the same. */
export class RowKeeper {
  #kept: ReadonlyMap<string, Row> = new Map()

  keep(rows: readonly Row[]): Row[] {
    const next = rows.map((row) => {
      const old = this.#kept.get(row.key)
      return old && saysTheSame(old, row) ? old : row
    })
    this.#kept = new Map(next.map((row) => [row.key, row]))
    return next
  }
}

function saysTheSame(a: Row, b: Row): boolean {
  if (a === b) return true
  if (a.is === 'tools' && b.is === 'tools')
    return a.items.length === b.items.length && a.items.every((item, index) => item === b.items[index])
  // A prompt row shows nothing of a turn but who asked what and when.
  if (a.is === 'prompt' && b.is === 'prompt')
    return a.turn.prompt === b.turn.prompt && a.turn.by === b.turn.by && a.turn.requestedAt === b.turn.requestedAt
  const keys = Object.keys(b) as (keyof Row)[]
  return a.is === b.is && keys.every((key) => a[key] === b[key])
}

/** The row of a message, or of its prompt where none is named; null when it is not there. */
export function rowOfMessage(rows: readonly Row[], { turnId, messageId }: { turnId: string; messageId: string | null }): string | null {
  const prompt = `prompt:${turnId}`
  if (messageId === null) return rows.find((row) => row.key === prompt)?.key ?? null
  const isIt = (row: Row) => row.is === 'reply' && row.item.messageId === messageId && row.key.startsWith(`${turnId}:`)
  return rows.find(isIt)?.key ?? rows.find((row) => row.key === prompt)?.key ?? null
}
