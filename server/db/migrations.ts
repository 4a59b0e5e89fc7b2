/**
 * Brings the database to the schema of this program: the SQL files of `prisma/migrations`
 * in order, each in one transaction, with Prisma's own bookkeeping, so that Prisma's tools
 * read the history as theirs. `bin/db-new.ts` writes the files.
 */
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { StartError } from '#server/start-error.ts'

export type Migration = { name: string; sql: string }

/** The lock that Prisma's engine takes too, so that nobody migrates at the same time. */
const MIGRATION_LOCK = 72707369

const BOOKKEEPING = `create table if not exists _prisma_migrations (
  id varchar(36) primary key not null, checksum varchar(64) not null, finished_at timestamptz,
  migration_name varchar(255) not null, logs text, rolled_back_at timestamptz,
  started_at timestamptz not null default now(), applied_steps_count integer not null default 0)`

const checksum = (sql: string) => createHash('sha256').update(sql).digest('hex')

/** The migrations of this program, in order. */
export function readMigrations(folder: string = join(import.meta.dirname, '../../prisma/migrations')): Migration[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'migration.sql')))
    .toSorted()
    .map((name) => ({ name, sql: readFileSync(join(folder, name, 'migration.sql'), 'utf8') }))
}

/**
 * Applies what is missing and returns the names. Servers that start together wait for one another.
 * @throws StartError when the history of the database is not the beginning of ours
 */
export async function migrate(url: string, migrations: readonly Migration[] = readMigrations()): Promise<string[]> {
  const client = new pg.Client({ connectionString: url })
  // What is asked next fails by itself; unheard, this event would end the process without a word.
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
    await client.query(BOOKKEEPING)
    const pending = await findPending(client, migrations)
    for (const each of pending) await apply(client, each)
    return pending.map((each) => each.name)
  } finally {
    // Ends the session, and the lock with it.
    await client.end()
  }
}

async function findPending(client: pg.Client, migrations: readonly Migration[]): Promise<Migration[]> {
  const { rows: applied } = await client.query<{ migration_name: string; checksum: string; finished_at: Date | null }>(
    'select migration_name, checksum, finished_at from _prisma_migrations where rolled_back_at is null order by migration_name',
  )
  const ours = new Map(migrations.map((each) => [each.name, each]))
  for (const { migration_name: name, checksum: sum, finished_at } of applied) {
    const own = ours.get(name)
    if (!own)
      throw new StartError(
        `The database has the migration "${name}", which this version of Gatehouse does not know: start the newer version that wrote it.`,
      )
    if (!finished_at)
      throw new StartError(
        `The migration "${name}" was started by another tool and did not finish: repair the database and mark it as applied or rolled back.`,
      )
    if (sum !== checksum(own.sql))
      throw new StartError(`The migration "${name}" was changed after it was applied: restore prisma/migrations/${name}/migration.sql.`)
  }
  const done = new Set(applied.map((each) => each.migration_name))
  return migrations.filter((each) => !done.has(each.name))
}

async function apply(client: pg.Client, { name, sql }: Migration): Promise<void> {
  await client.query('begin')
  try {
    await client.query(sql)
    await client.query(
      'insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count) values ($1, $2, $3, now(), clock_timestamp(), 1)',
      [randomUUID(), checksum(sql), name],
    )
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw new StartError(`The migration "${name}" failed and was undone: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}
