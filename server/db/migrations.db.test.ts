import pg from 'pg'
import { afterEach, beforeEach, expect, it } from 'vitest'

import { diffToSchema } from '#bin/schema-engine.ts'
import { migrate, readMigrations } from '#server/db/migrations.ts'
import { cloneDatabase } from '#server/db/testing.ts'

let clone: { url: string; drop(): Promise<void> }
beforeEach(async () => {
  clone = await cloneDatabase()
})
afterEach(() => clone.drop())

async function query(sql: string) {
  const client = new pg.Client({ connectionString: clone.url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

const ours = readMigrations()
const more = { name: '99990101000000_more', sql: 'create table more (id int); insert into more values (1);' }

it('applies each migration once, also when several servers start together', async () => {
  const applied = await Promise.all([1, 2, 3].map(() => migrate(clone.url, [...ours, more])))
  expect(applied.flat()).toEqual([more.name])
  expect(await query('select id from more')).toEqual([{ id: 1 }])
  expect(await migrate(clone.url, [...ours, more])).toEqual([])
})

it('undoes a migration that fails, and stays where it was', async () => {
  const broken = { name: '99990102000000_broken', sql: 'create table half (id int); select nothing;' }
  await expect(migrate(clone.url, [...ours, more, broken])).rejects.toThrow(
    /^The migration "99990102000000_broken" failed and was undone: column "nothing" does not exist/,
  )
  expect(await query("select to_regclass('half') as half, to_regclass('more')::text as more")).toEqual([{ half: null, more: 'more' }])
  expect(await migrate(clone.url, [...ours, more])).toEqual([])
})

it('stops at a migration that was changed after it was applied', async () => {
  const [first, ...rest] = ours
  await expect(migrate(clone.url, [{ ...first!, sql: `${first!.sql}-- edited` }, ...rest])).rejects.toThrow(
    `The migration "${first!.name}" was changed after it was applied`,
  )
})

it('stops at a database that is newer than the program', async () => {
  await migrate(clone.url, [...ours, more])
  await expect(migrate(clone.url, ours)).rejects.toThrow(
    `The database has the migration "${more.name}", which this version of Gatehouse does not know`,
  )
})

it('stops at what another tool left unfinished', async () => {
  await query(`insert into _prisma_migrations (id, checksum, migration_name) values ('x', 'x', '${more.name}')`)
  await expect(migrate(clone.url, [...ours, more])).rejects.toThrow(
    `The migration "${more.name}" was started by another tool and did not finish`,
  )
})

it('notices when the schema says something that no migration makes', async () => {
  // The engine lives once in a process, so one question shows both: what is missing is named, and nothing else is.
  await query('alter table project drop column instructions')
  expect((await diffToSchema(clone.url)).replaceAll(/--.*|\s+/g, ' ').trim()).toBe(
    `ALTER TABLE "project" ADD COLUMN "instructions" TEXT NOT NULL DEFAULT '';`,
  )
})
