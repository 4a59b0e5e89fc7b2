/** Nodes, as people see and add them. What their daemons do is in `gateway.ts`. */
import { DomainError } from '#core/errors.ts'
import { findHarness, harnessName, harnesses as registered } from '#core/harnesses/registry.ts'
import type { NodeId } from '#core/ids.ts'
import { DAEMON_PROTOCOL, type HarnessState, type SandboxReport } from '#core/links/daemon.ts'
import { conditionOf, type Condition } from '#core/nodes/condition.ts'
import type { NodeHealth } from '#core/nodes/health.ts'
import type { Enrolled, Enrolment } from '#core/nodes/identity.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { record } from '#server/audit/service.ts'
import { announceAppended, type Appended } from '#server/chats/append.ts'
import { provenKey } from '#server/daemons/identity-service.ts'
import { withdrawKey } from '#server/daemons/identity-store.ts'
import { endLeasesOf, endLeasesOfMember, holdHeadsOfMember } from '#server/daemons/lease.ts'
import {
  disableNode,
  disableNodesOf,
  enrolNode,
  ensureLocalNode,
  findNode,
  findNodes,
  holdNodesOf,
  insertJoinToken,
  updateDraining,
  updateLabels,
} from '#server/daemons/node-store.ts'
import { inTransaction } from '#server/db/client.ts'
import { hashToken, mintToken } from '#server/db/mint.ts'
import { env } from '#server/env.ts'
import { hintList, publish } from '#server/realtime/bus.ts'
import type { RemovalStep } from '#server/teams/service.ts'
import { version as ownVersion } from '#server/version.ts'

const JOIN_TOKEN_MINUTES = 15

export type NodeView = {
  nodeId: NodeId
  name: string
  isLocal: boolean
  isOnline: boolean
  condition: Condition
  /** Chats that it holds now. */
  held: number
  lastSeenAt: string | null
  labels: string[]
  version: string | null
  platform: string | null
  capacity: number
  health: NodeHealth | null
  rssBytes: number
  sandbox: SandboxReport | null
  /** `pinned`: the version that this server would have it run. */
  harnesses: (HarnessState & { name: string; pinned: string | null })[]
}

/** Nodes belong to the instance: every team's chats run on them. */
export async function listNodes(_scope: TeamScope): Promise<NodeView[]> {
  const nodes = await findNodes()
  return nodes.map(({ lastSeenAt, harnesses, hasKey, clonedAt, drainingAt, protocol, ...node }) => ({
    ...node,
    rssBytes: node.isOnline ? node.rssBytes : 0,
    lastSeenAt: lastSeenAt?.toISOString() ?? null,
    condition: conditionOf({
      ...node,
      hasKey,
      isCloned: clonedAt !== null,
      isDraining: drainingAt !== null,
      isForeign: protocol !== null && protocol !== DAEMON_PROTOCOL,
      isOtherVersion: node.version !== null && node.version !== ownVersion,
    }),
    harnesses: harnesses.map((state) => ({
      ...state,
      name: harnessName(state.harness),
      pinned: registered.find((each) => each.id === state.harness)?.package?.version ?? null,
    })),
  }))
}

export type JoinCommand = { token: string; command: string; expiresAt: string }

/** Shown once. Whoever has it may bring one machine, within 15 minutes. */
export const createJoinToken = ({ userId }: TeamScope, { name }: { name: string }): Promise<JoinCommand> =>
  mintJoinCommand({ nodeName: name, nodeId: null, createdBy: userId })

async function mintJoinCommand(of: { nodeName: string; nodeId: NodeId | null; createdBy: string | null }): Promise<JoinCommand> {
  const { token, hash } = mintToken('njt')
  const expiresAt = new Date(Date.now() + JOIN_TOKEN_MINUTES * 60_000)
  await insertJoinToken({ tokenHash: hash, ...of, expiresAt })
  return {
    token,
    command: `npm run gatehouse -- node join --url ${env().url} --token ${token}`,
    expiresAt: expiresAt.toISOString(),
  }
}

/**
 * A machine brings its public key, and becomes a node; or the node that the token names, under this key from now on.
 * @throws node.join-token-unusable for unknown, used and expired alike; request.invalid for a key that it does not have
 */
export async function joinNode(enrolment: Enrolment): Promise<Enrolled> {
  const publicKey = provenKey(enrolment)
  if (!publicKey) throw new DomainError('request.invalid')
  const joined = await enrolNode({ joinTokenHash: hashToken(enrolment.token), publicKey, now: new Date() })
  if (!joined) throw new DomainError('node.join-token-unusable')
  hintList({ teamId: null, topic: 'nodes' })
  return joined
}

/**
 * The node of this machine, which needs nobody's leave to join.
 * @param known what its folder says: which node it is, and by which key
 * @returns the token by which it enrols, or null where it has
 */
