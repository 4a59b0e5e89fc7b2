/** What `core/nodes/placement.ts` decides on: the chats that wait, in the order in which they are served, and every node. */
import type { ChatId, NodeId, TeamId } from '#core/ids.ts'
import { DAEMON_PROTOCOL } from '#core/links/daemon.ts'
import { conditionOf } from '#core/nodes/condition.ts'
import { isNeverLeft, place, type Placement, type PlaceableNode, type WaitingChat } from '#core/nodes/placement.ts'
import { findNodes } from '#server/daemons/node-store.ts'
import { pool, type PoolClient } from '#server/db/client.ts'

/** More than are placed at once; whoever waits behind them is looked at when they are gone, and they do go: see `MAY_GO`. */
const LOOKED_AT_MAX = 500

/**
 * Chats with a prompt in line that nobody holds. A chat waits since its prompt came, its last run ended, or its lease ran
 * out: then its turn may run on, and its daemon come back to it.
 */
const WAITING = `
  select w."chatId", c."nodeId" as "workspaceOn", p."nodeLabels" as needs,
    1000 * extract(epoch from now() - greatest(w.at, h."leaseUntil", (select max(r."endedAt") from run r where r."chatId" = w."chatId")))::float8 as "waitedMs",
    h."leaseUntil" is not null and h."nodeId" is not distinct from c."nodeId" as "holdsPlace"
  from (select "chatId", min(ord) as ord, min(at) as at from command where state = 'queued' and kind = 'prompt' group by "chatId") w
  join chat_head h on h."chatId" = w."chatId" join chat c on c.id = h."chatId" join project p on p.id = c."projectId"
  where (h."leaseUntil" is null or h."leaseUntil" < now())`

/** Of these, those that may go to one of the nodes `$1`: they have its labels, and no workspace that lies on one of `$2`. */
const MAY_GO = `
  exists (select from node n where n.id = any($1::text[]) and p."nodeLabels" <@ n.labels)
  and not exists (select from node n where n.id = any($2::text[]) and n.id = c."nodeId" and p."nodeLabels" <@ n.labels)`

/** A node that asks is there, whatever its row says, and has room for as many as it says. */
export type Asking = { nodeId: NodeId; room: number }

/** Where each chat goes that the node that asks might get: first those whose workspace lies there, then the longest waiting. */
export async function findPlacements(db: Pick<PoolClient, 'query'>, asking: Asking): Promise<ReadonlyMap<ChatId, Placement>> {
  const nodes = await findPlaceable(db, asking)
  const { rows } = await db.query<WaitingChat>(
    `${WAITING} and ${MAY_GO} order by c."nodeId" is not distinct from $3 desc, w.ord limit ${LOOKED_AT_MAX}`,
    [[asking.nodeId], idsOf(nodes, isNeverLeft), asking.nodeId],
  )
  return place(rows, nodes, asking.nodeId)
}

/** Where one chat goes, behind those that have waited longer; null for one that does not wait. */
export async function findPlacement(chatId: ChatId): Promise<Placement | null> {
  const nodes = await findPlaceable(pool(), null)
  const { rows } = await pool().query<WaitingChat>(
    `${WAITING} and (w."chatId" = $3 or ${MAY_GO})
       and w.ord <= (select min(ord) from command where "chatId" = $3 and state = 'queued' and kind = 'prompt')
     order by w.ord desc limit ${LOOKED_AT_MAX}`,
    [idsOf(nodes, (node) => !isNeverLeft(node)), idsOf(nodes, isNeverLeft), chatId],
  )
  return place(rows.toReversed(), nodes).get(chatId) ?? null
}

const idsOf = (nodes: readonly PlaceableNode[], which: (node: PlaceableNode) => boolean): NodeId[] =>
  nodes.filter(which).map((node) => node.nodeId)

async function findPlaceable(db: Pick<PoolClient, 'query'>, asking: Asking | null): Promise<PlaceableNode[]> {
  const nodes = await findNodes(db)
  return nodes.map(({ clonedAt, drainingAt, protocol, ...row }) => {
    const isAsking = row.nodeId === asking?.nodeId
    const node = { ...row, capacity: isAsking ? Math.max(row.capacity, row.busy + asking.room) : row.capacity }
    const condition = conditionOf({
      ...node,
      hasKey: node.hasKey || isAsking,
      isCloned: clonedAt !== null,
      isDraining: drainingAt !== null,
      isOnline: node.isOnline || isAsking,
      isForeign: protocol !== null && protocol !== DAEMON_PROTOCOL,
      isOtherVersion: false,
    })
    return { ...node, condition }
  })
}

/** Of a chat that waits, that it has no workspace from now on: wherever it lay, it goes on in a new one. */
export async function clearWorkspace(chatId: ChatId): Promise<boolean> {
  const { rowCount } = await pool().query(
    `update chat set "nodeId" = null from chat_head h
     where chat.id = $1 and h."chatId" = chat.id and (h."leaseUntil" is null or h."leaseUntil" < now()) and chat."nodeId" is not null`,
    [chatId],
  )
  return rowCount === 1
}

export type Origin = { nodeId: NodeId; name: string }

/** Where a chat worked last; null for one that never did. */
export async function findOrigin(db: Pick<PoolClient, 'query'>, chatId: ChatId): Promise<Origin | null> {
  const { rows } = await db.query<Origin>(
    `select n.id as "nodeId", regexp_replace(n.name, ' \\(removed [^)]*\\)$', '') as name
     from run r join node n on n.id = r."nodeId" where r."chatId" = $1 order by r."startedAt" desc limit 1`,
    [chatId],
  )
  return rows[0] ?? null
}

export type Moved = { chatId: ChatId; teamId: TeamId; title: string; harness: string }

/** It begins anew there, with an agent that has not met it. `isThere`: an earlier claim has moved it, and no run came of that. */
export async function updateMoved(tx: PoolClient, chatId: ChatId, to: NodeId): Promise<Moved & { isThere: boolean }> {
  const { rows } = await tx.query<Moved & { isThere: boolean }>(
    `update chat set "agentSessionId" = null where id = $1
     returning id as "chatId", "teamId", title, harness, "nodeId" is not distinct from $2 as "isThere"`,
    [chatId, to],
  )
  return rows[0]!
}

/** What the agent is told of before, until a turn has run to its end. */
export async function setContext(chatId: ChatId, context: string): Promise<void> {
  await pool().query('update chat set "forkContext" = $2 where id = $1', [chatId, context])
}
