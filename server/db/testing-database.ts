/** vitest's set-up of each `*.db.test.ts`: a database of its own, open for the whole file, and no way out to the internet. */
import { afterAll, beforeAll } from 'vitest'
import { closeDatabase, openDatabase } from '#server/db/client.ts'
import { closeNetwork } from '#server/db/testing-network.ts'
import { cloneDatabase } from '#server/db/testing.ts'

let clone: Awaited<ReturnType<typeof cloneDatabase>>

closeNetwork()

beforeAll(async () => {
  clone = await cloneDatabase()
  await openDatabase(clone.url)
})

afterAll(async () => {
  await closeDatabase()
  await clone.drop()
})
