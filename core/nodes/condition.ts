/** How a node stands, in one word: what the nodes page shows and what decides whether it gets work. */
import type { SandboxReport } from '#core/links/daemon.ts'
import { isLowOnDisk, type NodeHealth } from '#core/nodes/health.ts'

export type Condition =
  | 'ready'
  /** Every place has a turn that runs. */
  | 'full'
  /** Cannot isolate agents, and so runs none. */
  | 'no-sandbox'
  /** No new workspaces; what lies there goes on. */
  | 'low-disk'
  /** Gets no new work; turns run. */
  | 'draining'
  /** Nothing runs: it can be stopped. */
  | 'drained'
  | 'offline'
  /** Works, but is another release than the server. */
  | 'other-version'
  /** Speaks another protocol, so the server does not take it. */
  | 'foreign'
  /** One identity in two places. */
  | 'cloned'
  /** No machine has enrolled for it since its key was withdrawn, or ever. */
  | 'keyless'

export type NodeFacts = {
  hasKey: boolean
  isCloned: boolean
  isOnline: boolean
  isForeign: boolean
  isDraining: boolean
  isOtherVersion: boolean
  capacity: number
  /** Chats that it holds, warm ones without a turn included. */
  held: number
  /** Turns that run. */
  busy: number
  health: NodeHealth | null
  sandbox: Pick<SandboxReport, 'isMissing'> | null
}

/** The gravest first. */
export function conditionOf(node: NodeFacts): Condition {
  if (node.isCloned) return 'cloned'
  if (!node.hasKey) return 'keyless'
  if (node.isDraining && node.held === 0) return 'drained'
  if (!node.isOnline) return node.isForeign ? 'foreign' : 'offline'
  if (node.isDraining) return 'draining'
  if (node.sandbox?.isMissing) return 'no-sandbox'
  if (isLowOnDisk(node.health)) return 'low-disk'
  if (node.busy >= node.capacity) return 'full'
  return node.isOtherVersion ? 'other-version' : 'ready'
}
