/**
 * Guided sign-in, as its node sees it: takes one, says what the program shows, brings what it made. The login is
 * stored by the very call that stores a pasted one, as the person who started it, whose rights are proved again.
 * From: `server/daemons/gateway.ts`. Next: `server/connections/service.ts`.
 */
import { openStates } from '#core/connections/sign-in.ts'
import { DomainError, type FailureCode } from '#core/errors.ts'
import { isOwnPage } from '#core/harnesses/guided-sign-in.ts'
import { guidedLoginOf } from '#core/harnesses/harness.ts'
import { findHarness } from '#core/harnesses/registry.ts'
import type { NodeId } from '#core/ids.ts'
import type { CallReply, CallRequest } from '#core/links/daemon.ts'
import { enterTeamAgain } from '#server/access/scope.ts'
import { connect } from '#server/connections/service.ts'
import { vault } from '#server/connections/vault.ts'
import { endSignIn, placeOfAnswer, settled, tellPage } from '#server/sign-ins/service.ts'
import { change, findSignIn, take, type SignInRow } from '#server/sign-ins/store.ts'

export async function takeSignIn(nodeId: NodeId, { signInId }: CallRequest<'takeSignIn'>): Promise<CallReply<'takeSignIn'>> {
  const now = new Date()
  const found = await findSignIn(signInId)
  if (!found || (await settled(found, now)).state !== 'waiting-for-node' || !(await take(signInId, nodeId, now))) return { is: 'gone' }
  tellPage(found)
  return { is: 'yours', harness: found.harness }
}

const over: CallReply<'tellSignIn'> = { goOn: false, answer: null }

/** Each of these may be said again, when its answer was lost. */
export async function tellSignIn(nodeId: NodeId, { signInId, event }: CallRequest<'tellSignIn'>): Promise<CallReply<'tellSignIn'>> {
  const now = new Date()
  const found = await findSignIn(signInId)
  if (!found || found.nodeId !== nodeId) return over
  const row = await settled(found, now)
  switch (event.is) {
    case 'waiting':
      return (await change(row.id, openStates, { toldAt: now })) ? { goOn: true, answer: answerOf(row) } : over
    case 'shown': {
      const { url, userCode } = event
      if (!isVendorsOwn(row, url)) return fail(row, { code: 'sign-in.failed', detail: 'The link it showed is not its vendor’s own.' })
      if (!(await change(row.id, ['starting', 'waiting-for-person'], { state: 'waiting-for-person', url, userCode, toldAt: now })))
        return over
      tellPage(row)
      return { goOn: true, answer: answerOf(row) }
    }
    case 'finished':
      if (await change(row.id, [...openStates, 'connecting'], { state: 'connecting', toldAt: now })) await store(row, event.contents)
      return over
    case 'failed':
      return fail(row, event)
  }
}

/** A failure that is no failure of ours is thrown on: the node brings the login again. */
async function store(row: SignInRow, contents: string): Promise<void> {
  const format = loginOf(row)?.format ?? ''
  try {
    const scope = await enterTeamAgain(row)
    const { connectionId } = await connect(scope, {
      harness: row.harness,
      scope: row.scope,
      projectId: row.projectId ?? undefined,
      secret: { kind: 'auth-file', format, contents },
    })
    await endSignIn(row, { state: 'connected', connectionId })
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    await endSignIn(row, { state: 'failed', failureCode: error.code })
  }
}

async function fail(row: SignInRow, { code, detail }: { code: FailureCode; detail: string }): Promise<CallReply<'tellSignIn'>> {
  await endSignIn(row, { state: 'failed', failureCode: code, detail: detail.slice(0, 500) })
  return over
}

const loginOf = ({ harness: id }: SignInRow) => {
  const harness = findHarness(id)
  return harness && guidedLoginOf(harness)
}

/** The link goes to a person who will trust it, so a node's word is not enough. */
const isVendorsOwn = (row: SignInRow, url: string): boolean => {
  const login = loginOf(row)
  return login !== null && isOwnPage(login.signIn, url)
}

function answerOf(row: SignInRow): string | null {
  if (!row.answer || row.answerMasterVersion === null) return null
  const opened = vault().open(placeOfAnswer(row), { sealed: row.answer, masterVersion: row.answerMasterVersion })
  return opened.is === 'open' ? opened.text : null
}
