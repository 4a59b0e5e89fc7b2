/**
 * Who runs a chat's agent. A lease has an epoch that only grows; whoever claims ends everything of the
 * epoch before: its last producer number is logged, its open turn is interrupted, its questions are closed,
 * its runs and their workspace tokens end, all in the claim's transaction. Only the database's clock counts.
 * From: `gateway.ts`, and `dispatch.ts` for leases that nobody renews. Next: `server/chats/append.ts`.
 */
import type { ChatFact } from '#core/chat/events.ts'
import type { ChatId, NodeId, RequestId, RunId, TeamId, TurnId, UserId } from '#core/ids.ts'
import { LEASE_TTL_MS, type Lease } from '#core/links/daemon.ts'
import { announceAppended, appendServerFacts, type Appended } from '#server/chats/append.ts'
import { summaryOf } from '#server/chats/service.ts'
import {
  findOrigin,
  findPlacements,
  setContext,
  updateMoved,
  type Asking,
  type Moved,
  type Origin,
} from '#server/daemons/placement-store.ts'
import { findCommands } from '#server/daemons/store.ts'
import { inTransaction, pool, type PoolClient } from '#server/db/client.ts'
import { publish } from '#server/realtime/bus.ts'

const TTL = `interval '${LEASE_TTL_MS} milliseconds'`

export type Held = { chatId: ChatId; epoch: number; pseq: string; nodeId: NodeId | null; activeTurn: TurnId | null }

/**
 * Chats that wait for an agent, that nobody holds, and that are this node's to run by `core/nodes/placement.ts`: first
 * those whose workspace lies on it, then the longest waiting.
 */
export async function claim(nodeId: NodeId, max: number): Promise<Lease[]> {
  const { leases, appended, ended, moved } = await inTransaction(async (tx) => {
    // Held until the commit: a removal waits for it and then ends these leases too, or was first and there are none.
    const node = await tx.query<{ name: string }>(
      'select name from node where id = $1 and "disabledAt" is null and "clonedAt" is null and "drainingAt" is null for share',
      [nodeId],
    )
    const nothing = { leases: [], appended: [], ended: [], moved: [] }
    if (!node.rows[0] || max === 0) return nothing
    const wanted = await placedOn(tx, { nodeId, room: max })
    if (wanted.length === 0) return nothing
    const { rows } = await tx.query<Held>(
      `select h."chatId", h.epoch, h.pseq, h."nodeId", h."activeTurn"
       from unnest($1::uuid[]) with ordinality as w("chatId", at) join chat_head h on h."chatId" = w."chatId"
       where (h."leaseUntil" is null or h."leaseUntil" < now())
         and exists (select from command k where k."chatId" = h."chatId" and k.state = 'queued' and k.kind = 'prompt')
       order by w.at limit $2 for update of h skip locked`,
      [wanted, max],
    )
    const appended: (Appended | null)[] = []
    const moved: Moved[] = []
    for (const held of rows) {
      const ending = await endEpoch(tx, held)
      const origin = await findOrigin(tx, held.chatId)
      const arrival =
        origin !== null && origin.nodeId !== nodeId ? await arrive(tx, held.chatId, origin, { nodeId, name: node.rows[0].name }) : null
      if (arrival) moved.push(arrival.moved)
      appended.push(ending, arrival?.appended ?? null)
      await tx.query(`update chat_head set epoch = epoch + 1, pseq = 0, "nodeId" = $2, "leaseUntil" = now() + ${TTL} where "chatId" = $1`, [
        held.chatId,
        nodeId,
      ])
      await tx.query('update chat set "nodeId" = $2 where id = $1 and "nodeId" is distinct from $2', [held.chatId, nodeId])
    }
    const commands = await findCommands(
      tx,
      rows.map((held) => held.chatId),
    )
    const leases = rows.map(({ chatId, epoch }) => ({ chatId, epoch: epoch + 1, commands: commands.get(chatId)! }))
    return { leases, appended, ended: rows.filter((held) => held.nodeId !== nodeId), moved }
  })
  appended.forEach(announceAppended)
  ended.forEach(tellLost)
  for (const each of moved) await setContext(each.chatId, await summaryOf({ ...each, why: 'move' }))
  return leases
}

/** How many chats wait for a place on this node, or for one that an idle agent gives up. */
export const countWaiting = async (nodeId: NodeId): Promise<number> => (await placedOn(pool(), { nodeId, room: 0 })).length

async function placedOn(db: Pick<PoolClient, 'query'>, asking: Asking): Promise<ChatId[]> {
  const placements = await findPlacements(db, asking)
  return [...placements].flatMap(([chatId, placement]) => (placement.is === 'runs' && placement.on === asking.nodeId ? [chatId] : []))
}

