/** For what rewrites rows of a log that nobody works on, without changing what they mean: `compaction.ts`, `retention.ts`. */
import type { ChatId } from '#core/ids.ts'
import type { PoolClient } from '#server/db/client.ts'
import { log } from '#server/log.ts'

/** Until the transaction ends nobody else rewrites this log, in any server. False when somebody does already. */
export async function holdRewriting(tx: PoolClient, chatId: ChatId): Promise<boolean> {
  const { rows } = await tx.query('select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as "isOurs"', [`rewrite ${chatId}`])
  return rows[0].isOurs
}

/**
 * Does it again and again, one at a time; a failure waits for the next time. Returns what ends that, which resolves when
 * nothing is under way.
 */
export function repeatedly(work: () => Promise<unknown>, { everyMs, failure }: { everyMs: number; failure: string }): () => Promise<void> {
  let working: Promise<unknown> | null = null
  const timer = setInterval(() => {
    working ??= work()
      .catch((error: unknown) => log.warn({ err: error }, failure))
      .finally(() => (working = null))
  }, everyMs).unref()
  return async () => {
    clearInterval(timer)
    await working
  }
}
