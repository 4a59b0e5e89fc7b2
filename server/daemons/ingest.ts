/**
 * Takes what daemons append and answers each: stored, already stored, fenced, or a gap.
 * Batching is natural: one flush is under way, and what arrives meanwhile forms the next.
 * From: `gateway.ts`. Next: `server/chats/append.ts`, and from there the pump.
 */
import type { PromptContent } from '#core/chat/events.ts'
import type { ChatId, NodeId, TurnId } from '#core/ids.ts'
import type { AppendReply, OutboxFact } from '#core/links/daemon.ts'
import { appendFenced, type FencedBatch } from '#server/chats/append.ts'
import { findFences, findPrompts, insertOrphans, type Fence } from '#server/daemons/store.ts'
import { renewLog } from '#server/daemons/log-renewal.ts'
import { mustStartAnew } from '#server/daemons/start-run.ts'
import { isTransient } from '#server/db/transient.ts'
import { log } from '#server/log.ts'

export type Append = { nodeId: NodeId; chatId: ChatId; epoch: number; facts: readonly OutboxFact[] }
type Pending = Append & { bytes: number; resolve: (reply: AppendReply) => void }

const FLUSH_MAX_FACTS = 2_000
const FLUSH_MAX_BYTES = 1_000_000
/** Beyond this much waiting, daemons keep their facts for a moment: their outbox is on disk, our memory is not. */
const QUEUE_MAX_FACTS = 4_000
const QUEUE_MAX_BYTES = 8_000_000

const queue: Pending[] = []
const waiting = { facts: 0, bytes: 0 }
let flushing: Promise<void> | null = null

/** Never rejects: a daemon that cannot be served now is told when to try again. */
export function ingest(append: Append): Promise<AppendReply> {
  if (!isContiguous(append.facts)) return Promise.resolve({ is: 'expected', pseq: append.facts[0]!.pseq })
  const bytes = JSON.stringify(append.facts).length
  if (waiting.facts + append.facts.length > QUEUE_MAX_FACTS || waiting.bytes + bytes > QUEUE_MAX_BYTES) {
    if (waiting.facts > 0) return Promise.resolve({ is: 'retry', afterMs: 100 })
  }
  return new Promise((resolve) => {
    enqueue({ ...append, bytes, resolve })
    flushing ??= flushAll()
  })
}

/** Resolves when nothing is waiting: for a clean stop, and for tests. */
export const drainIngest = async (): Promise<void> => {
  while (flushing) await flushing
}

/**
 * Kept beside the log. A salvage that is repeated changes nothing, nor does one of an epoch that the node never held. Of an
 * epoch that the database has forgotten, since it was put back, the node where the chat's workspace lies is believed.
 */
export const salvage = (append: Append): Promise<void> => insertOrphans(append)

function enqueue(pending: Pending): void {
  queue.push(pending)
  waiting.facts += pending.facts.length
  waiting.bytes += pending.bytes
}

/** `flushing` falls in the same breath as the last look at the queue, so nothing is queued behind a flush that is over. */
async function flushAll(): Promise<void> {
  while (queue.length > 0) await flush(takeBatch())
  flushing = null
}

/** At most one append for each chat: a later one of the same chat must find the earlier one committed. */
function takeBatch(): Pending[] {
  const taken: Pending[] = []
  const chats = new Set<ChatId>()
  let facts = 0
  let bytes = 0
  for (let at = 0; at < queue.length && (taken.length === 0 || (facts < FLUSH_MAX_FACTS && bytes < FLUSH_MAX_BYTES));) {
    const next = queue[at]!
    if (chats.has(next.chatId)) {
      at += 1
      continue
    }
    queue.splice(at, 1)
    chats.add(next.chatId)
    taken.push(next)
    facts += next.facts.length
    bytes += next.bytes
  }
  waiting.facts -= facts
  waiting.bytes -= bytes
  return taken
}

async function flush(batch: readonly Pending[]): Promise<void> {
  try {
    const stored = await appendFenced(batch.map(toBatch))
    const rejected = batch.filter((each) => !stored.has(each.chatId))
    const fences = rejected.length > 0 ? await findFences(rejected) : new Map<ChatId, Fence>()
    const prompts = await promptsOf(batch)
    for (const each of batch) {
      const fence = fences.get(each.chatId)
      if (stored.has(each.chatId)) each.resolve(acknowledge(each, last(each), prompts))
      else if (fence && knowsMore(each, fence)) await answerForgotten(each, fence)
      else answerRejected(each, fence, prompts)
    }
  } catch (error) {
    await recover(batch, error)
  }
}

