/**
 * Hints between the parts of this process and, through PostgreSQL's NOTIFY, to the others.
 * A hint is never the data: it may be lost, doubled or late, and the sweeps of `pump.ts` and
 * `server/daemons/dispatch.ts` close every hole. It is never sent inside an append's transaction
 * (NOTIFY takes a global lock at commit), but coalesced on a connection of its own.
 */
import { EventEmitter } from 'node:events'
import { randomUUID } from 'node:crypto'
import type { ChatId, NodeId, TeamId, UserId } from '#core/ids.ts'
import { openNotifyLine } from '#server/realtime/notify-line.ts'

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
  | { about: 'node-removed'; nodeId: NodeId }
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

type Outgoing = { add(hint: Hint): void; stop(): Promise<void> }
let outgoing: Outgoing | undefined

/** Joins this process to the others on the same database. Without it hints stay in the process. */
export function joinBus(databaseUrl: string): void {
  outgoing ??= connectBus(databaseUrl)
}
export async function leaveBus(): Promise<void> {
  const leaving = outgoing
  outgoing = undefined
  await leaving?.stop()
}

function connectBus(url: string): Outgoing {
  const waiting = new Map<string, Hint>()
  let timer: NodeJS.Timeout | undefined

  const flush = () => {
    timer = undefined
    if (!line.isUp() || waiting.size === 0) return
    for (const payload of payloads([...waiting.values()], line.payloadMaxBytes)) line.send(payload)
    waiting.clear()
  }
  const line = openNotifyLine(url, {
    onPayload: receive,
    onUp() {
      here.emit('reconnected')
      flush()
    },
  })

  return {
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
