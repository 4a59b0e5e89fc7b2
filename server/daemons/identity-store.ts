/** Who nodes are: their keys, their greetings in order, and what was noticed of copies. */
import type { Boot } from '#core/nodes/identity.ts'
import { standingOf } from '#core/nodes/identity.ts'
import type { NodeId } from '#core/ids.ts'
import type { CallRequest } from '#core/links/daemon.ts'
import { inTransaction, pool, type PoolClient } from '#server/db/client.ts'

export type KnownNode = { nodeId: NodeId; publicKey: Buffer; isCloned: boolean }

/** Null for a node that is unknown, removed, or without a key. */
export async function findKey(nodeId: NodeId): Promise<KnownNode | null> {
  const { rows } = await pool().query<KnownNode>(
    `select id as "nodeId", "publicKey", "clonedAt" is not null as "isCloned" from node
     where id = $1 and "publicKey" is not null and "disabledAt" is null`,
    [nodeId],
  )
  return rows[0] ?? null
}

export type Greeted =
  /** `hasRival`: another start of its daemon was connected until now, and may be alive. */
  | { is: 'newest'; hasRival: boolean }
  /** Later ones have been met, or another with the same number. */
  | { is: 'not-newest' }

type Hello = Extract<CallRequest<'hello'>, { version: string }>

/** Takes a proved greeting down if it is later than all before. */
export async function updateGreeted(
  nodeId: NodeId,
  { hello, connection, onlineForMs }: { hello: Hello; connection: string; onlineForMs: number },
): Promise<Greeted> {
  const { boot } = hello.proof
  return inTransaction(async (tx) => {
    const { rows } = await tx.query<{ bootId: string | null; bootCount: number; greeting: number; isOnline: boolean }>(
      `select "bootId", "bootCount", greeting, "isConnected" and "lastSeenAt" > now() - $2 * interval '1 millisecond' as "isOnline"
       from node where id = $1 for no key update`,
      [nodeId, onlineForMs],
    )
    const row = rows[0]!
    const known: Boot | null = row.bootId === null ? null : { id: row.bootId, count: row.bootCount, greeting: row.greeting }
    if (standingOf(boot, known) !== 'newest') return { is: 'not-newest' }
    await tx.query(
      `update node set "bootId" = $2, "bootCount" = $3, greeting = $4, connection = $5, "isConnected" = true, "lastSeenAt" = now(),
         protocol = $6, version = $7, platform = $8, capacity = $9, sandbox = $10, harnesses = $11, health = $12
       where id = $1`,
      [
        nodeId,
        boot.id,
        boot.count,
        boot.greeting,
        connection,
        hello.protocol,
        hello.version,
        hello.platform,
        hello.capacity,
        JSON.stringify(hello.sandbox),
        JSON.stringify(hello.harnesses),
        JSON.stringify(hello.health),
      ],
    )
    return { is: 'newest', hasRival: known !== null && known.id !== boot.id && row.isOnline }
  })
}

/** It spoke for itself, but in another version of the protocol. */
export async function updateForeign(nodeId: NodeId, protocol: number): Promise<void> {
  await pool().query('update node set protocol = $2, "lastSeenAt" = now() where id = $1', [nodeId, protocol])
}

export async function isNewestConnection(nodeId: NodeId, connection: string): Promise<boolean> {
  const { rowCount } = await pool().query('select from node where id = $1 and connection = $2', [nodeId, connection])
  return rowCount === 1
}

/** False when that was known already, or the key of which it was noticed has gone since. */
export async function updateCloned(tx: PoolClient, nodeId: NodeId): Promise<{ name: string } | null> {
  const { rows } = await tx.query<{ name: string }>(
    `update node set "clonedAt" = now(), "isConnected" = false
     where id = $1 and "clonedAt" is null and "publicKey" is not null and "disabledAt" is null returning name`,
    [nodeId],
  )
  return rows[0] ?? null
}

/** Nothing can be signed for the node from here on, until a machine enrols for it. */
export async function withdrawKey(tx: PoolClient, nodeId: NodeId): Promise<{ name: string; isLocal: boolean } | null> {
  const { rows } = await tx.query<{ name: string; isLocal: boolean }>(
    `update node set "publicKey" = null, "clonedAt" = null, "bootId" = null, "bootCount" = 0, greeting = 0, connection = null, "isConnected" = false
     where id = $1 and "disabledAt" is null returning name, "isLocal"`,
    [nodeId],
  )
  return rows[0] ?? null
}