/** The workspace stays behind, and people are told so: once, also where the answer to an earlier claim was lost. */
async function arrive(tx: PoolClient, chatId: ChatId, from: Origin, to: Origin): Promise<{ moved: Moved; appended: Appended | null }> {
  const { isThere, ...moved } = await updateMoved(tx, chatId, to.nodeId)
  return { moved, appended: isThere ? null : await appendServerFacts(tx, chatId, [{ type: 'workspace.moved', from, to }]) }
}

/**
 * Renews what is still this node's, also when it had run out and nobody took it, but nothing that it gave back: a
 * renewal may be on its way beside that. What is missing in the answer is lost.
 */
export async function renew(nodeId: NodeId, leases: readonly { chatId: ChatId; epoch: number }[]): Promise<Lease[]> {
  if (leases.length === 0) return []
  const { rows } = await pool().query<{ chatId: ChatId; epoch: number }>(
    `update chat_head h set "leaseUntil" = now() + ${TTL}
     from (select * from unnest($2::uuid[], $3::int[]) as l("chatId", epoch)) l
     where h."chatId" = l."chatId" and h.epoch = l.epoch and h."nodeId" = $1 and h."leaseUntil" is not null
     returning h."chatId", h.epoch`,
    [nodeId, leases.map((each) => each.chatId), leases.map((each) => each.epoch)],
  )
  const commands = await findCommands(
    pool(),
    rows.map((row) => row.chatId),
  )
  return rows.map(({ chatId, epoch }) => ({ chatId, epoch, commands: commands.get(chatId)! }))
}

/**
 * Gives the lease back. The epoch ends at the next claim, as always; but at once when a turn is still open,
 * which a daemon in good order never leaves behind.
 */
export async function release(nodeId: NodeId, { chatId, epoch }: { chatId: ChatId; epoch: number }): Promise<void> {
  const { isWanted, appended } = await inTransaction(async (tx) => {
    const { rows } = await tx.query<Held>(
      `select "chatId", epoch, pseq, "nodeId", "activeTurn" from chat_head
       where "chatId" = $1 and epoch = $2 and "nodeId" = $3 for update`,
      [chatId, epoch, nodeId],
    )
    const held = rows[0]
    if (!held) return { isWanted: false, appended: null }
    const appended = held.activeTurn ? await forceEnd(tx, held) : null
    await tx.query('update chat_head set "leaseUntil" = null where "chatId" = $1', [chatId])
    await tx.query('update run set "endedAt" = now() where "chatId" = $1 and epoch = $2 and "endedAt" is null', [chatId, epoch])
    const commands = (await findCommands(tx, [chatId])).get(chatId)!
    return { isWanted: commands.some((command) => command.kind === 'prompt'), appended }
  })
  announceAppended(appended)
  // A prompt that came while the daemon was letting go.
  if (isWanted) publish({ about: 'work', nodeId: null })
}

/** Whether the node holds the chat in that epoch now. */
export async function holds(nodeId: NodeId, { chatId, epoch }: { chatId: ChatId; epoch: number }): Promise<boolean> {
  const { rowCount } = await pool().query('select 1 from chat_head where "chatId" = $1 and epoch = $2 and "nodeId" = $3', [
    chatId,
    epoch,
    nodeId,
  ])
  return Boolean(rowCount)
}

/**
 * Ends what runs of a daemon that has been silent for `graceMs` after its lease ran out, although nobody waits
 * for the chat: people see that the turn is over and can send it again. What its outbox still holds is salvaged.
 */
export const endSilentLeases = (graceMs: number): Promise<void> =>
  endLeases(`"leaseUntil" < now() - $1 * interval '1 millisecond'`, [graceMs])

/**
 * Ends the leases of a daemon that was restarted and knows nothing of them: their agents are gone with it.
 * Asked when it claims for the first time, since by then it has delivered what its outbox still held.
 */
export const endForgottenLeases = (nodeId: NodeId, known: readonly ChatId[]): Promise<void> =>
  endLeases('"nodeId" = $1 and "leaseUntil" is not null and "chatId" <> all($2::uuid[])', [nodeId, known])

/**
 * Ends runs on a native login that was disconnected, disabled or replaced: the proxy, which cuts what runs on a key,
 * never hears of these.
 */
export const endRevokedLogins = (): Promise<void> =>
  endLeases(
    `"leaseUntil" is not null and exists (
       select from run r join chat c on c.id = r."chatId"
       where r."chatId" = chat_head."chatId" and r.epoch = chat_head.epoch and r."endedAt" is null and r."wstokenHash" is null
         and not exists (
           select from credential k join configuration f on f."credentialId" = k.id join attachment t on t."configurationId" = f.id
           where k.id = r."credentialId" and k.version = r."credentialVersion" and k."revokedAt" is null
             and t.harness = r.harness and t."isEnabled"
             and (t."projectId" = c."projectId" or (t."userId" = c."createdBy" and t."teamId" = c."teamId") or t.scope = 'platform')))`,
    [],
  )

