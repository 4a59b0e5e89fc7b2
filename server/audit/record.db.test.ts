import { expect, it } from 'vitest'
import { digestOf, GENESIS, hashOf, type AuditContent } from '#server/audit/chain.ts'
import { prismaDb, record } from '#server/audit/service.ts'
import { inTransaction, pool, prisma } from '#server/db/client.ts'
import { seedMember } from '#server/db/testing.ts'

const entries = async () => {
  const { rows } = await pool().query<Omit<AuditContent, 'at'> & { seq: string; at: Date; previousHash: Buffer; hash: Buffer }>(
    'select * from audit_entry order by seq',
  )
  return rows.map((row) => ({ ...row, seq: Number(row.seq), at: row.at.toISOString() }))
}

it('chains entries of both kinds of transaction, without gaps, also when many are written at once and some are undone', async () => {
  const { caller, teamId } = await seedMember({ name: 'Zoë \u{1F916}' })
  const entry = { teamId, actorId: caller.userId, act: 'connection.connected', subject: { kind: 'connection', id: 'a/b+c=' } } as const
  await Promise.all(
    Array.from({ length: 30 }, async (_, i) => {
      const facts = { name: `Übung ${i}`, count: i, isOpen: true, none: null, half: '\ud800', nul: 'a\0b', token: `pat_${'x'.repeat(20)}` }
      if (i % 3 === 0) await inTransaction((tx) => record(tx, { ...entry, facts }))
      else if (i % 3 === 1)
        await prisma().$transaction((tx) => record(prismaDb(tx), { ...entry, facts }), { maxWait: 20_000, timeout: 20_000 })
      else
        await inTransaction(async (tx) => {
          await record(tx, { ...entry, facts })
          throw new Error('undone')
        }).catch(() => {})
    }),
  )
  const chain = await entries()
  expect(chain.map((each) => each.seq)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  for (const [i, each] of chain.entries()) {
    const previousHash = chain[i - 1]?.hash ?? GENESIS
    expect(each.previousHash).toEqual(previousHash)
    expect(each.hash).toEqual(hashOf({ previousHash, seq: each.seq, digest: digestOf(each) }))
  }
  expect(chain[0]).toMatchObject({ actorName: 'Zoë \u{1F916}', act: 'connection.connected', subjectId: 'a/b+c=' })
  expect(chain[0]!.facts).toMatchObject({ isOpen: true, none: null, half: '\ufffd', nul: 'ab', token: 'pat_…' })
})

it.each(["update audit_entry set act = 'x'", 'delete from audit_entry', 'truncate audit_entry'])('refuses to %s', async (sql) => {
  await expect(pool().query(sql)).rejects.toThrow('The audit log is only ever added to')
})

it('names the system, and keeps the name of somebody whose account is gone', async () => {
  const instance = { teamId: null, act: 'key.rotated', subject: { kind: 'key', id: '2' } } as const
  await inTransaction((tx) => record(tx, { ...instance, actorId: null }))
  await inTransaction((tx) => record(tx, { ...instance, actorId: 'nobody' }))
  expect((await entries()).slice(-2).map((each) => each.actorName)).toEqual(['Gatehouse', 'A former member'])
})
