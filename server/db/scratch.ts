/** A throw-away PostgreSQL in the temporary folder: for writing migrations and for tests. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres, type EmbeddedPostgres } from '#server/db/postgres.ts'

/** `stop` also deletes its data. */
export async function startScratchPostgres(): Promise<EmbeddedPostgres> {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-scratch-'))
  // The database's user has to enter it when we are root.
  chmodSync(home, 0o711)
  const erase = () => rmSync(home, { recursive: true, force: true })
  try {
    const postgres = await startPostgres({ home, isScratch: true })
    return { url: postgres.url, stop: () => postgres.stop().finally(erase) }
  } catch (error) {
    erase()
    throw error
  }
}
