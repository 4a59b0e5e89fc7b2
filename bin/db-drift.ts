/** `npm run db:drift` fails when the migrations do not make what `prisma/schema` says. */
import { diffToSchema } from '#bin/schema-engine.ts'
import { migrate } from '#server/db/migrations.ts'
import { startScratchPostgres } from '#server/db/scratch.ts'

const scratch = await startScratchPostgres()
try {
  await migrate(scratch.url)
  const sql = await diffToSchema(scratch.url)
  if (sql === '') console.log('The migrations make what prisma/schema says.')
  else {
    console.error(`prisma/schema has changes that no migration makes. Run "npm run db:new NAME". Missing:\n\n${sql}`)
    process.exitCode = 1
  }
} finally {
  await scratch.stop()
}
