/**
 * What people hear of a login: its row, the chats that run on it, the audit log. Never a token, and never in the way of
 * one: the tokens are stored before anybody is told, and a word that cannot be written is logged and goes missing.
 */
import type { FailureCode } from '#core/errors.ts'
import type { PoolClient } from '#server/db/client.ts'
import { record, type NewAuditEntry } from '#server/audit/service.ts'
import { recordServerFacts } from '#server/chats/append.ts'
import { inTransaction } from '#server/db/client.ts'
import { vendorOf } from '#server/logins/brokers.ts'
import { findTurn, updateFailing, type LoginRow, type LoginRun } from '#server/logins/store.ts'
import { log } from '#server/log.ts'
import { hintList } from '#server/realtime/bus.ts'

type Of = Omit<LoginRun, 'isLeased'>

const verdicts: Partial<Record<FailureCode, string>> = { 'login.elsewhere': 'signed-in-elsewhere', 'login.expired': 'expired' }

/** The broker's word: whoever would run on it is told, until it is replaced. */
export async function tellFailing(db: PoolClient, { run, login, code }: { run: Of; login: LoginRow; code: FailureCode }): Promise<void> {
  const { id, loginRevision } = login
  if (!(await updateFailing(db, { id, loginRevision, code, verdict: verdicts[code] ?? null, isBroken: true }))) return
  await attempt(async () => {
    await inTransaction((tx) => record(tx, entryOf('login.refused', { run, login, code })))
    tellLists(login)
  })
  await tellRun(run, login, code)
}

export const tellRefreshed = (run: Of, login: LoginRow): Promise<void> =>
  attempt(async () => {
    await inTransaction((tx) => record(tx, entryOf('login.refreshed', { run, login })))
    tellLists(login)
  })

export const tellLists = ({ teamId }: LoginRow): void => hintList({ teamId, topic: 'connections' })

export const entryOf = (
  act: 'login.refreshed' | 'login.synced' | 'login.refused',
  { run, login, code }: { run: Of; login: LoginRow; code?: FailureCode },
): NewAuditEntry => ({
  teamId: login.teamId,
  actorId: null,
  act,
  subject: { kind: 'credential', id: login.id },
  facts: { harness: run.harness, credentialName: login.name, chatId: run.chatId, runId: run.runId, ...(code && { code }) },
})

/** Each run's chat has it said once, however often its program asks. */
const told = new Set<string>()
const TOLD_MAX = 10_000

export async function tellRun(run: Of, { format }: LoginRow, code: FailureCode): Promise<void> {
  if (told.has(run.runId)) return
  if (told.size >= TOLD_MAX) told.clear()
  told.add(run.runId)
  await attempt(async () => {
    const turnId = await findTurn(run.chatId)
    const provider = vendorOf(run.harness, format)
    await recordServerFacts(run.chatId, [{ type: 'model.failed', turnId, provider, harness: run.harness, model: null, status: null, code }])
  })
}

async function attempt(tell: () => Promise<void>): Promise<void> {
  try {
    await tell()
  } catch (error) {
    log.warn({ err: error }, 'What became of a login could not be told')
  }
}
