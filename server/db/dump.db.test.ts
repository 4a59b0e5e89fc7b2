import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { record } from '#server/audit/service.ts'
import { closeDatabase, databaseUrl, inTransaction, openDatabase, pool } from '#server/db/client.ts'
import { dumpDatabase, loadDatabase } from '#server/db/dump.ts'
import { cloneDatabase, seedChat, seedTeamScope } from '#server/db/testing.ts'

let own = ''
beforeAll(() => {
  own = databaseUrl()
})
const clones: { drop(): Promise<void> }[] = []
afterAll(async () => {
  await moveTo(own)
  for (const each of clones) await each.drop()
})
async function moveTo(url: string) {
  await closeDatabase()
  await openDatabase(url)
}

async function dump(): Promise<string[]> {
  const lines: string[] = []
  await dumpDatabase({ anchor: '1 anchor\n', write: async (line) => void lines.push(line) })
  return lines
}
const nothing = () => Promise.resolve()
async function* from(lines: string[]) {
  yield* lines
}

it('brings back every row as it was, to the last bit, and goes on counting', async () => {
  const scope = await seedTeamScope({ name: 'Zoë "\\u0001" \u{1F916}' })
  await seedChat(scope)
  await inTransaction((tx) =>
    record(tx, { teamId: scope.teamId, actorId: scope.userId, act: 'team.created', subject: { kind: 'team', id: 'x' } }),
  )
  await pool().query(`update node set "rssBytes" = 9007199254740993`)
  await pool().query(
    `insert into credential (id, "teamId", name, kind, models, sealed, "masterVersion", "lastFour", fingerprint, "createdBy")
     values ('a/b+c= é', $1, 'k', 'api-key', '{"a,b","c\\"d"}', $2, 1, '', '', $3)`,
    [scope.teamId, randomBytes(64), scope.userId],
  )
  const before = await dump()

  const clone = await cloneDatabase()
  clones.push(clone)
  await moveTo(clone.url)
  expect(await loadDatabase(from(before), nothing)).toEqual({
    rows: before.length - before.filter((line) => line.startsWith('{"table":')).length - 1,
    anchor: '1 anchor\n',
  })
  expect((await dump()).slice(1)).toEqual(before.slice(1))
  await expect(loadDatabase(from(before), nothing)).rejects.toThrow('This Gatehouse is set up already')
})

it.each([
  ['what is no backup', ['hello'], 'This is no backup of Gatehouse.'],
  ['another format', ['{"format":"x"}'], 'This is no backup of Gatehouse.'],
  [
    'an older version',
    ['{"format":"gatehouse-backup-1","migrations":["20261121225422_first"]}'],
    'an older version of Gatehouse (20261121225422_first): restore it with that version, then update.',
  ],
  [
    'a newer version',
    ['{"format":"gatehouse-backup-1","migrations":["9_future"]}'],
    'a newer version of Gatehouse (9_future): restore it with that version.',
  ],
  ['nothing', [], 'The backup is empty.'],
])('does not take %s', async (_, lines, sentence) => {
  const clone = await cloneDatabase()
  clones.push(clone)
  await moveTo(clone.url)
  await expect(loadDatabase(from(lines), nothing)).rejects.toThrow(sentence)
})
