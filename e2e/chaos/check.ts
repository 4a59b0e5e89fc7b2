/**
 * Whether the promises of the event log held in a run. Pure: evidence in, violations out. Each rule reads sources
 * that do not know of each other: the daemons' outboxes, the log, the agents' journals, what watchers rendered.
 */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { ChatEvent, ChatFact } from '#core/chat/events.ts'
import { foldAll } from '#core/chat/fold.ts'
import { headOf, headOfTurn } from '#core/chat/heads.ts'
import { emptyChat, type ChatView, type Turn } from '#core/chat/view.ts'
import type { ChatEvidence, Evidence, Fault, LogRow } from '#e2e/chaos/evidence.ts'

export type Violation = { rule: string; chatId: string; what: string }

/** Words that a killed daemon may take with it: what stood in its agent's pipe, and a window of joining. */
export const PIPE_WORDS = 150
/** A fault explains what happened this long after it too: a lease has to run out first. */
const AFTERMATH_MS = 15_000

type Rule = (chat: ChatEvidence, faults: readonly Fault[]) => string[]

export function check({ chats, faults }: Evidence): Violation[] {
  return chats.flatMap((chat) =>
    Object.entries(rules).flatMap(([rule, judge]) => judge(chat, faults).map((what): Violation => ({ rule, chatId: chat.chatId, what }))),
  )
}

export const toEvent = (chatId: string, { seq, seqFrom, fact, at }: LogRow): ChatEvent =>
  ({ ...fact, chatId, seq, seqFrom, at }) as ChatEvent

/** Of the view and its newest items, which every watcher has, however much it reads; long items as their heads. */
const SHOWN_TURNS = 5
const SHOWN_ITEMS = 10

export function digestOf(view: ChatView): string {
  const turns = view.turns
    .slice(-SHOWN_TURNS)
    .map(({ part: _, ...turn }) => headOfTurn({ ...turn, items: turn.items.slice(-SHOWN_ITEMS).map(headOf) }))
  return createHash('sha1')
    .update(JSON.stringify(sorted({ ...view, turns })))
    .digest('base64url')
}

