/** Nodes, as people see and add them. What their daemons do is in `gateway.ts`. */
import { DomainError } from '#core/errors.ts'
import { findHarness, harnessName } from '#core/harnesses/registry.ts'
import type { NodeId } from '#core/ids.ts'
import type { HarnessState, SandboxReport } from '#core/links/daemon.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { announceAppended, type Appended } from '#server/chats/append.ts'
import { endLeasesOf, endLeasesOfMember, holdHeadsOfMember } from '#server/daemons/lease.ts'
import {
  disableNode,
  disableNodesOf,
  findNode,
  findNodes,
  holdNodesOf,
  insertJoinToken,
  insertJoinedNode,
  upsertLocalNode,
} from '#server/daemons/node-store.ts'
import { inTransaction } from '#server/db/client.ts'
import { hashToken, mintToken } from '#server/db/mint.ts'
import { env } from '#server/env.ts'
import { hintList, publish } from '#server/realtime/bus.ts'
import type { RemovalStep } from '#server/teams/service.ts'

const JOIN_TOKEN_MINUTES = 15

export type NodeView = {
  nodeId: NodeId
  name: string
  isLocal: boolean
  isOnline: boolean
  lastSeenAt: string | null
  platform: string | null
  capacity: number
  runs: number
  rssBytes: number
  sandbox: SandboxReport | null
  harnesses: (HarnessState & { name: string })[]
}

/** Nodes belong to the instance: every team's chats run on them. */
export async function listNodes(_scope: TeamScope): Promise<NodeView[]> {
  const nodes = await findNodes(Date.now())
  return nodes.map(({ lastSeenAt, harnesses, ...node }) => ({
    ...node,
    lastSeenAt: lastSeenAt?.toISOString() ?? null,
    harnesses: harnesses.map((state) => ({ ...state, name: harnessName(state.harness) })),
  }))
}

/** Shown once. Whoever has it may bring one machine, within 15 minutes. */
export async function createJoinToken(
  { userId }: TeamScope,
  { name }: { name: string },
): Promise<{ token: string; command: string; expiresAt: string }> {
  const { token, hash } = mintToken('njt')
  const expiresAt = new Date(Date.now() + JOIN_TOKEN_MINUTES * 60_000)
  await insertJoinToken({ tokenHash: hash, nodeName: name, createdBy: userId, expiresAt })
  return {
    token,
    command: `npm run gatehouse -- node join --url ${env().url} --token ${token}`,
    expiresAt: expiresAt.toISOString(),
  }
}

/** @throws node.join-token-unusable for unknown, used and expired alike */
export async function joinNode(token: string): Promise<{ nodeId: NodeId; token: string; name: string }> {
  const own = mintToken('ndt')
  const joined = await insertJoinedNode({ joinTokenHash: hashToken(token), tokenHash: own.hash, now: new Date() })
  if (!joined) throw new DomainError('node.join-token-unusable')
  hintList({ teamId: null, topic: 'nodes' })
  return { ...joined, token: own.token }
}

/** The node of this machine, which needs nobody's leave to join. `tokenHash` replaces the one of an earlier start. */
export const ensureLocalNode = (node: { name: string; tokenHash: Buffer<ArrayBuffer> }): Promise<NodeId> => upsertLocalNode(node)

/** @throws node.missing; harness.unknown */
export async function installHarness(_scope: TeamScope, { nodeId, harness }: { nodeId: NodeId; harness: string }): Promise<void> {
  if (!(await findNode(nodeId))) throw new DomainError('node.missing')
  if (!findHarness(harness)) throw new DomainError('harness.unknown', { harness })
  publish({ about: 'install', nodeId, harness })
}

/**
 * Its chats go on elsewhere, in new workspaces: what lay on the machine alone is out of our reach.
 * The server's own node would only come back at its next start, so it stays.
 * @throws node.missing; access.denied for the local node
 */
export async function removeNode(scope: TeamScope, { nodeId }: { nodeId: NodeId }): Promise<void> {
  const node = await findNode(nodeId)
  if (!node) throw new DomainError('node.missing')
  if (node.isLocal) throw new DomainError('access.denied')
  await disableNode(nodeId, { actorId: scope.userId })
  tellRemoved([nodeId], await inTransaction((tx) => endLeasesOf(tx, nodeId)))
}

/**
 * What runs for a member ends with them, and the machines that they let join go too: these would go on taking the team's
 * chats, and the logins of these. A machine is of no team, so this holds whichever team they leave. Nodes are held before
 * chats, as by everybody. A step of the removal (`server/teams/service.ts`).
 */
export const endWorkOfMember: RemovalStep = async (tx, removed, enter) => {
  await holdNodesOf(tx, removed.userId)
  await holdHeadsOfMember(tx, removed)
  const tells = [await removeNodesOf(tx, removed, enter), await endLeasesOfMember(tx, removed)]
  return () => {
    for (const tell of tells) tell()
  }
}

const removeNodesOf: RemovalStep = async (tx, { userId, actorId }, enter) => {
  const nodes = await disableNodesOf(tx, userId)
  const appended: (Appended | null)[] = []
  for (const { nodeId, name } of nodes) {
    appended.push(...(await endLeasesOf(tx, nodeId)))
    enter({ teamId: null, actorId, act: 'node.removed', subject: { kind: 'node', id: nodeId }, facts: { name } })
  }
  return () => {
    if (nodes.length > 0)
      tellRemoved(
        nodes.map((each) => each.nodeId),
        appended,
      )
  }
}

/** Ends their connections, and lets others have their chats. */
function tellRemoved(nodes: readonly NodeId[], appended: readonly (Appended | null)[]): void {
  for (const nodeId of nodes) publish({ about: 'node-removed', nodeId })
  appended.forEach(announceAppended)
  publish({ about: 'work', nodeId: null })
  hintList({ teamId: null, topic: 'nodes' })
}
