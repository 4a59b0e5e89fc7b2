/** Nodes and the tokens that let machines join. Who they are is in `identity-store.ts`. */
import { prismaDb, record } from '#server/audit/service.ts'
import { pool, prisma, type PoolClient } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import type { CallRequest, HarnessState, SandboxReport } from '#core/links/daemon.ts'
import type { NodeHealth } from '#core/nodes/health.ts'
import type { NodeId } from '#core/ids.ts'

type Hash = Buffer<ArrayBuffer>

/** A node whose server process has said nothing for this long is offline, whatever its row says. */
export const ONLINE_FOR_MS = 30_000

export type NodeRow = {
  nodeId: NodeId
  name: string
  isLocal: boolean
  isOnline: boolean
  hasKey: boolean
  clonedAt: Date | null
  drainingAt: Date | null
  /** Chats that it holds now, with a turn or warm without one. */
  held: number
  /** Of these, those with a turn, or about to have one. */
  busy: number
  lastSeenAt: Date | null
  labels: string[]
  protocol: number | null
  version: string | null
  platform: string | null
  capacity: number
  health: NodeHealth | null
  rssBytes: number
  sandbox: SandboxReport | null
  harnesses: HarnessState[]
}

/** This server's own machine first. */
export async function findNodes(db: Pick<PoolClient, 'query'> = pool()): Promise<NodeRow[]> {
  const { rows } = await db.query(
    `select n.id as "nodeId", n.name, n."isLocal", n."publicKey" is not null as "hasKey", n."clonedAt", n."drainingAt", n."lastSeenAt",
       n.labels, n.protocol, n.version, n.platform, n.capacity, n.health, n."rssBytes"::float8, n.sandbox, n.harnesses,
       n."isConnected" and n."lastSeenAt" > now() - $1 * interval '1 millisecond' as "isOnline",
       l.held, l.busy
     from node n
     cross join lateral (
       select count(*)::int as held, count(*) filter (where h."activeTurn" is not null or exists (
         select from command k where k."chatId" = h."chatId" and k.state = 'queued' and k.kind = 'prompt'))::int as busy
       from chat_head h where h."nodeId" = n.id and h."leaseUntil" is not null) l
     where n."disabledAt" is null order by n."isLocal" desc, n.name`,
    [ONLINE_FOR_MS],
  )
  return rows.map((row) => ({ ...row, isOnline: row.isOnline ?? false }))
}

export type NodeStanding = { isNewest: boolean; isDraining: boolean; isCut: boolean }

/** What one of its connections may do now. */
export async function findStanding(nodeId: NodeId, connection: string): Promise<NodeStanding> {
  const { rows } = await pool().query<NodeStanding>(
    `select connection is not distinct from $2 as "isNewest", "drainingAt" is not null as "isDraining",
       "clonedAt" is not null or "disabledAt" is not null or "publicKey" is null as "isCut"
     from node where id = $1`,
    [nodeId, connection],
  )
  return rows[0] ?? { isNewest: false, isDraining: false, isCut: true }
}

export async function findNode(nodeId: NodeId): Promise<{ name: string; isLocal: boolean; isOnline: boolean } | null> {
  const { rows } = await pool().query<{ name: string; isLocal: boolean; isOnline: boolean }>(
    `select name, "isLocal", "isConnected" and "lastSeenAt" > now() - $2 * interval '1 millisecond' as "isOnline"
     from node where id = $1 and "disabledAt" is null`,
    [nodeId, ONLINE_FOR_MS],
  )
  return rows[0] ?? null
}

/** Only the newest connection speaks for its node. */
export async function updateReported(nodeId: NodeId, connection: string, report: CallRequest<'report'>): Promise<void> {
  await pool().query(
    `update node set sandbox = $3, harnesses = $4, health = $5, "rssBytes" = $6, "lastSeenAt" = now(), "isConnected" = true
     where id = $1 and connection = $2`,
    [
      nodeId,
      connection,
      JSON.stringify(report.sandbox),
      JSON.stringify(report.harnesses),
      JSON.stringify(report.health),
      Math.round(report.rssBytes),
    ],
  )
}

export async function updateSeen(connections: readonly string[]): Promise<void> {
  await pool().query('update node set "lastSeenAt" = now(), "isConnected" = true where connection = any($1)', [connections])
}