/** One chat's facts that cannot be stored must not hold up the others': after such a failure each goes alone. */
async function recover(batch: readonly Pending[], error: unknown): Promise<void> {
  if (!isTransient(error) && batch.length > 1) {
    for (const each of batch) await flush([each])
    return
  }
  const chats = batch.map((each) => each.chatId)
  log[isTransient(error) ? 'warn' : 'error']({ err: error, chats }, 'Facts of daemons could not be stored; they keep them')
  for (const each of batch) each.resolve({ is: 'retry', afterMs: isTransient(error) ? 500 : 5_000 })
}

/** A daemon sends what follows on what was confirmed, of an epoch that it was given. Only another history lacks either. */
const knowsMore = (append: Append, fence: Fence): boolean =>
  fence.epoch === append.epoch && fence.nodeId === append.nodeId
    ? fence.pseq < first(append) - 1
    : fence.epoch < append.epoch && fence.place === append.nodeId

async function answerForgotten({ chatId, nodeId, epoch, resolve }: Pending, fence: Fence): Promise<void> {
  await renewLog(chatId, { nodeId, epoch })
  resolve({ is: 'fenced', epoch: epoch + 1, finalPseq: fence.epoch === epoch ? fence.pseq : 0 })
}

function answerRejected(pending: Pending, fence: Fence | undefined, prompts: Prompts): void {
  const { epoch, nodeId, resolve } = pending
  // A chat that is gone fences everybody: nothing of it is in a log.
  if (!fence) return resolve({ is: 'fenced', epoch: epoch + 1, finalPseq: 0 })
  if (fence.epoch !== epoch || fence.nodeId !== nodeId) {
    return resolve({ is: 'fenced', epoch: Math.max(fence.epoch, 1), finalPseq: fence.finalPseq })
  }
  if (fence.pseq >= last(pending)) return resolve(acknowledge(pending, fence.pseq, prompts))
  // The beginning is stored already: only the rest is new.
  const known = { ...pending, facts: pending.facts.filter((each) => each.pseq <= fence.pseq) }
  const rest = pending.facts.filter((each) => each.pseq > fence.pseq)
  enqueue({ ...pending, facts: rest, resolve: (reply) => resolve(withPrompts(reply, known, prompts)) })
}

type StandingPrompt = { prompt: PromptContent; model: string | null; epoch: number | null; isAccepted: boolean; mustStartAnew?: boolean }
type Prompts = ReadonlyMap<TurnId, StandingPrompt>

const acceptedTurns = (append: Append): TurnId[] => append.facts.flatMap(({ fact }) => (fact.type === 'turn.accepted' ? [fact.turnId] : []))

async function promptsOf(batch: readonly Pending[]): Promise<Prompts> {
  const turns = batch.flatMap(acceptedTurns)
  const prompts: Map<TurnId, StandingPrompt> = turns.length > 0 ? await findPrompts(turns) : new Map()
  for (const append of batch) {
    for (const turnId of acceptedTurns(append)) {
      const found = prompts.get(turnId)
      if (found && isTakenBy(append, found) && (await mustStartAnew(append.nodeId, append)))
        prompts.set(turnId, { ...found, mustStartAnew: true })
    }
  }
  return prompts
}

const isTakenBy = ({ epoch }: Append, found: StandingPrompt): boolean => found.isAccepted && found.epoch === epoch

const acknowledge = (append: Append, pseq: number, prompts: Prompts): AppendReply =>
  withPrompts({ is: 'acknowledged', pseq }, append, prompts)

/** The prompt as it stands in the commit that accepted it; null for one that no longer waited. */
function withPrompts(reply: AppendReply, append: Append, prompts: Prompts): AppendReply {
  const turns = acceptedTurns(append)
  if (reply.is !== 'acknowledged' || turns.length === 0) return reply
  const accepted = turns.map((turnId) => {
    const found = prompts.get(turnId)
    if (!found || !isTakenBy(append, found)) return { turnId, prompt: null, model: found?.model ?? null }
    const { prompt, model, mustStartAnew: anew } = found
    return { turnId, prompt, model, ...(anew && { mustStartAnew: true }) }
  })
  return { ...reply, accepted: [...accepted, ...(reply.accepted ?? [])] }
}

const first = (append: Append): number => append.facts[0]!.pseq
const last = (append: Append): number => append.facts.at(-1)!.pseq
const isContiguous = (facts: readonly OutboxFact[]): boolean => facts.every(({ pseq }, at) => pseq === facts[0]!.pseq + at)

const toBatch = ({ chatId, nodeId, epoch, facts }: Append): FencedBatch => ({
  chatId,
  nodeId,
  epoch,
  first: facts[0]!.pseq,
  facts: facts.map((each) => each.fact),
})
