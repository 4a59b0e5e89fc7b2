/** The database for a command: beside a running server, or without one, when the command starts it for itself. */
import { setTimeout as pause } from 'node:timers/promises'
import { closeDatabase, openDatabase } from '#server/db/client.ts'
import { migrate } from '#server/db/migrations.ts'
import { openServerDatabase } from '#server/db/open.ts'
import { embeddedUrl } from '#server/db/postgres.ts'
import type { Env } from '#server/env.ts'
import { lockHome, prepareHome, serverOf } from '#server/home.ts'
import { StartError } from '#server/start-error.ts'

/** The database that a server of this configuration has or would have. Returns what closes it. */
export async function openOwnDatabase(own: Env): Promise<() => Promise<void>> {
  prepareHome(own.home)
  if (!own.databaseUrl && serverOf(own.home) !== null) return openBesideServer(own.home)
  const unlock = own.databaseUrl ? () => {} : lockHome(own.home)
  try {
    const database = await openServerDatabase(own)
    return () => database.close().finally(unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

/** The server may be starting, and its database with it. */
async function openBesideServer(home: string): Promise<() => Promise<void>> {
  const deadline = Date.now() + 60_000
  for (;;) {
    try {
      const url = embeddedUrl(home)
      if (!url) throw new Error('not created yet')
      await migrate(url)
      await openDatabase(url)
      return closeDatabase
    } catch (error) {
      if (error instanceof StartError) throw error
      if (serverOf(home) === null || Date.now() > deadline)
        throw new StartError('The running server has no database that answers: look at its console.')
      await pause(100)
    }
  }
}