export async function inviteLocalNode(known: {
  nodeId: string | null
  publicKey: Buffer | null
  name: string
}): Promise<{ nodeId: NodeId; token: string | null }> {
  const { nodeId, isEnrolled } = await ensureLocalNode(known)
  if (isEnrolled) return { nodeId, token: null }
  return { nodeId, token: (await mintJoinCommand({ nodeName: known.name, nodeId, createdBy: null })).token }
}

/**
 * Cuts the node off, whoever speaks for it, and lets one machine speak for it again: the one on which the command is run.
 * Its chats keep their workspaces there.
 * @returns null for the server's own node, which gets its key at the next start of that server and from nobody else
 * @throws node.missing
 */
export async function renewKey({ userId }: TeamScope, { nodeId }: { nodeId: NodeId }): Promise<JoinCommand | null> {
  const node = await inTransaction((tx) => withdrawKey(tx, nodeId))
  if (!node) throw new DomainError('node.missing')
  const appended = await inTransaction(async (tx) => {
    const ended = await endLeasesOf(tx, nodeId, { workspaces: 'stay' })
    const subject = { kind: 'node', id: nodeId } as const
    await record(tx, { teamId: null, actorId: userId, act: 'node.key-withdrawn', subject, facts: { name: node.name } })
    return ended
  })
  tellCut([nodeId], appended)
  return node.isLocal ? null : mintJoinCommand({ nodeName: node.name, nodeId, createdBy: userId })
}

/** @throws node.missing */
export async function setLabels({ userId }: TeamScope, { nodeId, labels }: { nodeId: NodeId; labels: string[] }): Promise<void> {
  await inTransaction(async (tx) => {
    const node = await updateLabels(tx, nodeId, labels)
    if (!node) throw new DomainError('node.missing')
    const facts = { name: node.name, labels: labels.join(', ') }
    await record(tx, { teamId: null, actorId: userId, act: 'node.labelled', subject: { kind: 'node', id: nodeId }, facts })
  })
  publish({ about: 'work', nodeId })
  hintList({ teamId: null, topic: 'nodes' })
}

/**
 * Draining, it gets no new work, and what runs ends by itself: then it can be stopped without anybody noticing.
 * @throws node.missing
 */
export async function setDraining({ userId }: TeamScope, { nodeId, isDraining }: { nodeId: NodeId; isDraining: boolean }): Promise<void> {
  if (!(await findNode(nodeId))) throw new DomainError('node.missing')
  await inTransaction(async (tx) => {
    const node = await updateDraining(tx, nodeId, isDraining)
    if (!node) return
    const act = isDraining ? 'node.drained' : 'node.undrained'
    await record(tx, { teamId: null, actorId: userId, act, subject: { kind: 'node', id: nodeId }, facts: { name: node.name } })
  })
  // Its next claim tells it; others may have what waits.
  publish({ about: 'work', nodeId: isDraining ? null : nodeId })
  hintList({ teamId: null, topic: 'nodes' })
}

/** @throws node.missing; harness.unknown */
export async function installHarness(_scope: TeamScope, { nodeId, harness }: { nodeId: NodeId; harness: string }): Promise<void> {
  if (!(await findNode(nodeId))) throw new DomainError('node.missing')
  if (!findHarness(harness)) throw new DomainError('harness.unknown', { harness })
  publish({ about: 'install', nodeId, harness })
}

/**
 * Its chats go on elsewhere, in new workspaces: what lay on the machine alone is out of our reach.
 * A server's own node would only come back at its next start, so it stays while that server runs.
 * @throws node.missing; access.denied for a local node that is online
 */
export async function removeNode(scope: TeamScope, { nodeId }: { nodeId: NodeId }): Promise<void> {
  const node = await findNode(nodeId)
  if (!node) throw new DomainError('node.missing')
  if (node.isLocal && node.isOnline) throw new DomainError('access.denied')
  await disableNode(nodeId, { actorId: scope.userId })
  tellCut([nodeId], await inTransaction((tx) => endLeasesOf(tx, nodeId, { workspaces: 'go' })))
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
    appended.push(...(await endLeasesOf(tx, nodeId, { workspaces: 'go' })))
    enter({ teamId: null, actorId, act: 'node.removed', subject: { kind: 'node', id: nodeId }, facts: { name } })
  }
  return () => {
    if (nodes.length > 0)
      tellCut(
        nodes.map((each) => each.nodeId),
        appended,
      )
  }
}

/** Ends their connections, and lets others have their chats. */
function tellCut(nodes: readonly NodeId[], appended: readonly (Appended | null)[]): void {
  for (const nodeId of nodes) publish({ about: 'node-cut', nodeId })
  appended.forEach(announceAppended)
  publish({ about: 'work', nodeId: null })
  hintList({ teamId: null, topic: 'nodes' })
}