export const rules: Readonly<Record<string, Rule>> = {
  'seq is contiguous'({ log, head }) {
    const found: string[] = []
    let end = 0
    for (const row of log) {
      if (row.seqFrom !== end + 1) found.push(`after ${end} comes ${row.seqFrom}-${row.seq}`)
      end = row.seq
    }
    return end === head.head ? found : [...found, `the head says ${head.head}, the last row ${end}`]
  },

  'nothing that was seen changes'({ log, firstSeen }) {
    const rows = new Map(log.map((row) => [row.seq, row]))
    return firstSeen.flatMap((seen) => {
      const now = rows.get(seen.seq)
      if (now ? isDeepStrictEqual(now, seen) || now.seqFrom < now.seq : isMerged(log, seen)) return []
      return [`${seen.seq} was ${seen.fact.type} and is ${now?.fact.type ?? 'gone'}`]
    })
  },

  'each producer number is stored once, in order'({ firstSeen, head, leases }) {
    const found: string[] = []
    const ends = new Map([...leases.map(({ epoch, finalPseq }) => [epoch, finalPseq] as const), [head.epoch, head.pseq]])
    const last = new Map<number, number>()
    for (const { seq, epoch, pseq } of firstSeen) {
      if (epoch === null || pseq === null) continue
      if (pseq !== (last.get(epoch) ?? 0) + 1) found.push(`at ${seq}, epoch ${epoch}: ${last.get(epoch) ?? 0} is followed by ${pseq}`)
      last.set(epoch, pseq)
    }
    for (const [epoch, end] of ends)
      if ((last.get(epoch) ?? 0) !== end) found.push(`epoch ${epoch} ended at ${end}, the log has ${last.get(epoch) ?? 0}`)
    return found
  },

  'epochs never go back'({ firstSeen }) {
    let epoch = 0
    return firstSeen.flatMap((row) => {
      if (row.epoch === null) return []
      const isBack = row.epoch < epoch
      epoch = Math.max(epoch, row.epoch)
      return isBack ? [`at ${row.seq}: epoch ${row.epoch} after ${epoch}`] : []
    })
  },

  'a record of an outbox is in the log or beside it, and not in both'({ outbox, firstSeen, orphans }) {
    const logged = new Map(firstSeen.flatMap((row) => (row.epoch === null ? [] : [[key(row.epoch, row.pseq!), row.fact] as const])))
    const beside = new Map(orphans.map((each) => [key(each.epoch, each.pseq), each.fact as ChatFact]))
    const written = new Map<string, ChatFact>()
    const found: string[] = []
    for (const { epoch, pseq, fact } of outbox) {
      const at = key(epoch, pseq)
      const places = [logged.get(at), beside.get(at)].filter((place) => place !== undefined)
      if (written.has(at) && !isDeepStrictEqual(written.get(at), fact)) found.push(`${at} was written twice, as ${fact.type}`)
      written.set(at, fact)
      if (places.length !== 1) found.push(`${at} ${fact.type} is in ${places.length} places`)
      else if (!isDeepStrictEqual(sorted(places[0]), sorted(fact))) found.push(`${at} ${fact.type} is stored as something else`)
    }
    return found
  },

  'a prompt that was confirmed is in the log, once'({ asked, firstSeen }) {
    return asked.flatMap(({ turnId, isAcknowledged }) => {
      const requests = firstSeen.filter(({ fact }) => fact.type === 'turn.requested' && fact.turnId === turnId).length
      return requests === 1 || (requests === 0 && !isAcknowledged) ? [] : [`${turnId} is requested ${requests} times`]
    })
  },

  'a prompt reaches an agent once at most, and only after the log holds that it was taken'({ journal, firstSeen }) {
    return [...journal].flatMap(([turnId, { begins }]) => {
      const isTaken = firstSeen.some(({ fact }) => fact.type === 'turn.accepted' && fact.turnId === turnId)
      return [
        ...(begins > 1 ? [`${turnId} reached its agent ${begins} times`] : []),
        ...(isTaken ? [] : [`${turnId} reached its agent, and the log does not hold that it was taken`]),
      ]
    })
  },

  'what was withdrawn never reaches an agent'({ asked, journal, firstSeen }) {
    const gone = new Set([
      ...asked.filter((each) => each.isWithdrawn).map((each) => each.turnId),
      ...firstSeen.flatMap(({ fact }) => (fact.type === 'turn.withdrawn' ? [fact.turnId] : [])),
    ])
    return [...gone].filter((turnId) => journal.has(turnId)).map((turnId) => `${turnId} was withdrawn, and its agent has it`)
  },

  'every turn ends, once, and nothing follows'({ firstSeen }) {
    const ends = new Map<string, number>()
    const found: string[] = []
    for (const { seq, fact } of firstSeen) {
      if (fact.type === 'turn.requested' && !ends.has(fact.turnId)) ends.set(fact.turnId, 0)
      else if (fact.type === 'turn.ended' || fact.type === 'turn.interrupted' || fact.type === 'turn.withdrawn')
        ends.set(fact.turnId, (ends.get(fact.turnId) ?? 0) + 1)
      else if ((fact.type === 'reply.appended' || fact.type === 'tool.called') && ends.get(fact.turnId))
        found.push(`at ${seq}: ${fact.type} after the end of ${fact.turnId}`)
    }
    for (const [turnId, count] of ends) if (count !== 1) found.push(`${turnId} ended ${count} times`)
    return found
  },

  'nothing works for ever'({ chatId, log, head }) {
    const view = foldAll(
      emptyChat,
      log.map((row) => toEvent(chatId, row)),
    )
    return [
      ...view.turns.filter((turn) => turn.endedAt === null).map((turn) => `${turn.turnId} is shown as ${turn.status}`),
      ...(view.run.is === 'preparing' ? [`a run is shown as being prepared: ${view.run.stage}`] : []),
      ...(head.activeTurn ? [`the head says that ${head.activeTurn} runs`] : []),
      ...(head.waitingFor > 0 ? [`the head says that ${head.waitingFor} questions are open`] : []),
      ...(head.queued > 0 ? [`${head.queued} prompts are still in line`] : []),
    ]
  },

  'an interrupted or failed turn has a cause'(chat, faults) {
    return turnsOf(chat).flatMap((turn) => {
      if (turn.status !== 'interrupted' && turn.status !== 'failed') return []
      const isScripted = chat.asked.some((each) => each.turnId === turn.turnId && each.kind === 'crash')
      if (isScripted) return []
      return causesOf({ chat, turn, faults }).length > 0
        ? []
        : [`${turn.turnId} is ${turn.status} (${turn.failure?.code ?? 'no reason'}), and nothing had happened`]
    })
  },

  'of what an agent said no more is lost than a dead pipe held'(chat, faults) {
    return turnsOf(chat).flatMap((turn) => {
      const own = chat.journal.get(turn.turnId)
      if (!own) return []
      const stored = wordsOf(chat, turn.turnId)
      const logged = numbersOf(turn)
      const hole = logged.findIndex((word, at) => word !== at)
      const lost = Array.from({ length: own.said }, (_, at) => at).filter((word) => !stored.has(word)).length
      const causes = causesOf({ chat, turn, faults }).map((fault) => fault.kind)
      // An agent that is ended may have written down one word that it had no time to say.
      const unsaid = turn.status === 'completed' ? 0 : 1
      const mayLose = causes.some((kind) => /kill .*daemon/.test(kind)) ? PIPE_WORDS : unsaid
      return [
        ...(hole >= 0 ? [`${turn.turnId} shows ${logged[hole]} where ${hole} belongs`] : []),
        ...(logged.length > own.said ? [`${turn.turnId} shows ${logged.length} words, its agent said ${own.said}`] : []),
        ...(lost > mayLose
          ? [`of ${turn.turnId} ${lost} of ${own.said} words are lost (${turn.status}; ${causes.join(', ') || 'nothing happened'})`]
          : []),
        ...(turn.status === 'completed' && !(own.isFinished && logged.length === own.said)
          ? [`${turn.turnId} is completed with ${logged.length} of ${own.said} words`]
          : []),
      ]
    })
  },

  'every watcher shows what the log says'({ chatId, firstSeen, watchers }) {
    const digests = new Map<number, string>()
    let view = emptyChat
    const wanted = new Set(watchers.flatMap(({ shown, last }) => [...shown, last].map((each) => each.seq)))
    digests.set(0, digestOf(view))
    for (const row of firstSeen) {
      view = foldAll(view, [toEvent(chatId, row)])
      if (wanted.has(row.seq)) digests.set(row.seq, digestOf(view))
    }
    return watchers.flatMap(({ name, shown, last, isLive }) => [
      ...shown.flatMap((each, at) =>
        at > 0 && each.seq < shown[at - 1]!.seq && each.logId === shown[at - 1]!.logId
          ? [`${name} went back from ${shown[at - 1]!.seq} to ${each.seq}`]
          : [],
      ),
      ...[...shown, last]
        .filter((each) => digests.get(each.seq) !== each.digest)
        .map((each) => `${name} shows something else at ${each.seq}`),
      ...(last.seq < view.seq ? [`${name} is behind: ${last.seq} of ${view.seq}`] : []),
      ...(isLive ? [] : [`${name} does not follow any more`]),
    ])
  },
}

