import { beforeEach, expect, it, vi } from 'vitest'
import { exportEntries, listEntries } from '#server/audit/log-service.ts'
import { record, type NewAuditEntry } from '#server/audit/service.ts'
import { inTransaction } from '#server/db/client.ts'
import { seedTeamScope } from '#server/db/testing.ts'
import type { TeamScope } from '#server/access/scope.ts'

let admin: TeamScope
let member: TeamScope
let owner: TeamScope
let stranger: TeamScope

const write = (...entries: NewAuditEntry[]) =>
  inTransaction(async (tx) => {
    for (const each of entries) await record(tx, each)
  })

beforeEach(async () => {
  admin = await seedTeamScope({ name: 'Ada' })
  member = await seedTeamScope({ teamId: admin.teamId, role: 'member', name: 'Ben' })
  owner = await seedTeamScope({ teamId: admin.teamId, role: 'viewer', isInstanceOwner: true })
  stranger = await seedTeamScope()
  const { teamId } = admin
  await write(
    { teamId, actorId: admin.userId, act: 'project.created', subject: { kind: 'project', id: 'p/1' }, facts: { name: 'Web' } },
    {
      teamId,
      actorId: member.userId,
      act: 'connection.connected',
      subject: { kind: 'connection', id: 'c1' },
      facts: { harness: 'codex', scope: 'user' },
    },
    { teamId, actorId: null, act: 'connection.validated', subject: { kind: 'connection', id: 'c1' }, facts: {} },
    { teamId: null, actorId: null, act: 'key.rotated', subject: { kind: 'key', id: teamId }, facts: { version: 2 } },
    {
      teamId: stranger.teamId,
      actorId: stranger.userId,
      act: 'project.created',
      subject: { kind: 'project', id: 'p2' },
      facts: { name: 'Theirs' },
    },
  )
})

const sentences = async (scope: TeamScope, filter: Partial<Parameters<typeof listEntries>[1]> = {}) =>
  (await listEntries(scope, { limit: 50, ...filter })).entries.map(({ actorName, sentence }) => `${actorName} ${sentence}`)

it('shows a team’s admin the team, the instance’s owner the instance, and others nothing', async () => {
  expect(await sentences(admin)).toEqual([
    'Gatehouse validated a harness',
    'Ben connected Codex for themselves',
    'Ada created the project “Web”',
  ])
  expect(await sentences(owner, { subject: admin.teamId })).toEqual(['Gatehouse added version 2 of the master key'])
  expect(await sentences(owner, { subject: 'c1' })).toEqual([])
  await expect(listEntries(member, { limit: 1 })).rejects.toThrow('access.denied')
  await expect(exportEntries(member, { format: 'csv', afterSeq: 0, limit: 1 })).rejects.toThrow('access.denied')
})

it('filters by act, noun, person and subject, and pages', async () => {
  expect(await sentences(admin, { act: 'connection' })).toHaveLength(2)
  expect(await sentences(admin, { act: 'connection.validated' })).toHaveLength(1)
  expect(await sentences(admin, { act: 'conn' })).toEqual([])
  expect(await sentences(admin, { actorId: member.userId })).toEqual(['Ben connected Codex for themselves'])
  expect(await sentences(admin, { actorId: 'system' })).toEqual(['Gatehouse validated a harness'])
  expect(await sentences(admin, { subject: 'p/1' })).toEqual(['Ada created the project “Web”'])
  const first = await listEntries(admin, { limit: 2 })
  const second = await listEntries(admin, { limit: 2, before: first.nextBefore! })
  expect([first.entries.length, second.entries.length, second.nextBefore]).toEqual([2, 1, null])
  expect(second.entries[0]!.seq).toBeLessThan(first.entries[1]!.seq)
})

it('exports everything in pages that fit together, and says that it did', async () => {
  const { teamId, userId: actorId } = admin
  await write({ teamId, actorId, act: 'project.created', subject: { kind: 'project', id: '=1+1' }, facts: { name: '=cmd|"x"' } })
  const pages: string[] = []
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: Awaited<ReturnType<typeof exportEntries>> = await exportEntries(admin, { format: 'csv', afterSeq: 0, cursor, limit: 2 })
    pages.push(page.contents)
    cursor = page.nextCursor
  }
  const lines = pages.join('').trimEnd().split('\r\n')
  expect(lines[0]).toMatch(/^"seq","at","actor"/)
  expect(lines).toHaveLength(1 + 5)
  expect(lines[4]).toContain(`"'=1+1"`)
  expect(lines[5]).toContain('exported the audit log as CSV')

  const { contents, nextCursor } = await exportEntries(admin, { format: 'json', afterSeq: 0, limit: 10_000, act: 'project' })
  const [entry] = contents
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(nextCursor).toBeNull()
  expect(entry).toMatchObject({
    teamId,
    actorName: 'Ada',
    act: 'project.created',
    subjectId: 'p/1',
    facts: { name: 'Web' },
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
})

it('leaves an entry of every export, wherever it begins, and of no page that goes on from one', async () => {
  const csv = { format: 'csv', afterSeq: 0, limit: 2 } as const
  const exports = async () => (await listEntries(admin, { limit: 50, act: 'audit' })).entries.map(({ facts }) => facts)
  const { nextCursor } = await exportEntries(admin, csv)
  const cursor = nextCursor!
  const { contents } = await exportEntries(admin, { ...csv, cursor })
  expect(contents).not.toContain('"seq"')
  expect(await exports()).toEqual([{ format: 'csv' }])
  await exportEntries(admin, { ...csv, afterSeq: 1 })
  expect(await exports()).toEqual([{ format: 'csv', afterSeq: 1 }, { format: 'csv' }])

  // Nobody makes one, takes another's, shows more with it than was recorded, or keeps it for later.
  const [seq, until, signature] = cursor.split('.') as [string, string, string]
  const other = await seedTeamScope({ teamId: admin.teamId, role: 'admin' })
  const refused = { code: 'request.invalid', facts: { field: 'cursor' } }
  for (const forged of [`${Number(seq) - 1}.${until}.${signature}`, `${seq}.${until}9.${signature}`, `${seq}.${until}.`, seq, 'x'])
    await expect(exportEntries(admin, { ...csv, cursor: forged })).rejects.toMatchObject(refused)
  await expect(exportEntries(other, { ...csv, cursor })).rejects.toMatchObject(refused)
  await expect(exportEntries(admin, { ...csv, cursor, act: 'project' })).rejects.toMatchObject(refused)
  vi.setSystemTime(Date.now() + 16 * 60_000)
  await expect(exportEntries(admin, { ...csv, cursor }).finally(() => vi.useRealTimers())).rejects.toMatchObject(refused)
  expect(await exports()).toHaveLength(2)
})
