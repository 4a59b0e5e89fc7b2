/**
 * `npm run db:new NAME` writes the migration from what the existing ones make to what
 * `prisma/schema` says. Read it before committing: the engine cannot know a rename.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { diffToSchema } from '#bin/schema-engine.ts'
import { migrate } from '#server/db/migrations.ts'
import { startScratchPostgres } from '#server/db/scratch.ts'

const name = process.argv[2]
if (!name || !/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error('Usage: npm run db:new NAME, with NAME in lower case, digits and underscores.')
  process.exit(1)
}

const scratch = await startScratchPostgres()
try {
  await migrate(scratch.url)
  const sql = await diffToSchema(scratch.url)
  if (sql === '') console.log('The migrations already make what prisma/schema says.')
  else {
    const stamp = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)
    const folder = join(import.meta.dirname, '../prisma/migrations', `${stamp}_${name}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'migration.sql'), sql)
    console.log(`Wrote prisma/migrations/${stamp}_${name}/migration.sql`)
  }
} finally {
  await scratch.stop()
}
