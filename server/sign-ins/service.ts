/**
 * Guided sign-in, as its person sees it: start, look, answer, cancel. Each look also settles what time has made of
 * it, so no process has to watch over it. What its node says of it is in `node-side.ts`.
 * From: `components/connections/sign-in-dialog.tsx`. Next: `store.ts`, and by a hint `agent/sign-in.ts`.
 */
import type { Scope } from '#core/connections/connection.ts'
import { isOver, lapseOf, openStates, SIGN_IN_MS, type SignInState } from '#core/connections/sign-in.ts'
import { DomainError, isFailureCode, type FailureCode, type FailureFacts } from '#core/errors.ts'
import type { GuidedSignIn } from '#core/harnesses/guided-sign-in.ts'
import { guidedLoginOf, type Harness } from '#core/harnesses/harness.ts'
import { findHarness, harnessName } from '#core/harnesses/registry.ts'
import type { NodeId, TeamId } from '#core/ids.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { prismaDb, record } from '#server/audit/service.ts'
import { demandPlace, demandVisible } from '#server/connections/rights.ts'
import { demandHarness } from '#server/connections/offer.ts'
import { vault } from '#server/connections/vault.ts'
import { listNodes } from '#server/daemons/service.ts'
import { mintUuid } from '#server/db/mint.ts'
import { hintList, publish } from '#server/realtime/bus.ts'
import * as store from '#server/sign-ins/store.ts'
import type { SignInRow } from '#server/sign-ins/store.ts'

/** Of one person at once: enough for every harness, too few to fill a node. */
const MAX_OPEN = 5
const KEPT_MS = 24 * 60 * 60_000
/** The node that would be quickest is asked first; after this long, any. */
const PREFERRED_MS = 4_000

export type StartInput = { harness: string; scope: Scope; projectId?: string | undefined; connectionId?: string | undefined }

/**
 * @param input `connectionId` names the connection that it renews, which must stand in that place
 * @throws access.denied, harness.unknown, connection.missing, node.offline, request.too-many,
 *   connection.refused-by-harness when the harness cannot be led through a login
 */
export async function startSignIn(scope: TeamScope, input: StartInput): Promise<{ signInId: string }> {
  const harness = demandHarness(input.harness)
  if (!guidedLoginOf(harness)) throw new DomainError('connection.refused-by-harness', { harness: harness.id, kind: 'auth-file' })
  const projectId = await demandPlace(scope, input)
  if (input.connectionId !== undefined) {
    const renewed = await demandVisible(scope, input.connectionId)
    if (renewed.harness !== harness.id || renewed.scope !== input.scope || renewed.projectId !== projectId) {
      throw new DomainError('connection.missing')
    }
  }
  const now = new Date()
  if ((await store.countOpen(scope.userId, now)) >= MAX_OPEN) throw new DomainError('request.too-many')
  const nodeId = await quickestNode(scope, harness)
  await store.deleteBefore(new Date(now.getTime() - KEPT_MS))
  const signInId = mintUuid()
  const { teamId, userId } = scope
  const expiresAt = new Date(now.getTime() + SIGN_IN_MS)
  await store.insertSignIn(
    { id: signInId, teamId, userId, harness: harness.id, scope: input.scope, projectId, createdAt: now, expiresAt },
    (tx) =>
      record(prismaDb(tx), {
        teamId: input.scope === 'platform' ? null : teamId,
        actorId: userId,
        act: 'sign-in.started',
        subject: { kind: 'sign-in', id: signInId },
        facts: { harness: harness.id, scope: input.scope, projectId },
      }),
  )
  publish({ about: 'sign-in', nodeId, signInId })
  return { signInId }
}

/** One that has the program already, if there is such a one. @throws node.offline */
async function quickestNode(scope: TeamScope, harness: Harness): Promise<NodeId> {
  const able = (await listNodes(scope)).filter((node) => node.isOnline && node.harnesses.some((each) => each.harness === harness.id))
  const has = able.find((node) => node.harnesses.some((each) => each.harness === harness.id && each.state === 'installed'))
  const node = has ?? able[0]
  if (!node) throw new DomainError('node.offline')
  return node.nodeId
}

export type SignInView = {
  signInId: string
  harness: string
  harnessName: string
  scope: Scope
  projectId: string | null
  state: SignInState
  asks: GuidedSignIn['asks']
  /** Where the person goes, and what they enter there; null while it is not known, and once it is over. */
  url: string | null
  userCode: string | null
  /** While the program still has to be installed. */
  installing: { fraction: number | null; detail: string | null } | null
  nodeName: string | null
  expiresAt: string
  failure: { code: FailureCode; facts: FailureFacts } | null
  connectionId: string | null
}

