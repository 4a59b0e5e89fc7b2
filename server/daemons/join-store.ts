/** How machines become nodes: by a join token, once, or as the server's own. */
import { inTransaction, prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'

type Joining = { joinTokenHash: Uint8Array; nodeTokenHash: Uint8Array; platform: string }

/**
 * Uses the join token up and writes the node it is bound to; the same name again is the same
 * machine with a new token. Null when the token is unknown, used, too old, or names the server's own node.
 */
export async function joinNode({ joinTokenHash, nodeTokenHash, platform }: Joining): Promise<{ nodeId: string; name: string } | null> {
  return inTransaction(async (tx) => {
    const { rows: used } = await tx.query<{ nodeName: string }>(
      'update node_join_token set "usedAt" = now() where "tokenHash" = $1 and "usedAt" is null and "expiresAt" > now() returning "nodeName"',
      [joinTokenHash],
    )
    if (!used[0]) return null
    const { rows } = await tx.query<{ nodeId: string; name: string }>(
      `insert into node (id, name, "tokenHash", platform) values ($1, $2, $3, $4)
       on conflict (name) do update set "tokenHash" = excluded."tokenHash", platform = excluded.platform, "disabledAt" = null where not node."isLocal"
       returning id as "nodeId", name`,
      [mintUuid(), used[0].nodeName, nodeTokenHash, platform],
    )
    return rows[0] ?? null
  })
}

type OwnNode = { nodeId: string | null; name: string; tokenHash: Uint8Array<ArrayBuffer>; platform: string }

/** The node of this server's own machine, known by the id that its data folder remembers. */
export async function putLocalNode({ nodeId, name, tokenHash, platform }: OwnNode): Promise<{ nodeId: string; name: string }> {
  const select = { id: true, name: true } as const
  const known = nodeId && (await prisma().node.findFirst({ where: { id: nodeId, isLocal: true }, select }))
  if (known) {
    await prisma().node.update({ where: { id: known.id }, data: { tokenHash, platform, disabledAt: null } })
    return { nodeId: known.id, name: known.name }
  }
  const isTaken = (await prisma().node.count({ where: { name } })) > 0
  const id = mintUuid()
  const created = await prisma().node.create({
    data: { id, name: isTaken ? `${name} ${id.slice(-4)}` : name, tokenHash, platform, isLocal: true },
    select,
  })
  return { nodeId: created.id, name: created.name }
}

/** Whether a daemon has this node's socket open, by its last word. */
export async function isNodeLive(nodeId: string, withinMs: number): Promise<boolean> {
  const found = await prisma().node.findUnique({ where: { id: nodeId }, select: { lastSeenAt: true } })
  return found?.lastSeenAt != null && Date.now() - found.lastSeenAt.getTime() < withinMs
}
