/**
 * Which node runs a chat that waits, and else why none does. A workspace is not carried about: where it lies is where its
 * chat goes on, for as long as that can be hoped for. Everything else is room, labels and load.
 * Pure; `server/daemons/lease.ts` asks it inside each claim, and the chat page asks why a chat waits.
 */
import type { ChatId, NodeId } from '#core/ids.ts'
import type { Condition } from '#core/nodes/condition.ts'

/** How long a chat waits for a node that is there but has no place for it, before it goes on elsewhere without its workspace. */
export const MOVE_AFTER_MS = 120_000
/** For so long a chat is left to a node with less to do than the one that asks. */
export const LEAVE_TO_BETTER_MS = 3_000

export type PlaceableNode = {
  nodeId: NodeId
  name: string
  condition: Condition
  labels: readonly string[]
  capacity: number
  /** Turns that run. Warm agents without one give their place away. */
  busy: number
}

export type WaitingChat = {
  chatId: ChatId
  workspaceOn: NodeId | null
  /** Labels that its project asks for. */
  needs: readonly string[]
  waitedMs: number
  /** Its last lease has run out unanswered: it still counts as `busy` where its workspace lies, and may go on there. */
  holdsPlace: boolean
}

/** `position` counts from 1 among the chats that wait for the same places. */
export type WaitReason =
  | { is: 'no-node' }
  | { is: 'no-label'; labels: readonly string[] }
  | { is: 'no-disk' }
  | { is: 'draining' }
  | { is: 'no-sandbox' }
  | { is: 'full'; position: number }
  | { is: 'workspace'; node: string; because: 'offline' | 'draining' | 'no-sandbox' | 'cut' }
  | { is: 'workspace'; node: string; because: 'full'; position: number; movesInMs: number }

export type Placement = { is: 'runs'; on: NodeId; leaves: NodeId | null } | { is: 'waits'; reason: WaitReason }

/**
 * @param waiting in the order in which they are served
 * @param asking a node that would take one now: of equals it is the one, and after a moment also of others
 */
export function place(
  waiting: readonly WaitingChat[],
  nodes: readonly PlaceableNode[],
  asking: NodeId | null = null,
): ReadonlyMap<ChatId, Placement> {
  const busy = new Map(nodes.map((node) => [node.nodeId, node.busy]))
  const queued = new Map<NodeId, number>()
  const placements = new Map<ChatId, Placement>()
  for (const chat of waiting) {
    const placement = placeOne(chat, { nodes, busy, queued, asking })
    placements.set(chat.chatId, placement)
    if (placement.is === 'runs') busy.set(placement.on, busy.get(placement.on)! + 1 - ownPlaces(chat, placement.on))
    else for (const nodeId of wishedBy(chat, nodes)) queued.set(nodeId, (queued.get(nodeId) ?? 0) + 1)
  }
  return placements
}

type Picture = {
  nodes: readonly PlaceableNode[]
  busy: ReadonlyMap<NodeId, number>
  /** How many that are served earlier wait for a place on each. */
  queued: ReadonlyMap<NodeId, number>
  asking: NodeId | null
}

function placeOne(chat: WaitingChat, picture: Picture): Placement {
  const home = picture.nodes.find((node) => node.nodeId === chat.workspaceOn)
  // Labels are a promise: a node that has lost one may not go on with what lies there.
  if (!home || !hasLabels(home, chat)) return placeAnew(chat, picture, home ?? null)
  switch (home.condition) {
    case 'ready':
    case 'full':
    case 'low-disk':
    case 'other-version': {
      if (hasRoom(home, picture, ownPlaces(chat, home.nodeId))) return { is: 'runs', on: home.nodeId, leaves: null }
      const movesInMs = Math.max(0, MOVE_AFTER_MS - chat.waitedMs)
      const position = 1 + (picture.queued.get(home.nodeId) ?? 0)
      return elsewhere(chat, picture, home) ?? waitsFor(home, { because: 'full', position, movesInMs })
    }
    case 'draining':
    case 'drained':
      return elsewhere(chat, picture, home) ?? waitsFor(home, { because: 'draining' })
    case 'no-sandbox':
      return elsewhere(chat, picture, home) ?? waitsFor(home, { because: 'no-sandbox' })
    case 'offline':
    case 'foreign':
      return waitsFor(home, { because: 'offline' })
    case 'cloned':
    case 'keyless':
      return waitsFor(home, { because: 'cut' })
  }
}

