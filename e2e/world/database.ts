/** The world's own database, for what a person or a program does over weeks, on other machines, or with another key. */
import pg from 'pg'
import { embeddedUrl } from '#server/db/postgres.ts'

export async function inDatabase<T>(home: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const url = embeddedUrl(home)
  if (!url) throw new Error('This world has no database of its own.')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
