import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { shortenAnchor, startAnchoring, writeAnchor } from '#server/audit/anchor.ts'
import { digestOf, hashOf } from '#server/audit/chain.ts'
import { record } from '#server/audit/service.ts'
import { readLinks } from '#server/audit/store.ts'
import { verifyAuditLog } from '#server/audit/verify.ts'
import { inTransaction } from '#server/db/client.ts'

let home: string
const anchor = () => join(home, 'audit.anchor')

const write = (count: number) =>
  inTransaction(async (tx) => {
    for (let i = 0; i < count; i += 1) {
      await record(tx, {
        teamId: 'team',
        actorId: null,
        act: 'token.created',
        subject: { kind: 'token', id: `t${i}` },
        facts: { count: i },
      })
    }
  })

/** What somebody does who owns the database. */
const tamper = (...statements: string[]) =>
  inTransaction(async (tx) => {
    await tx.query("set local session_replication_role = 'replica'")
    for (const sql of statements) await tx.query(sql)
  })

/** As one would who knows how the chain is made: everything from `seq` on fits itself again. */
async function rehash(seq: number, { count = Number.POSITIVE_INFINITY } = {}): Promise<void> {
  const links = await readLinks({ afterSeq: 0, limit: 1000 })
  let previousHash = links.find((each) => each.seq === seq - 1)!.hash
  for (const link of links.filter((each) => each.seq >= seq && each.seq < seq + count)) {
    const hash = hashOf({ previousHash, seq: link.seq, digest: digestOf(link) })
    await tamper(
      `update audit_entry set "previousHash" = '\\x${previousHash.toString('hex')}', hash = '\\x${hash.toString('hex')}' where seq = ${link.seq}`,
    )
    previousHash = hash
  }
}

const findings = async () => (await verifyAuditLog({ home })).findings

const copyTo = (seq: number, from: number) =>
  `insert into audit_entry select ${seq}, "teamId", at, "actorId", 'Mallory', act, "subjectKind", "subjectId", facts, "previousHash", hash from audit_entry where seq = ${from}`
const renumber = (from: number, by: number) =>
  `update audit_entry set seq = -seq where seq >= ${from}; update audit_entry set seq = -seq + ${by} where seq < 0`

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'gatehouse-audit-'))
  await tamper('truncate audit_entry')
  await write(12)
  await writeAnchor(home)
})
afterEach(() => rmSync(home, { recursive: true }))

it('finds nothing wrong with a whole chain, behind its anchor or before it', async () => {
  expect(await verifyAuditLog({ home })).toEqual({ entries: 12, anchoredTo: 12, findings: [] })
  await write(3)
  expect(await verifyAuditLog({ home })).toEqual({ entries: 15, anchoredTo: 12, findings: [] })
  rmSync(anchor())
  expect(await verifyAuditLog({ home })).toEqual({ entries: 15, anchoredTo: null, findings: [] })
})

it.each<[string, string[], unknown[]]>([
  ['what was done', [`update audit_entry set act = 'token.revoked' where seq = 5`], [{ is: 'edited', seq: 5 }]],
  ['a fact', [`update audit_entry set facts = '{"count": 7}' where seq = 5`], [{ is: 'edited', seq: 5 }]],
  ['who did it', [`update audit_entry set "actorName" = 'Ada' where seq = 12`], [{ is: 'edited', seq: 12 }]],
  ['when', [`update audit_entry set at = at + interval '1 ms' where seq = 1`], [{ is: 'edited', seq: 1 }]],
  ['a hash', [`update audit_entry set hash = sha256('x') where seq = 6`], [{ is: 'edited', seq: 6 }]],
  ['a link', [`update audit_entry set "previousHash" = sha256('x') where seq = 6`], [{ is: 'edited', seq: 6 }]],
  [
    'two entries',
    [`update audit_entry set act = 'x' where seq in (3, 9)`],
    [
      { is: 'edited', seq: 3 },
      { is: 'edited', seq: 9 },
    ],
  ],
])('names the entry of which somebody edited %s', async (_, statements, expected) => {
  await tamper(...statements)
  expect(await findings()).toEqual(expected)
})

it('names an edited entry that was given a fitting hash', async () => {
  await tamper(`update audit_entry set act = 'x' where seq = 7`)
  await rehash(7, { count: 1 })
  expect(await findings()).toEqual([{ is: 'edited', seq: 7 }])
})

it.each<[string, string[], unknown[]]>([
  ['one', ['delete from audit_entry where seq = 4'], [{ is: 'removed', from: 4, to: 4 }]],
  ['the first two', ['delete from audit_entry where seq < 3'], [{ is: 'removed', from: 1, to: 2 }]],
  ['some, the rest renumbered', ['delete from audit_entry where seq in (4, 5, 6)', renumber(7, -3)], [{ is: 'removed', from: 4, to: 6 }]],
])('names removed entries: %s', async (_, statements, expected) => {
  await tamper(...statements)
  expect(await findings()).toEqual(expected)
})

