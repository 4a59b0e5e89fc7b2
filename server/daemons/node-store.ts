/** Nodes and the tokens that let machines join. A node token's hash is all that is kept of it. */
import { prismaDb, record } from '#server/audit/service.ts'
import { prisma, type PoolClient } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import type { HarnessState, SandboxReport } from '#core/links/daemon.ts'
import type { NodeId } from '#core/ids.ts'

type Hash = Buffer<ArrayBuffer>

/** A node whose server process has said nothing for this long is offline, whatever its row says. */
export const ONLINE_FOR_MS = 30_000

export type NodeRow = {
  nodeId: NodeId
  name: string
  isLocal: boolean
  isOnline: boolean
  lastSeenAt: Date | null
  platform: string | null
  capacity: number
  runs: number
  rssBytes: number
  sandbox: SandboxReport | null
  harnesses: HarnessState[]
}

export async function findNodes(nowMs: number): Promise<NodeRow[]> {
  const nodes = await prisma().node.findMany({
    where: { disabledAt: null },
    orderBy: [{ isLocal: 'desc' }, { name: 'asc' }],
    include: { _count: { select: { runs: { where: { endedAt: null } } } } },
  })
  return nodes.map(({ id, isConnected, lastSeenAt, rssBytes, sandbox, harnesses, _count, ...node }) => {
    const isOnline = isConnected && lastSeenAt !== null && nowMs - lastSeenAt.getTime() < ONLINE_FOR_MS
    return {
      nodeId: id as NodeId,
      name: node.name,
      isLocal: node.isLocal,
      isOnline,
      lastSeenAt,
      platform: node.platform,
      capacity: node.capacity,
      runs: isOnline ? _count.runs : 0,
      rssBytes: isOnline ? Number(rssBytes) : 0,
      sandbox: sandbox as SandboxReport | null,
      harnesses: harnesses as HarnessState[],
    }
  })
}

export async function findNodeByToken(tokenHash: Hash): Promise<{ nodeId: NodeId } | null> {
  const node = await prisma().node.findFirst({ where: { tokenHash, disabledAt: null }, select: { id: true } })
  return node && { nodeId: node.id as NodeId }
}

export async function findNode(nodeId: NodeId): Promise<{ isLocal: boolean } | null> {
  return prisma().node.findFirst({ where: { id: nodeId, disabledAt: null }, select: { isLocal: true } })
}

type Reported = { platform?: string; capacity?: number; sandbox: SandboxReport; harnesses: readonly HarnessState[]; rssBytes?: number }

export async function updateReported(nodeId: NodeId, { platform, capacity, sandbox, harnesses, rssBytes }: Reported): Promise<void> {
  await prisma().node.update({
    where: { id: nodeId },
    data: {
      ...(platform === undefined ? {} : { platform }),
      ...(capacity === undefined ? {} : { capacity }),
      sandbox,
      harnesses: [...harnesses],
      ...(rssBytes === undefined ? {} : { rssBytes: BigInt(Math.round(rssBytes)) }),
      lastSeenAt: new Date(),
      isConnected: true,
    },
  })
}

export async function updateSeen(nodes: readonly NodeId[]): Promise<void> {
  await prisma().node.updateMany({ where: { id: { in: [...nodes] } }, data: { lastSeenAt: new Date(), isConnected: true } })
}

export async function updateDisconnected(nodeId: NodeId): Promise<void> {
  await prisma().node.updateMany({ where: { id: nodeId }, data: { lastSeenAt: new Date(), isConnected: false } })
}

/** The node of the server's own machine: one, whose token is new at each start. */
export async function upsertLocalNode({ name, tokenHash }: { name: string; tokenHash: Hash }): Promise<NodeId> {
  const known = await prisma().node.findFirst({ where: { isLocal: true }, select: { id: true } })
  if (known) {
    await prisma().node.update({ where: { id: known.id }, data: { tokenHash, disabledAt: null } })
    return known.id as NodeId
  }
  return insertNode({ name: await freeName(name), tokenHash, isLocal: true })
}

