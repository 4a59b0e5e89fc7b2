/** The rows of guided sign-ins. Every process reads and changes them; nothing of one lives in memory. */
import { SignInState, openStates } from '#core/connections/sign-in.ts'
import type { Scope } from '#core/connections/connection.ts'
import type { NodeId } from '#core/ids.ts'
import { prisma } from '#server/db/client.ts'
import type { Prisma } from '#server/db/generated/client.ts'

type Stored = Prisma.SignInGetPayload<Record<string, never>>
export type SignInRow = Omit<Stored, 'state' | 'nodeId'> & { state: SignInState; nodeId: NodeId | null }
type Tx = Prisma.TransactionClient

const toRow = (row: Stored): SignInRow => ({ ...row, state: SignInState.parse(row.state), nodeId: row.nodeId as NodeId | null })

export type NewSignIn = {
  id: string
  teamId: string
  userId: string
  harness: string
  scope: Scope
  projectId: string | null
  createdAt: Date
  expiresAt: Date
}

/** @param also is written in the same transaction */
export async function insertSignIn(row: NewSignIn, also: (tx: Tx) => Promise<void>): Promise<void> {
  await prisma().$transaction(async (tx) => {
    await tx.signIn.create({ data: { ...row, state: 'waiting-for-node', watchedAt: row.createdAt } })
    await also(tx)
  })
}

/** Somebody's own sign-ins that are not over. */
export const countOpen = (userId: string, now: Date): Promise<number> =>
  prisma().signIn.count({ where: { userId, state: { in: [...openStates] }, expiresAt: { gt: now } } })

/** What is over is of no use for long: the connection and the audit log tell what came of it. */
export async function deleteBefore(createdBefore: Date): Promise<void> {
  await prisma().signIn.deleteMany({ where: { createdAt: { lt: createdBefore } } })
}

/** Its person looks at it. Null for everybody else. */
export async function watch(own: { id: string; teamId: string; userId: string }, now: Date): Promise<SignInRow | null> {
  const { count } = await prisma().signIn.updateMany({ where: own, data: { watchedAt: now } })
  return count === 0 ? null : findSignIn(own.id)
}

export async function findSignIn(id: string): Promise<SignInRow | null> {
  const row = await prisma().signIn.findUnique({ where: { id } })
  return row && toRow(row)
}

/** False when another node was first, or nobody waits any more. */
export async function take(id: string, nodeId: NodeId, now: Date): Promise<boolean> {
  const { count } = await prisma().signIn.updateMany({
    where: { id, state: 'waiting-for-node', expiresAt: { gt: now } },
    data: { state: 'starting', nodeId, toldAt: now },
  })
  return count > 0
}

type Change = Partial<Pick<SignInRow, 'state' | 'url' | 'userCode' | 'toldAt' | 'answerMasterVersion'>> & {
  answer?: Buffer<ArrayBuffer>
}

/** Only while it is in one of these states: whatever came first, stands. */
export async function change(id: string, from: readonly SignInState[], data: Change): Promise<boolean> {
  const { count } = await prisma().signIn.updateMany({ where: { id, state: { in: [...from] } }, data })
  return count > 0
}

type End = Pick<SignInRow, 'state'> & Partial<Pick<SignInRow, 'failureCode' | 'detail' | 'connectionId'>>

/** Takes away what is of use to nobody any more. False when it was over before. */
export async function end(id: string, from: readonly SignInState[], how: End, also: (tx: Tx) => Promise<void>): Promise<boolean> {
  return prisma().$transaction(async (tx) => {
    const gone = { url: null, userCode: null, answer: null, answerMasterVersion: null }
    const { count } = await tx.signIn.updateMany({ where: { id, state: { in: [...from] } }, data: { ...how, ...gone } })
    if (count > 0) await also(tx)
    return count > 0
  })
}