/** @throws sign-in.missing for everybody but whoever started it */
export async function readSignIn(scope: TeamScope, { signInId }: { signInId: string }): Promise<SignInView> {
  const now = new Date()
  const row = await settled(await demandOwn(scope, signInId, now), now)
  if (row.state === 'waiting-for-node' && now.getTime() - row.createdAt.getTime() > PREFERRED_MS) {
    publish({ about: 'sign-in', nodeId: null, signInId })
  }
  const harness = findHarness(row.harness)
  const node = row.nodeId && !isOver(row.state) ? (await listNodes(scope)).find((each) => each.nodeId === row.nodeId) : undefined
  const program = node?.harnesses.find((each) => each.harness === row.harness)
  return {
    signInId,
    harness: row.harness,
    harnessName: harnessName(row.harness),
    scope: row.scope,
    projectId: row.projectId,
    state: row.state,
    asks: (harness && guidedLoginOf(harness)?.signIn.asks) ?? 'confirm',
    url: row.url,
    userCode: row.userCode,
    installing: row.state === 'starting' && program?.state === 'installing' ? { fraction: program.fraction, detail: program.detail } : null,
    nodeName: node?.name ?? null,
    expiresAt: row.expiresAt.toISOString(),
    failure: isFailureCode(row.failureCode) ? { code: row.failureCode, facts: factsOf(row) } : null,
    connectionId: row.connectionId,
  }
}

const factsOf = ({ harness, detail }: SignInRow): FailureFacts => ({ harness, ...(detail && { detail }) })

/** Cancelling what is over already is no failure. */
export async function cancelSignIn(scope: TeamScope, { signInId }: { signInId: string }): Promise<void> {
  await endSignIn(await demandOwn(scope, signInId, new Date()), { state: 'cancelled' })
}

/**
 * Hands the program the code that the vendor showed.
 * @throws sign-in.missing; sign-in.too-late; request.invalid when it cannot be such a code
 */
export async function answerSignIn(scope: TeamScope, { signInId, answer }: { signInId: string; answer: string }): Promise<void> {
  const row = await demandOwn(scope, signInId, new Date())
  const harness = findHarness(row.harness)
  const text = answer.trim()
  if (!(harness && guidedLoginOf(harness)?.signIn.answer?.test(text))) throw new DomainError('request.invalid', { field: 'answer' })
  const { sealed, masterVersion } = vault().seal(placeOfAnswer(row), text)
  const isTaken = await store.change(row.id, ['waiting-for-person'], { answer: sealed, answerMasterVersion: masterVersion })
  if (!isTaken) throw new DomainError('sign-in.too-late')
  publish({ about: 'sign-in', nodeId: row.nodeId, signInId })
}

export const placeOfAnswer = ({ id, teamId }: Pick<SignInRow, 'id' | 'teamId'>) => ({
  table: 'sign_in',
  rowId: id,
  teamId,
  field: 'answer',
})

async function demandOwn({ teamId, userId }: TeamScope, id: string, now: Date): Promise<SignInRow> {
  const row = await store.watch({ id, teamId, userId }, now)
  if (!row) throw new DomainError('sign-in.missing')
  return row
}

/** The row as it stands now, after what time has made of it. */
export async function settled(row: SignInRow, now: Date): Promise<SignInRow> {
  const lapse = lapseOf(row, now)
  if (!lapse) return row
  await endSignIn(row, lapse)
  return (await store.findSignIn(row.id)) ?? row
}

/** Whoever watches it reads it again. */
export const tellPage = ({ teamId }: SignInRow): void => hintList({ teamId: teamId as TeamId, topic: 'connections' })

type End = { state: SignInState; failureCode?: FailureCode | null; detail?: string | null; connectionId?: string }

/** Once: what ended first, stands. Node and page are told. */
export async function endSignIn(row: SignInRow, how: End): Promise<boolean> {
  const from: readonly SignInState[] = how.state === 'cancelled' ? openStates : [...openStates, 'connecting']
  const isEnded = await store.end(row.id, from, how, (tx) =>
    record(prismaDb(tx), {
      teamId: row.scope === 'platform' ? null : row.teamId,
      actorId: row.userId,
      act: 'sign-in.finished',
      subject: { kind: 'sign-in', id: row.id },
      facts: { harness: row.harness, scope: row.scope, projectId: row.projectId, outcome: how.state, failure: how.failureCode ?? null },
    }),
  )
  if (!isEnded) return false
  if (row.nodeId) publish({ about: 'sign-in-over', nodeId: row.nodeId, signInId: row.id })
  tellPage(row)
  return true
}