const key = (epoch: number, pseq: number): string => `${epoch}:${pseq}`

/** A row that is gone lies within one that was merged out of it and others. */
const isMerged = (log: readonly LogRow[], { seq }: LogRow): boolean => log.some((row) => row.seqFrom <= seq && seq < row.seq)

/** jsonb keeps no order of keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  )
}

const turnsOf = ({ chatId, firstSeen }: ChatEvidence): readonly Turn[] =>
  foldAll(
    emptyChat,
    firstSeen.map((row) => toEvent(chatId, row)),
  ).turns

/** The numbers that a turn's reply counts up to. */
const numbersOf = (turn: Turn): number[] => numbers(turn.items.flatMap((item) => (item.is === 'reply' ? [item.text] : [])).join(' '))
const numbers = (text: string): number[] => [...text.matchAll(/\d+/g)].map(([digits]) => Number(digits))

/** Every word of a turn that is in the log or beside it. Text is joined before it is read, since pieces may end anywhere. */
function wordsOf({ firstSeen, orphans }: ChatEvidence, turnId: string): Set<number> {
  const facts = [...firstSeen, ...orphans].map(({ fact }) => fact)
  const text = facts.flatMap((fact) => (fact.type === 'reply.appended' && fact.turnId === turnId ? [fact.text] : [])).join('')
  return new Set(numbers(text))
}

function causesOf({ chat, turn, faults }: { chat: ChatEvidence; turn: Turn; faults: readonly Fault[] }): Fault[] {
  const from = Date.parse(turn.acceptedAt ?? turn.requestedAt)
  const until = Date.parse(turn.endedAt ?? turn.requestedAt)
  return faults.filter(({ touches, fromMs, untilMs }) => touches.includes(chat.node) && fromMs <= until && untilMs + AFTERMATH_MS >= from)
}