/** The end of an older connection says nothing of the newer one. */
export async function updateDisconnected(nodeId: NodeId, connection: string): Promise<void> {
  await pool().query('update node set "lastSeenAt" = now(), "isConnected" = false where id = $1 and connection = $2', [nodeId, connection])
}

export async function updateLabels(tx: PoolClient, nodeId: NodeId, labels: readonly string[]): Promise<{ name: string } | null> {
  const { rows } = await tx.query<{ name: string }>('update node set labels = $2 where id = $1 and "disabledAt" is null returning name', [
    nodeId,
    labels,
  ])
  return rows[0] ?? null
}

/** Null when it is missing or is that already. */
export async function updateDraining(tx: PoolClient, nodeId: NodeId, isDraining: boolean): Promise<{ name: string } | null> {
  const { rows } = await tx.query<{ name: string }>(
    `update node set "drainingAt" = case when $2 then now() end
     where id = $1 and "disabledAt" is null and ("drainingAt" is not null) <> $2 returning name`,
    [nodeId, isDraining],
  )
  return rows[0] ?? null
}

/**
 * A node of the server's own machine: the one that is known there, else a new one. It enrols by itself.
 * @param publicKey what its folder says of itself; null where it says nothing
 */
export async function ensureLocalNode({
  nodeId,
  publicKey,
  name,
}: {
  nodeId: string | null
  publicKey: Buffer | null
  name: string
}): Promise<{ nodeId: NodeId; isEnrolled: boolean }> {
  const known = nodeId === null ? null : await prisma().node.findFirst({ where: { id: nodeId, isLocal: true, disabledAt: null } })
  if (!known) return { nodeId: await insertNode({ name: await freeName(name), isLocal: true }), isEnrolled: false }
  const isEnrolled = publicKey !== null && known.publicKey !== null && publicKey.equals(known.publicKey)
  return { nodeId: known.id as NodeId, isEnrolled }
}

async function insertNode(node: { name: string; isLocal: boolean }): Promise<NodeId> {
  const { id } = await prisma().node.create({ data: { id: mintUuid(), ...node }, select: { id: true } })
  return id as NodeId
}

export type Enrolling = { joinTokenHash: Hash; publicKey: Hash; now: Date }

/**
 * Uses a join token up, if it still opens anything, for a key and the entry that says so: of two machines with one token,
 * one joins. In one transaction, so that whoever removes the token's maker meets either the token or the node.
 */
export async function enrolNode({ joinTokenHash, publicKey, now }: Enrolling): Promise<{ nodeId: NodeId; name: string } | null> {
  return prisma().$transaction(async (tx) => {
    const isOpen = { tokenHash: joinTokenHash, usedAt: null, expiresAt: { gt: now } }
    const { count } = await tx.nodeJoinToken.updateMany({ where: isOpen, data: { usedAt: now } })
    if (count === 0) return null
    const { nodeName, nodeId, createdBy } = await tx.nodeJoinToken.findUniqueOrThrow({ where: { tokenHash: joinTokenHash } })
    // Its numbers begin anew with the key, and what was noticed of the former one is over.
    const keyed = { publicKey, clonedAt: null, bootId: null, bootCount: 0, greeting: 0, connection: null, isConnected: false }
    // Whoever gave it the key answers for it from here on; the server's own node is nobody's.
    const data = { ...keyed, ...(createdBy === null ? {} : { joinedBy: createdBy }) }
    const known = nodeId === null ? null : await tx.node.updateManyAndReturn({ where: { id: nodeId, disabledAt: null }, data })
    if (known?.length === 0) return null
    const [node] = known ?? [await tx.node.create({ data: { id: mintUuid(), name: await freeName(nodeName, tx), ...data } })]
    const subject = { kind: 'node', id: node!.id } as const
    if (createdBy !== null)
      await record(prismaDb(tx), { teamId: null, actorId: createdBy, act: 'node.joined', subject, facts: { name: node!.name } })
    return { nodeId: node!.id as NodeId, name: node!.name }
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

/** Its name becomes free; its key opens nothing any more. The row stays, since runs name it. */
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

/** `createdBy` is null for the server's own node; `nodeId` names one that is known already. */
type NewJoinToken = { tokenHash: Hash; nodeName: string; nodeId: string | null; createdBy: string | null; expiresAt: Date }

export async function insertJoinToken(token: NewJoinToken): Promise<void> {
  await prisma().nodeJoinToken.create({ data: { id: mintUuid(), ...token } })
}
