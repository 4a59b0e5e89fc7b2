/**
 * Prisma's schema engine as WebAssembly: the native one is a download that a closed
 * network does not have. Used to write and check migrations, never at run time.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import pg from 'pg'

const root = resolve(import.meta.dirname, '..')
/** The type "char" of the catalog tables, which the adapter does not know, and one that it does. */
const CHAR_OID = 18
const TEXT_OID = 25

/** The SQL that takes the database at `url` to what `prisma/schema` says; empty when they agree. Can be called once per process. */
export async function diffToSchema(url: string): Promise<string> {
  const files = readdirSync(join(root, 'prisma/schema'))
    .toSorted()
    .map((name) => ({ path: join(root, 'prisma/schema', name), content: readFileSync(join(root, 'prisma/schema', name), 'utf8') }))
  // The engine never closes its connections, so the pool is ours to end.
  const pool = new pg.Pool({ connectionString: url })
  pool.on('error', () => {})
  try {
    const SchemaEngine = await loadEngine()
    const engine = await SchemaEngine.new(
      { datamodels: files.map(({ path, content }) => [path, content]) },
      () => {},
      bindMigrationAwareSqlAdapterFactory(readingChar(pool)),
    )
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: root },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    })
    return withoutEmptyComment(stdout ?? '')
  } finally {
    await pool.end()
  }
}

type SchemaEngineClass = typeof import('@prisma/schema-engine-wasm').SchemaEngine

/** Node cannot import the package's own entry, which imports WebAssembly as a module. */
async function loadEngine(): Promise<SchemaEngineClass> {
  const specifier = '@prisma/schema-engine-wasm/schema_engine_bg'
  const glue = (await import(specifier)) as { SchemaEngine: SchemaEngineClass; __wbg_set_wasm(exports: WebAssembly.Exports): void }
  const folder = dirname(createRequire(import.meta.url).resolve(specifier))
  // Without it a panic surfaces as a property of undefined.
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: (message: string) => console.error(message) } })
  const program = new WebAssembly.Module(readFileSync(join(folder, 'schema_engine_bg.wasm')))
  const instance = new WebAssembly.Instance(program, { './schema_engine_bg.js': glue as never })
  glue.__wbg_set_wasm(instance.exports)
  ;(instance.exports['__wbindgen_start'] as () => void)()
  return glue.SchemaEngine
}

/** Passes "char" through the adapter as text, and gives the column its type back behind it. */
function readingChar(pool: pg.Pool): PrismaPg {
  const charColumns = new WeakMap<unknown[], number[]>()
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<pg.QueryArrayResult<unknown[]>>
  Object.assign(pool, {
    query: async (...args: unknown[]) => {
      const result = await query(...args)
      charColumns.set(
        result.rows,
        result.fields.flatMap((field, i) => (field.dataTypeID === CHAR_OID ? [i] : [])),
      )
      for (const field of result.fields) if (field.dataTypeID === CHAR_OID) field.dataTypeID = TEXT_OID
      return result
    },
  })
  const factory = new PrismaPg(pool)
  const connect = factory.connect.bind(factory)
  factory.connect = async () => {
    const adapter = await connect()
    const queryRaw = adapter.queryRaw.bind(adapter)
    adapter.queryRaw = async (asked) => {
      const result = await queryRaw(asked)
      for (const i of charColumns.get(result.rows) ?? []) result.columnTypes[i] = ColumnTypeEnum.Character
      return result
    }
    return adapter
  }
  return factory
}

/** The engine says in a comment that there is nothing to do. */
const withoutEmptyComment = (sql: string) => (/^(\s|--[^\n]*)*$/.test(sql) ? '' : sql)
