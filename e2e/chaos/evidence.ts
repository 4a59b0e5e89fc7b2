/** What is known of a run afterwards, from sources that do not know of each other. `check.ts` compares them. */
import type { ChatFact, DaemonFact } from '#core/chat/events.ts'
import type { Journal } from '#e2e/chaos/journal.ts'

/** A row of the log, as the database holds it. */
export type LogRow = { seq: number; seqFrom: number; epoch: number | null; pseq: number | null; fact: ChatFact; at: string }
/** A fact of a daemon: in its outbox, or beside the log. */
export type ProducedFact = { epoch: number; pseq: number; fact: DaemonFact }

/** A prompt that somebody sent, and what they did about it. */
export type Asked = {
  turnId: string
  kind: PromptKind
  /** How many words its agent is to say. */
  words: number
  /** The API confirmed it. */
  isAcknowledged: boolean
  /** The API confirmed that it was taken out of the queue. */
  isWithdrawn: boolean
}
export type PromptKind = 'rest' | 'stream' | 'long' | 'cancel' | 'withdraw' | 'ask' | 'crash'

/** What a watcher rendered: the view's digest at a seq of the log that went by this id. */
export type Shown = { logId: number | null; seq: number; digest: string }
export type WatcherEvidence = { name: string; isLive: boolean; last: Shown; shown: readonly Shown[] }

/** Something that was done to the world; while it lasted and shortly after, it explains losses in what it touched. */
export type Fault = { kind: string; touches: readonly string[]; fromMs: number; untilMs: number }

export type ChatEvidence = {
  chatId: string
  /** The node that holds its workspace. */
  node: string
  log: readonly LogRow[]
  /** Each row as it was when it was first seen, which may have been merged with others since. */
  firstSeen: readonly LogRow[]
  head: { head: number; epoch: number; pseq: number; activeTurn: string | null; waitingFor: number; queued: number }
  /** Where each ended epoch's facts end. */
  leases: readonly { epoch: number; finalPseq: number }[]
  orphans: readonly ProducedFact[]
  /** Every record that the daemon ever wrote, and how far each epoch was acknowledged. */
  outbox: readonly ProducedFact[]
  acknowledged: ReadonlyMap<number, number>
  journal: Journal
  asked: readonly Asked[]
  watchers: readonly WatcherEvidence[]
}

export type Evidence = { chats: readonly ChatEvidence[]; faults: readonly Fault[] }
