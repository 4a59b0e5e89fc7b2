/**
 * Hints between the parts of this process and, through PostgreSQL's NOTIFY or Redis, to the others.
 * A hint is never the data: it may be lost, doubled or late, and the sweeps of `pump.ts` and
 * `server/daemons/dispatch.ts` close every hole. It is never sent inside an append's transaction
 * (NOTIFY takes a global lock at commit), but coalesced on a connection of its own.
 */
import { EventEmitter } from 'node:events'
import { randomUUID } from 'node:crypto'
import type { ChatId, NodeId, TeamId, UserId } from '#core/ids.ts'
import type { OpenLine } from '#server/realtime/hint-line.ts'
import { openNotifyLine } from '#server/realtime/notify-line.ts'
import { openRedisLine } from '#server/realtime/redis-line.ts'

export type ListTopic = 'chats' | 'connections' | 'nodes' | 'members' | 'models' | 'usage' | 'budgets' | 'tasks'

export type Hint =
  /** The chat's log has been committed up to `head`. */
  | { about: 'log'; chatId: ChatId; head: number }
  /** Something that a list shows has changed; for every team when `teamId` is null. */
  | { about: 'list'; teamId: TeamId | null; topic: ListTopic }
  /** A chat waits for a daemon: for this one, or for any. */
  | { about: 'work'; nodeId: NodeId | null }
  | { about: 'commands'; nodeId: NodeId; chatId: ChatId }
  | { about: 'lease-lost'; nodeId: NodeId; chatId: ChatId; epoch: number }
  /** An agent asks: a rule of the project may have the answer. */
  | { about: 'question'; chatId: ChatId }
  /** Somebody waits for what a warm agent of this chat holds while it rests. */
  | { about: 'yield'; nodeId: NodeId; chatId: ChatId }
  | { about: 'install'; nodeId: NodeId; harness: string }
  /** Somebody waits for a guided sign-in, on this node or on any; or has answered in one. */
  | { about: 'sign-in'; nodeId: NodeId | null; signInId: string }
  | { about: 'sign-in-over'; nodeId: NodeId; signInId: string }
  /** It may not speak for its node any more: removed, its key withdrawn, or met in two places. */
  | { about: 'node-cut'; nodeId: NodeId }
  /** A node has greeted on this connection: whoever still holds another of it looks whether anybody is there. */
  | { about: 'node-greeted'; nodeId: NodeId; connection: string }
  /** Somebody's place in a team has changed or ended: what they watch is proved again. */
  | { about: 'membership'; teamId: TeamId; userId: UserId }
  /** From now on nobody sees the chat but this person. */
  | { about: 'privacy'; chatId: ChatId; createdBy: UserId }
  /** A budget of the team was made, changed or removed. */
  | { about: 'budgets'; teamId: TeamId }
  | { about: 'presence'; chatId: ChatId; place: string; userId: UserId; name: string; isTyping: boolean; isHere: boolean }

const COALESCE_MS = 5

const here = new EventEmitter().setMaxListeners(100)
const self = randomUUID()

/** Also told: `reconnected`, after which hints may have been missed. */
export function onHint(listener: (hint: Hint) => void): () => void {
  here.on('hint', listener)
  return () => here.off('hint', listener)
}
export function onReconnected(listener: () => void): () => void {
  here.on('reconnected', listener)
  return () => here.off('reconnected', listener)
}

/** Tells this process at once and the others within milliseconds. Never waits, never fails. */
export function publish(hint: Hint): void {
  here.emit('hint', hint)
  outgoing?.add(hint)
}

export const announce = (chatId: ChatId, head: number): void => publish({ about: 'log', chatId, head })
export const hintList = ({ teamId, topic }: { teamId: TeamId | null; topic: ListTopic }): void => publish({ about: 'list', teamId, topic })
/** For whoever removes a member or changes a role: their sockets lose at once what they may no longer see. */
export const hintMembership = (who: { teamId: TeamId; userId: UserId }): void => publish({ about: 'membership', ...who })