type Because = { because: 'offline' | 'draining' | 'no-sandbox' | 'cut' } | { because: 'full'; position: number; movesInMs: number }
const waitsFor = (home: PlaceableNode, because: Because): Placement => ({
  is: 'waits',
  reason: { is: 'workspace', node: home.name, ...because },
})

/** Null while the chat still waits for its home, and where there is no other place. */
function elsewhere(chat: WaitingChat, picture: Picture, home: PlaceableNode): Placement | null {
  if (chat.waitedMs < MOVE_AFTER_MS) return null
  const placement = placeAnew(chat, { ...picture, nodes: picture.nodes.filter((node) => node !== home) }, home)
  return placement.is === 'runs' ? placement : null
}

function placeAnew(chat: WaitingChat, picture: Picture, home: PlaceableNode | null): Placement {
  const fitting = picture.nodes.filter((node) => hasLabels(node, chat))
  const open = fitting.filter(takesNew)
  const [best] = open.filter((node) => hasRoom(node, picture)).toSorted((a, b) => loadOf(a, picture) - loadOf(b, picture))
  if (best) {
    const asking = open.find((node) => node.nodeId === picture.asking)
    const mayHave = asking && hasRoom(asking, picture)
    const takes = mayHave && (chat.waitedMs >= LEAVE_TO_BETTER_MS || loadOf(asking, picture) <= loadOf(best, picture)) ? asking : best
    return { is: 'runs', on: takes.nodeId, leaves: home?.nodeId ?? null }
  }
  const waits = (reason: WaitReason): Placement => ({ is: 'waits', reason })
  // The one that is served first of all of them decides how soon it is this chat's turn.
  if (open.length > 0) return waits({ is: 'full', position: 1 + Math.min(...open.map((node) => picture.queued.get(node.nodeId) ?? 0)) })
  if (fitting.some((node) => node.condition === 'low-disk')) return waits({ is: 'no-disk' })
  if (fitting.some((node) => node.condition === 'draining' || node.condition === 'drained')) return waits({ is: 'draining' })
  if (fitting.some((node) => node.condition === 'no-sandbox')) return waits({ is: 'no-sandbox' })
  return waits(chat.needs.length > 0 ? { is: 'no-label', labels: chat.needs } : { is: 'no-node' })
}

/** Where a chat that waits stands in line. */
function wishedBy(chat: WaitingChat, nodes: readonly PlaceableNode[]): NodeId[] {
  const home = nodes.find((node) => node.nodeId === chat.workspaceOn)
  if (home && hasLabels(home, chat)) return [home.nodeId]
  return nodes.filter((node) => hasLabels(node, chat) && takesNew(node)).map((node) => node.nodeId)
}

/** What lies there is waited for, however long: only people know what it is worth. See `nodes.leaveWorkspace`. */
export const isNeverLeft = ({ condition }: Pick<PlaceableNode, 'condition'>): boolean =>
  condition === 'offline' || condition === 'foreign' || condition === 'cloned' || condition === 'keyless'

const hasLabels = (node: PlaceableNode, chat: WaitingChat): boolean => chat.needs.every((label) => node.labels.includes(label))
/** How many of those that a node counts as busy are the chat itself. */
const ownPlaces = (chat: WaitingChat, on: NodeId): number => (chat.holdsPlace && chat.workspaceOn === on ? 1 : 0)
const takesNew = ({ condition }: PlaceableNode): boolean => condition === 'ready' || condition === 'full' || condition === 'other-version'
const hasRoom = (node: PlaceableNode, { busy }: Picture, own = 0): boolean => busy.get(node.nodeId)! - own < node.capacity
const loadOf = (node: PlaceableNode, { busy }: Picture): number => busy.get(node.nodeId)! / node.capacity
