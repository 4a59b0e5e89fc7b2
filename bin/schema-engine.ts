/**
 * Prisma's schema engine as WebAssembly: the native one is a download that a closed
 * network does not have. Used to write and check migrations, never at run time.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum, type SqlMigrationAwareDriverAdapterFactory, type SqlQueryable } from '@prisma/driver-adapter-utils'
import pg from 'pg'

const root = resolve(import.meta.dirname, '..')
const CHAR_OID = 18

/** The SQL that takes a database from what it is to what `prisma/schema` says; empty when they agree. Can be called once per process. */
export async function diffToSchema(url: string): Promise<string> {
  const engineModule = await import('@prisma/schema-engine-wasm/schema_engine_bg')
  const files = readdirSync(join(root, 'prisma/schema'))
    .toSorted()
    .map((name) => ({ path: `prisma/schema/${name}`, content: readFileSync(join(root, 'prisma/schema', name), 'utf8') }))
  // The engine never closes its connections, so the pool is ours to end.
  const pool = new pg.Pool({ connectionString: url })
  pool.on('error', () => {})
  try {
    const Engine = await instantiate(engineModule)
    const adapter = bindMigrationAwareSqlAdapterFactory(readingChar(new PrismaPg(pool)))
    const engine = await Engine.new({ datamodels: files.map(({ path, content }) => [path, content]) }, () => {}, adapter)
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: root },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    })
    return withoutComment(stdout ?? '')
  } finally {
    await pool.end()
  }
}

/** The engine says in a comment that there is nothing to do. */
const withoutComment = (sql: string) => (/^(\s|--[^\n]*)*$/.test(sql) ? '' : sql)
