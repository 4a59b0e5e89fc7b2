/**
 * The database of this server, ready for queries: the one that DATABASE_URL names, or the
 * embedded one; migrated. Says in one sentence what is wrong when it cannot be.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { closeDatabase, openDatabase } from '#server/db/client.ts'
import { migrate } from '#server/db/migrations.ts'
import { startPostgres } from '#server/db/postgres.ts'
import { isTransient } from '#server/db/transient.ts'
import type { Env } from '#server/env.ts'
import { log } from '#server/log.ts'
import { StartError } from '#server/start-error.ts'

export type ReadyDatabase = { url: string; close(): Promise<void> }

/** One that is restarted or starts beside us is waited for; of one that is not there at all people hear soon. */
const PATIENCE_MS = { answered: 60_000, absent: 10_000 }
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 2_000

/**
 * For the embedded one the caller holds the lock of `home`. @throws StartError
 * @param goOn asked while it is waited for; what it throws ends that
 */
export async function openServerDatabase(
  { databaseUrl, home }: Pick<Env, 'databaseUrl' | 'home'>,
  goOn: () => void = () => {},
): Promise<ReadyDatabase> {
  const embedded = databaseUrl ? null : await startPostgres({ home })
  const url = databaseUrl ?? embedded!.url
  const close = async () => {
    await closeDatabase()
    await embedded?.stop()
  }
  try {
    if (databaseUrl) checkUrl(databaseUrl)
    await patiently(goOn, async () => {
      const applied = await migrate(url)
      if (applied.length > 0) log.info({ applied }, 'Migrated the database')
      await openDatabase(url)
    })
  } catch (error) {
    await close()
    throw error instanceof StartError ? error : explain(error, url)
  }
  return { url, close }
}

/** Both steps may be done again: a migration is in a transaction, and a pool that does not answer is closed. */
async function patiently(goOn: () => void, open: () => Promise<void>): Promise<void> {
  const startedAt = performance.now()
  let patienceMs = PATIENCE_MS.absent
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await open()
    } catch (error) {
      const cause = error instanceof StartError ? error.cause : error
      if (!isTransient(cause)) throw error
      if (hasAnswered(cause)) patienceMs = PATIENCE_MS.answered
      if (performance.now() - startedAt > patienceMs) throw error
      log.warn({ err: cause, againInMs: pauseMs }, 'The database does not answer yet and is asked again')
      await pause(pauseMs)
      goOn()
    }
  }
}

/** Whoever is there and cannot serve us now says why, or ends a conversation that had begun. */
const hasAnswered = (error: unknown): boolean => (firstOf(error).code ?? '') !== 'ECONNREFUSED'

function checkUrl(databaseUrl: string): void {
  if (!URL.canParse(databaseUrl) || !/^postgres(ql)?:$/.test(new URL(databaseUrl).protocol)) {
    throw new StartError('DATABASE_URL must be an address such as postgres://user:password@host:5432/database.')
  }
}

/** The driver's error as a sentence, without the password that the address holds. */
function explain(error: unknown, url: string): Error {
  const { host, username, pathname } = new URL(url)
  const { code = '', message } = firstOf(error)
  const database = decodeURIComponent(pathname.slice(1))
  if (code === '28P01' || code === '28000')
    return new StartError(`The database at ${host} refuses the user "${username}" or its password: correct DATABASE_URL.`)
  if (code === '3D000')
    return new StartError(`The database at ${host} has no database named "${database}": create it, or correct DATABASE_URL.`)
  if (/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ECONNRESET)$/.test(code)) {
    return new StartError(`The database at ${host} cannot be reached (${code}): start it, or correct DATABASE_URL.`)
  }
  if (/timeout/i.test(message)) return new StartError(`The database at ${host} does not answer: start it, or correct DATABASE_URL.`)
  return new StartError(`The database at ${host} cannot be used: ${message}.`, { cause: error })
}

/** A host with several addresses fails with one error for each. */
function firstOf(error: unknown): { code?: string; message: string } {
  const one = error instanceof AggregateError ? (error.errors[0] as unknown) : error
  return one instanceof Error ? one : { message: String(one) }
}