async function insertNode(node: { name: string; tokenHash: Hash; isLocal: boolean }): Promise<NodeId> {
  const { id } = await prisma().node.create({ data: { id: mintUuid(), ...node }, select: { id: true } })
  return id as NodeId
}

/**
 * Uses a join token up, if it still opens anything, for a node and the entry that says so: of two machines with one token,
 * one joins. In one transaction, so that whoever removes the token's maker meets either the token or the node.
 */
export async function insertJoinedNode({
  joinTokenHash,
  tokenHash,
  now,
}: {
  joinTokenHash: Hash
  tokenHash: Hash
  now: Date
}): Promise<{ nodeId: NodeId; name: string } | null> {
  return prisma().$transaction(async (tx) => {
    const isOpen = { tokenHash: joinTokenHash, usedAt: null, expiresAt: { gt: now } }
    const { count } = await tx.nodeJoinToken.updateMany({ where: isOpen, data: { usedAt: now } })
    if (count === 0) return null
    const { nodeName, createdBy } = await tx.nodeJoinToken.findUniqueOrThrow({ where: { tokenHash: joinTokenHash } })
    const node = { id: mintUuid(), name: await freeName(nodeName, tx), tokenHash, isLocal: false, joinedBy: createdBy }
    await tx.node.create({ data: node, select: { id: true } })
    const subject = { kind: 'node', id: node.id } as const
    await record(prismaDb(tx), { teamId: null, actorId: createdBy, act: 'node.joined', subject, facts: { name: node.name } })
    return { nodeId: node.id as NodeId, name: node.name }
  })
}

/** Names are what people know nodes by, so no two are the same. */
async function freeName(wanted: string, db: Pick<ReturnType<typeof prisma>, 'node'> = prisma()): Promise<string> {
  const name = wanted.slice(0, 90)
  const taken = new Set(
    (await db.node.findMany({ where: { name: { startsWith: name } }, select: { name: true } })).map((node) => node.name),
  )
  for (let number = 2, free = name; ; number += 1) {
    if (!taken.has(free)) return free
    free = `${name} ${number}`
  }
}

/** Its name becomes free; its token opens nothing any more. The row stays, since runs name it. */
export async function disableNode(nodeId: NodeId, { actorId }: { actorId: string }): Promise<void> {
  await prisma().$transaction(async (tx) => {
    const { name } = await tx.node.findUniqueOrThrow({ where: { id: nodeId }, select: { name: true } })
    await tx.node.update({
      where: { id: nodeId },
      data: { disabledAt: new Date(), isConnected: false, name: `${name.slice(0, 60)} (removed ${nodeId})` },
    })
    await record(prismaDb(tx), { teamId: null, actorId, act: 'node.removed', subject: { kind: 'node', id: nodeId }, facts: { name } })
  })
}

/**
 * Every node that somebody let join, held against claims until the end of the transaction; the tokens by which more could
 * are gone. The tokens first: whoever is joining with one has then committed, or finds it gone. The runs that begin on
 * these nodes meanwhile name them, which this does not hold up.
 */
export async function holdNodesOf(tx: PoolClient, userId: string): Promise<void> {
  await tx.query('delete from node_join_token where "createdBy" = $1 and "usedAt" is null', [userId])
  await tx.query('select from node where "joinedBy" = $1 and "disabledAt" is null order by id for no key update', [userId])
}

/** The caller has the entries recorded. */
export async function disableNodesOf(tx: PoolClient, userId: string): Promise<{ nodeId: NodeId; name: string }[]> {
  const { rows } = await tx.query<{ nodeId: NodeId; name: string }>(
    `with own as (select id, name from node where "joinedBy" = $1 and "disabledAt" is null order by id for update)
     update node n set "disabledAt" = now(), "isConnected" = false, name = left(own.name, 60) || ' (removed ' || own.id || ')'
     from own where n.id = own.id returning n.id as "nodeId", own.name`,
    [userId],
  )
  return rows
}

type NewJoinToken = { tokenHash: Hash; nodeName: string; createdBy: string; expiresAt: Date }

export async function insertJoinToken(token: NewJoinToken): Promise<void> {
  await prisma().nodeJoinToken.create({ data: { id: mintUuid(), ...token } })
}
