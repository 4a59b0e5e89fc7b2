/**
 * The process's one database: a pool, Prisma on top of it, and transactions in
 * plain SQL for the paths where an ORM is too slow (the log, the proxy, usage).
 * `server/main.ts` opens it once the migrations have run; tests open a clone each.
 */
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from '#server/db/generated/client.ts'

export type { PoolClient } from 'pg'

let opened: { pool: pg.Pool; prisma: PrismaClient; url: string } | undefined

/** Opens the database at `url` and proves that it answers; rejects with the driver's own error when it does not. */
export async function openDatabase(url: string): Promise<void> {
  if (opened) throw new Error('The database is open already: one process has one database')
  const pool = new pg.Pool({ connectionString: url, max: 20, connectionTimeoutMillis: 10_000, application_name: 'gatehouse' })
  // An idle connection that breaks (the database restarts) is dropped by the pool; unheard, this event would end the process.
  pool.on('error', () => {})
  // One that is in use is nobody's but its user's: between two statements of a transaction nothing listens to it.
  // The next statement fails by itself.
  pool.on('connect', (client) => void client.on('error', () => {}))
  try {
    await pool.query('select 1')
  } catch (error) {
    await pool.end()
    throw error
  }
  opened = { pool, prisma: new PrismaClient({ adapter: new PrismaPg(pool) }), url }
}

/** Safe to call when nothing is open. */
export async function closeDatabase(): Promise<void> {
  const closing = opened
  opened = undefined
  if (!closing) return
  await closing.prisma.$disconnect()
  await closing.pool.end()
}

const demandOpen = () => {
  if (!opened) throw new Error('The database is not open: call openDatabase first')
  return opened
}

/** Prisma, for stores that create, read, update and delete rows. */
export const prisma = (): PrismaClient => demandOpen().prisma

/** The raw pool, for statements that Prisma is too slow for or cannot say. */
export const pool = (): pg.Pool => demandOpen().pool

/** For a connection of one's own, such as LISTEN, which a pool would take back. */
export const databaseUrl = (): string => demandOpen().url

/** A statement that each connection parses and plans once: for what runs all the time. */
export const prepared = (name: string, text: string) => (values: unknown[]) => ({ name, text, values })

/** Runs `work` in one transaction: commits its return, rolls back its throw. */
export async function inTransaction<T>(work: (tx: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool().connect()
  let broken: Error | undefined
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    // A connection that cannot even roll back is destroyed instead of given back.
    await client.query('rollback').catch((failure: Error) => (broken = failure))
    throw error
  } finally {
    client.release(broken)
  }
}
