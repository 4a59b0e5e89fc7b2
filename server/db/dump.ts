/**
 * All rows of the database as lines of text, and back. Rows pass as PostgreSQL's own JSON and
 * are never read as JavaScript's, so that nothing is rounded. What is sealed stays sealed.
 *
 * Lines: a header; then per table its name, and one line per row.
 */
import type { PoolClient } from 'pg'
import { inTransaction } from '#server/db/client.ts'
import { readMigrations } from '#server/db/migrations.ts'
import { StartError } from '#server/start-error.ts'

const FORMAT = 'gatehouse-backup-1'
const PAGE = 500

type Header = { format: string; at: string; migrations: string[]; anchor: string | null }

/** Of one moment, while the server goes on. `anchor`: the audit log's, which belongs to it. */
export async function dumpDatabase({ anchor, write }: { anchor: string | null; write: (line: string) => Promise<void> }): Promise<number> {
  return inTransaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only')
    const header: Header = { format: FORMAT, at: new Date().toISOString(), migrations: await appliedTo(tx), anchor }
    await write(JSON.stringify(header))
    let rows = 0
    for (const table of await tablesOf(tx)) {
      await write(JSON.stringify({ table }))
      await tx.query(`declare page no scroll cursor for select to_jsonb(t)::text as row from "${table}" t`)
      for (;;) {
        const page = await tx.query<{ row: string }>(`fetch ${PAGE} from page`)
        for (const { row } of page.rows) await write(row)
        rows += page.rows.length
        if (page.rows.length < PAGE) break
      }
      await tx.query('close page')
    }
    return rows
  })
}

/**
 * Into a database of this version in which nobody has set anything up. All or nothing, with what `finish` does.
 * @throws StartError when it is none, or the lines are not of this version
 */
export async function loadDatabase(
  lines: AsyncIterable<string>,
  finish: (tx: PoolClient) => Promise<void>,
): Promise<{ rows: number; anchor: string | null }> {
  return inTransaction(async (tx) => {
    const tables = await tablesOf(tx)
    await demandEmpty(tx)
    for (const table of tables.toReversed()) if (table !== 'audit_entry') await tx.query(`delete from "${table}"`)
    let header: Header | null = null
    let table: string | null = null
    let rows = 0
    let page: string[] = []
    const flush = async () => {
      if (page.length > 0) await insert(tx, table!, page)
      rows += page.length
      page = []
    }
    for await (const line of lines) {
      if (header === null) header = await readHeader(tx, line)
      else if (line.startsWith('{"table":')) {
        await flush()
        table = (JSON.parse(line) as { table: string }).table
        if (!tables.includes(table)) throw new StartError(`The backup has a table "${table}", which this version does not know.`)
      } else {
        page.push(line)
        if (page.length >= PAGE) await flush()
      }
    }
    await flush()
    if (header === null) throw new StartError('The backup is empty.')
    await continueSequences(tx)
    await finish(tx)
    return { rows, anchor: header.anchor }
  })
}

/** Parents before children. */
async function tablesOf(tx: PoolClient): Promise<string[]> {
  const { rows } = await tx.query<{ name: string; parents: string[] }>(
    `select c.relname as name, array(select distinct p.relname::text from pg_constraint f join pg_class p on p.oid = f.confrelid
       where f.contype = 'f' and f.conrelid = c.oid and f.confrelid <> c.oid) as parents
     from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relname <> '_prisma_migrations'
     order by c.relname`,
  )
  const placed: string[] = []
  for (let waiting = rows; waiting.length > 0;) {
    const free = waiting.filter((each) => each.parents.every((parent) => placed.includes(parent)))
    if (free.length === 0) throw new Error(`Tables that need each other: ${waiting.map((each) => each.name).join(', ')}`)
    placed.push(...free.map((each) => each.name))
    waiting = waiting.filter((each) => !free.includes(each))
  }
  return placed
}

async function appliedTo(tx: PoolClient): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>(
    'select migration_name as name from _prisma_migrations where finished_at is not null order by migration_name',
  )
  return rows.map((each) => each.name)
}

async function demandEmpty(tx: PoolClient): Promise<void> {
  const { rows } = await tx.query<{ isEmpty: boolean }>(
    'select not exists (select from "user") and not exists (select from audit_entry) as "isEmpty"',
  )
  if (!rows[0]!.isEmpty)
    throw new StartError('This Gatehouse is set up already: restore into a new data folder (GATEHOUSE_HOME) or an empty database.')
}

async function readHeader(tx: PoolClient, line: string): Promise<Header> {
  let header: Header
  try {
    header = JSON.parse(line) as Header
  } catch {
    throw new StartError('This is no backup of Gatehouse.')
  }
  if (header.format !== FORMAT) throw new StartError('This is no backup of Gatehouse.')
  const own = await appliedTo(tx)
  if (header.migrations.join() !== own.join()) {
    const isNewer = header.migrations.some((name) => !readMigrations().some((each) => each.name === name))
    throw new StartError(
      `The backup is of ${isNewer ? 'a newer' : 'an older'} version of Gatehouse (${header.migrations.at(-1)}): restore it with that version${isNewer ? '' : ', then update'}.`,
    )
  }
  return header
}

const insert = (tx: PoolClient, table: string, rows: string[]) =>
  tx.query(`insert into "${table}" select * from jsonb_populate_recordset(null::"${table}", $1::jsonb)`, [`[${rows.join(',')}]`])

/** Numbers that the database counts go on behind those that were restored. */
async function continueSequences(tx: PoolClient): Promise<void> {
  const { rows } = await tx.query<{ table: string; column: string; sequence: string }>(
    `select c.relname as table, a.attname as column, s.oid::regclass::text as sequence
     from pg_class s join pg_depend d on d.objid = s.oid and d.deptype in ('a', 'i')
     join pg_class c on c.oid = d.refobjid join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
     where s.relkind = 'S' and c.relnamespace = current_schema()::regnamespace`,
  )
  for (const { table, column, sequence } of rows)
    await tx.query(`select setval($1::regclass, coalesce((select max("${column}") from "${table}"), 0) + 1, false)`, [sequence])
}