async function endLeases(which: string, parameters: readonly unknown[]): Promise<void> {
  const { appended, ended } = await inTransaction(async (tx) => {
    const { rows } = await tx.query<Held>(
      `select "chatId", epoch, pseq, "nodeId", "activeTurn" from chat_head
       where ${which} order by "chatId" limit 100 for update skip locked`,
      [...parameters],
    )
    const appended: (Appended | null)[] = []
    for (const held of rows) appended.push(await forceEnd(tx, held))
    return { appended, ended: rows }
  })
  appended.forEach(announceAppended)
  ended.forEach(tellLost)
}

/** Whoever held it until now may be alive and not know: it stops its agent at once instead of at its next call. */
export function tellLost({ nodeId, chatId, epoch }: Held): void {
  if (nodeId) publish({ about: 'lease-lost', nodeId, chatId, epoch })
}

/** Ends every lease of a node at once. `go`: whatever lies there is out of reach, and its chats are free to go on elsewhere. */
export async function endLeasesOf(
  tx: PoolClient,
  nodeId: NodeId,
  { workspaces }: { workspaces: 'stay' | 'go' },
): Promise<(Appended | null)[]> {
  const { rows } = await tx.query<Held>(
    `select "chatId", epoch, pseq, "nodeId", "activeTurn" from chat_head where "nodeId" = $1 order by "chatId" for update`,
    [nodeId],
  )
  const appended: (Appended | null)[] = []
  for (const held of rows) {
    appended.push(await forceEnd(tx, held))
  }
  if (workspaces === 'go') await tx.query('update chat set "nodeId" = null where "nodeId" = $1', [nodeId])
  return appended
}

/**
 * Everything that goes with a member is held in one statement, in the order in which the log's writer holds chats
 * (`server/chats/append.ts`): two that hold many can then only wait for one another. Their nodes are held before, so that
 * no claim adds to it.
 */
export async function holdHeadsOfMember(tx: PoolClient, { teamId, userId }: { teamId: TeamId; userId: UserId }): Promise<void> {
  await tx.query(
    `select from chat_head h join chat c on c.id = h."chatId"
     where (c."teamId" = $1 and (c."createdBy" = $2 or h."activeBy" = $2)) or h."nodeId" in (select id from node where "joinedBy" = $2)
     order by h."chatId" for update of h`,
    [teamId, userId],
  )
}

/**
 * Ends what runs of the chats that somebody started in a team, when they are removed from it, since those runs spend
 * what they connected; and what works on a prompt of theirs elsewhere. Returns what to tell once `tx` is committed.
 */
export async function endLeasesOfMember(tx: PoolClient, { teamId, userId }: { teamId: TeamId; userId: UserId }): Promise<() => void> {
  const { rows } = await tx.query<Held>(
    `select h."chatId", h.epoch, h.pseq, h."nodeId", h."activeTurn" from chat_head h join chat c on c.id = h."chatId"
     where c."teamId" = $1 and (c."createdBy" = $2 or h."activeBy" = $2) and h."nodeId" is not null order by h."chatId" for update of h`,
    [teamId, userId],
  )
  const appended: (Appended | null)[] = []
  for (const held of rows) appended.push(await forceEnd(tx, held))
  return () => {
    appended.forEach(announceAppended)
    rows.forEach(tellLost)
  }
}

/** Opens an epoch that nobody holds: whatever still comes from the one before is fenced. */
export async function forceEnd(tx: PoolClient, held: Held): Promise<Appended | null> {
  const appended = await endEpoch(tx, held)
  await tx.query('update chat_head set epoch = epoch + 1, pseq = 0, "nodeId" = null, "leaseUntil" = null where "chatId" = $1', [
    held.chatId,
  ])
  return appended
}

/** The head row is locked, so nothing of this epoch can be stored after its last number is logged here. */
async function endEpoch(tx: PoolClient, { chatId, epoch, pseq, nodeId, activeTurn }: Held): Promise<Appended | null> {
  if (epoch === 0) return null
  await tx.query('insert into lease_log ("chatId", epoch, "nodeId", "finalPseq") values ($1, $2, $3, $4)', [chatId, epoch, nodeId, pseq])
  const questions = await tx.query<{ requestId: RequestId; kind: 'permission' | 'elicitation' }>(
    // What our own tool asks ends with its turn.
    `select "requestId", kind from permission_question where "chatId" = $1 and "isOpen" and kind <> 'question' order by "requestId"`,
    [chatId],
  )
  const runs = await tx.query<{ id: RunId }>('update run set "endedAt" = now() where "chatId" = $1 and "endedAt" is null returning id', [
    chatId,
  ])
  const facts: ChatFact[] = [
    ...questions.rows.map(({ requestId, kind }): ChatFact => ({ type: `${kind}.closed`, requestId, reason: 'agent-lost' })),
    ...(activeTurn ? [{ type: 'turn.interrupted', turnId: activeTurn, reason: 'daemon-lost' } as const] : []),
    ...runs.rows.map(({ id }): ChatFact => ({ type: 'run.ended', runId: id, reason: 'stopped' })),
  ]
  return appendServerFacts(tx, chatId, facts)
}
