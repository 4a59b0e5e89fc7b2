/**
 * What people hear of a login: its row, the chats that run on it, the audit log. Never a token, and never in the way of
 * one: the tokens are stored before anybody is told, and a word that cannot be written is logged and goes missing.
 */
import type { Verdict } from '#core/connections/verdict.ts'
import type { FailureCode } from '#core/errors.ts'
import type { PoolClient } from '#server/db/client.ts'
import { record, type NewAuditEntry } from '#server/audit/service.ts'
import { recordServerFacts } from '#server/chats/append.ts'
import { inTransaction } from '#server/db/client.ts'
import { vendorOf } from '#server/logins/brokers.ts'
import { findTurn, updateFailing, type LoginRow, type LoginRun } from '#server/logins/store.ts'
import { log } from '#server/log.ts'
import { hintList } from '#server/realtime/bus.ts'

/** Who met it: a run, or nobody's run where a login is only tried out. */
export type Asker = Pick<LoginRun, 'harness' | 'credentialId' | 'credentialVersion' | 'loginRevision'> &
  (Pick<LoginRun, 'runId' | 'chatId'> | { runId: null; chatId: null })

/** How the row of a login that failed so reads. */
export const verdicts: Partial<Record<FailureCode, Verdict>> = { 'login.elsewhere': 'signed-in-elsewhere', 'login.expired': 'expired' }

/** The broker's word: whoever would run on it is told, until it is replaced. */
export async function tellFailing(
  db: PoolClient,
  { asker, login, code }: { asker: Asker; login: LoginRow; code: FailureCode },
): Promise<void> {
  const { id, loginRevision } = login
  if (!(await updateFailing(db, { id, loginRevision, code, verdict: verdicts[code] ?? null, isBroken: true }))) return
  await attempt(async () => {
    await inTransaction((tx) => record(tx, entryOf('login.refused', { asker, login, code })))
    tellLists(login)
  })
  await tellRun(asker, login, code)
}

export const tellRefreshed = (asker: Asker, login: LoginRow): Promise<void> =>
  attempt(async () => {
    await inTransaction((tx) => record(tx, entryOf('login.refreshed', { asker, login })))
    tellLists(login)
  })

export const tellLists = ({ teamId }: LoginRow): void => hintList({ teamId, topic: 'connections' })

export const entryOf = (
  act: 'login.refreshed' | 'login.synced' | 'login.refused',
  { asker, login, code }: { asker: Asker; login: LoginRow; code?: FailureCode },
): NewAuditEntry => ({
  teamId: login.teamId,
  actorId: null,
  act,
  subject: { kind: 'credential', id: login.id },
  facts: {
    harness: asker.harness,
    credentialName: login.name,
    ...(asker.runId !== null && { chatId: asker.chatId, runId: asker.runId }),
    ...(code && { code }),
  },
})

/** Each run's chat has it said once, however often its program asks. */
const told = new Set<string>()
const TOLD_MAX = 10_000

export async function tellRun({ runId, chatId, harness }: Asker, { format }: LoginRow, code: FailureCode): Promise<void> {
  if (runId === null || told.has(runId)) return
  if (told.size >= TOLD_MAX) told.clear()
  told.add(runId)
  await attempt(async () => {
    const turnId = await findTurn(chatId)
    const provider = vendorOf(harness, format)
    await recordServerFacts(chatId, [{ type: 'model.failed', turnId, provider, harness, model: null, status: null, code }])
  })
}

async function attempt(tell: () => Promise<void>): Promise<void> {
  try {
    await tell()
  } catch (error) {
    log.warn({ err: error }, 'What became of a login could not be told')
  }
}