it.each([
  ['a copy', copyTo(5, 6)],
  ['one that follows nothing', `${copyTo(5, 6)}; update audit_entry set "previousHash" = sha256('x') where seq = 5`],
])('names an inserted entry: %s', async (_, insert) => {
  await tamper(renumber(5, 1), insert)
  expect(await findings()).toEqual([{ is: 'inserted', seq: 5 }])
})

it('names an entry that was put behind the end', async () => {
  await tamper(copyTo(13, 4))
  expect(await findings()).toEqual([{ is: 'inserted', seq: 13 }])
})

it('names the end that was cut off, which only the anchor knows', async () => {
  await tamper('delete from audit_entry where seq > 9')
  expect(await findings()).toEqual([{ is: 'cut', from: 10, to: 12 }])
  await tamper('truncate audit_entry')
  expect(await findings()).toEqual([{ is: 'cut', from: 1, to: 12 }])
})

it('finds an end that was cut off and grew again, and a chain that was written anew', async () => {
  await write(4)
  await writeAnchor(home)
  await tamper('delete from audit_entry where seq > 14')
  await write(5)
  expect(await findings()).toEqual([{ is: 'rewritten', from: 13, to: 16 }])
  await tamper(`update audit_entry set act = 'x' where seq = 2`)
  await rehash(2)
  expect(await findings()).toEqual([{ is: 'rewritten', from: 1, to: 16 }])
})

it('walks in pages', async () => {
  await write(2_100)
  await tamper(`update audit_entry set act = 'x' where seq in (1000, 1001)`, 'delete from audit_entry where seq = 2000')
  expect(await verifyAuditLog({ home })).toEqual({
    entries: 2_111,
    anchoredTo: 12,
    findings: [
      { is: 'edited', seq: 1000 },
      { is: 'edited', seq: 1001 },
      { is: 'removed', from: 2000, to: 2000 },
    ],
  })
})

it('keeps its anchor private, writes a head once, and goes on after half a line', async () => {
  expect(statSync(anchor()).mode & 0o777).toBe(0o600)
  const size = statSync(anchor()).size
  await writeAnchor(home)
  expect(statSync(anchor()).size).toBe(size)
  truncateSync(anchor(), size - 20)
  await write(1)
  await writeAnchor(home)
  expect(readFileSync(anchor(), 'utf8').trimEnd().split('\n')).toHaveLength(2)
  expect(await verifyAuditLog({ home })).toMatchObject({ anchoredTo: 13, findings: [] })
  appendFileSync(anchor(), '99 abc')
  expect(await findings()).toEqual([])
})

it('never goes back to a chain that was cut', async () => {
  const before = readFileSync(anchor(), 'utf8')
  await tamper('delete from audit_entry where seq > 10')
  await writeAnchor(home)
  expect(readFileSync(anchor(), 'utf8')).toBe(before)
})

it('keeps the last lines of a long anchor, and all of one that does not fit', async () => {
  const shorten = () => shortenAnchor(home, { maxBytes: 0, keep: 2 })
  for (let i = 0; i < 4; i += 1) {
    await write(1)
    await writeAnchor(home)
  }
  await shorten()
  expect(statSync(anchor()).mode & 0o777).toBe(0o600)
  expect(readFileSync(anchor(), 'utf8').match(/^\d+/gm)).toEqual(['15', '16'])
  expect(await verifyAuditLog({ home })).toEqual({ entries: 16, anchoredTo: 16, findings: [] })
  await tamper('delete from audit_entry where seq > 14')
  await write(4)
  await writeAnchor(home)
  await shorten()
  expect(readFileSync(anchor(), 'utf8').match(/^\d+/gm)).toEqual(['15', '16', '18'])
  expect(await findings()).toEqual([{ is: 'rewritten', from: 1, to: 16 }])
})

it('anchors what was committed while it ran, catches up on what was not, and never what was undone', async () => {
  writeFileSync(anchor(), '')
  const stop = await startAnchoring(home)
  expect(await verifyAuditLog({ home })).toMatchObject({ anchoredTo: 12 })
  await write(2)
  await inTransaction(async (tx) => {
    await record(tx, { teamId: null, actorId: null, act: 'key.rotated', subject: { kind: 'key', id: '2' } })
    throw new Error('undone')
  }).catch(() => {})
  await stop()
  expect(await verifyAuditLog({ home })).toEqual({ entries: 14, anchoredTo: 14, findings: [] })
})
