import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import { pool } from '#server/db/client.ts'
import { findRun, forgetRun, recheckRuns, watch } from '#server/proxy/kept-runs.ts'
import { seedRun, type SeededRun } from '#server/proxy/testing.ts'

const KEY = 'sk-real-kept-0123456789'
const HOST = '127.0.0.1:9'

beforeAll(() => {
  process.env['GATEHOUSE_PRIVATE_UPSTREAMS'] = HOST
})
afterEach(() => vi.useRealTimers())

const seed = () => seedRun({ dialect: 'openai-chat', baseUrl: `http://${HOST}/v1`, key: KEY })
const breakKey = ({ credentialId }: SeededRun) =>
  pool().query(`update credential set "brokenCode" = 'provider.refused-key' where id = $1`, [credentialId])
const endRun = ({ runId }: SeededRun) => pool().query('update run set "endedAt" = now() where id = $1', [runId])
const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })

it('keeps a run through a recheck, and makes another of one that has changed', async () => {
  const [same, changed] = [await seed(), await seed()]
  const kept = await findRun(same.token)
  expect(kept).toMatchObject({ runId: same.runId, key: KEY, isBroken: false })
  expect(await findRun(changed.token)).toMatchObject({ isBroken: false })
  await breakKey(changed)
  await recheckRuns()
  expect(findRun(same.token)).toBe(kept)
  expect(await findRun(changed.token)).toMatchObject({ runId: changed.runId, isBroken: true })
})

it.each([
  ['the run ended', endRun],
  [
    'the key was replaced',
    ({ credentialId }: SeededRun) => pool().query('update credential set version = 2 where id = $1', [credentialId]),
  ],
  [
    'its provider moved',
    ({ credentialId }: SeededRun) => pool().query('update credential set "baseUrl" = $2 where id = $1', [credentialId, null]),
  ],
  ['nobody may spend on it', ({ scope }: SeededRun) => pool().query('delete from member where "teamId" = $1', [scope.teamId])],
])('serves nothing that it knew before once it has heard that something has changed: %s', async (_case, change) => {
  const run = await seed()
  expect(await findRun(run.token)).toMatchObject({ runId: run.runId })
  await change(run)
  const heard = recheckRuns()
  expect(await findRun(run.token)).toBeNull()
  await heard
  expect(await findRun(run.token)).toBeNull()
})

it('asks anew within five seconds when nobody said anything', async () => {
  const run = await seed()
  await findRun(run.token)
  await endRun(run)
  later(4_001)
  expect(await findRun(run.token)).toBeNull()
})

it('does not take for confirmed what was read before it heard of a change', async () => {
  const run = await seed()
  const loading = findRun(run.token)
  forgetRun(run.runId)
  await loading
  await endRun(run)
  expect(await findRun(run.token)).toBeNull()
})

it('cuts what is under way for a run that has ended, and leaves the others', async () => {
  const [ended, live] = [await seed(), await seed()]
  const cut: string[] = []
  const stop = [ended, live].map(({ runId }) => watch(runId, () => cut.push(runId)))
  await endRun(ended)
  await recheckRuns()
  expect(cut).toEqual([ended.runId])
  for (const each of stop) each()
})