type Outgoing = { add(hint: Hint): void; hear(chatId: ChatId, isHeard: boolean): void; stop(): Promise<void> }
let outgoing: Outgoing | undefined
const followed = new Map<ChatId, number>()

/** Joins this process to the others on the same database. Without it hints stay in the process. */
export function joinBus({ databaseUrl, redisUrl }: { databaseUrl: string; redisUrl: string | null }): void {
  outgoing ??= redisUrl === null ? connectBus(openNotifyLine, databaseUrl) : connectBus(openRedisLine, redisUrl)
}

/** What other processes append to this log is heard of from soon on, until the answer is called. Of other logs it need not be. */
export function hearOf(chatId: ChatId): () => void {
  const count = followed.get(chatId) ?? 0
  followed.set(chatId, count + 1)
  if (count === 0) outgoing?.hear(chatId, true)
  return () => {
    const left = (followed.get(chatId) ?? 1) - 1
    if (left > 0) return void followed.set(chatId, left)
    followed.delete(chatId)
    outgoing?.hear(chatId, false)
  }
}
export async function leaveBus(): Promise<void> {
  const leaving = outgoing
  outgoing = undefined
  await leaving?.stop()
}

function connectBus(open: OpenLine, url: string): Outgoing {
  const waiting = new Map<string, Hint>()
  const heard = new Map<number, number>()
  let timer: NodeJS.Timeout | undefined

  const flush = () => {
    timer = undefined
    if (!line.isUp() || waiting.size === 0) return
    const parts = Map.groupBy(waiting.values(), (hint) => (hint.about === 'log' ? shardOf(hint.chatId) : null))
    for (const [shard, hints] of parts) for (const payload of payloads(hints, line.payloadMaxBytes)) line.send(payload, shard)
    waiting.clear()
  }
  /** By the end of the id, which is random. */
  const shardOf = (chatId: ChatId): number | null => (line.shards === 0 ? null : Number.parseInt(chatId.slice(-6), 16) % line.shards)
  const hear = (chatId: ChatId, isHeard: boolean) => {
    const shard = shardOf(chatId)
    if (shard === null) return
    const count = (heard.get(shard) ?? 0) + (isHeard ? 1 : -1)
    heard.set(shard, count)
    if (count === (isHeard ? 1 : 0)) line.hear(shard, isHeard)
  }
  const line = open(url, {
    onPayload: receive,
    onUp() {
      here.emit('reconnected')
      flush()
    },
  })

  for (const chatId of followed.keys()) hear(chatId, true)

  return {
    hear,
    add(hint) {
      // Of one chat only the highest head matters; while disconnected, the sweep of the others finds it.
      waiting.set(hint.about === 'log' ? hint.chatId : JSON.stringify(hint), hint)
      timer ??= setTimeout(flush, COALESCE_MS).unref()
      if (!line.isUp() && waiting.size > 1_000) waiting.clear()
    },
    async stop() {
      clearTimeout(timer)
      await line.close()
    },
  }
}

/** Many hints in as few payloads as fit. */
function* payloads(hints: readonly Hint[], maxBytes: number): Generator<string> {
  let parts: string[] = []
  let bytes = 0
  for (const hint of hints) {
    const part = JSON.stringify(hint)
    const size = Buffer.byteLength(part) + 1
    if (bytes + size > maxBytes && parts.length > 0) {
      yield `{"from":"${self}","hints":[${parts.join(',')}]}`
      parts = []
      bytes = 0
    }
    parts.push(part)
    bytes += size
  }
  if (parts.length > 0) yield `{"from":"${self}","hints":[${parts.join(',')}]}`
}

function receive(payload: string): void {
  const { from, hints } = JSON.parse(payload) as { from: string; hints: Hint[] }
  if (from === self) return
  for (const hint of hints) here.emit('hint', hint)
}
