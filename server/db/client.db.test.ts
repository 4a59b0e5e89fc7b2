import { expect, it } from 'vitest'
import { inTransaction, pool } from '#server/db/client.ts'

it('loses a transaction whose connection breaks between two statements, and nothing more', async () => {
  const work = inTransaction(async (tx) => {
    const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid')
    const gone = new Promise((resolve) => tx.once('end', resolve))
    await pool().query('select pg_terminate_backend($1)', [rows[0]!.pid])
    await gone
    await tx.query('select 1')
  })
  await expect(work).rejects.toThrow('not queryable')
  expect((await pool().query('select 1 as one')).rows).toEqual([{ one: 1 }])
})
