/** vitest's global set-up for `*.db.test.ts`: one scratch PostgreSQL with a migrated template that each file clones. */
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { migrate } from '#server/db/migrations.ts'
import { startScratchPostgres } from '#server/db/scratch.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string
  }
}

/** Migrated, and connected to by nobody: PostgreSQL copies a template only then. */
export const TEMPLATE_DATABASE = 'template_gatehouse'

export default async function startTestPostgres(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startScratchPostgres()
  try {
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    await client.query(`create database ${TEMPLATE_DATABASE}`)
    await client.end()
    const template = new URL(postgres.url)
    template.pathname = `/${TEMPLATE_DATABASE}`
    await migrate(template.href)
  } catch (error) {
    await postgres.stop()
    throw error
  }
  project.provide('postgresUrl', postgres.url)
  return () => postgres.stop()
}
