/** That the benchmark still runs, in a few hundred requests; how fast they were is nobody's business here. */
import { expect, it } from 'vitest'
import { judgeAims } from '#bin/bench/proxy/aims.ts'
import { measureProxy } from '#bin/bench/proxy/proxy.ts'
import { report } from '#bin/bench/proxy/report.ts'
import { groups } from '#bin/bench/proxy/run.ts'
import { scenarios } from '#bin/bench/proxy/samples.ts'

it('measures our proxy in every scenario, and finds a record of every answer', async () => {
  const plan = {
    groups,
    rounds: 1,
    seconds: 0.3,
    maxRequests: 40,
    warmUp: { requests: 20, seconds: 0.5 },
    openStreams: 10,
    openStreamsSeconds: 0.5,
    steadySeconds: 0.3,
  }
  const targets = ['direct', 'node', 'gatehouse'] as const
  const { samples, records } = await measureProxy({
    targets,
    other: null,
    plan,
    masterKey: Buffer.alloc(32, 7).toString('base64'),
    say: () => {},
  })
  expect(samples.filter(({ loaded }) => loaded.failed > 0 || loaded.bodyBytes === 0)).toEqual([])
  expect(new Set(samples.map(({ scenario }) => scenario))).toEqual(new Set(Object.keys(scenarios)))
  expect(
    samples.filter(({ target, cpuMs, rssBytes }) => target === 'gatehouse' && !(cpuMs !== null && rssBytes && rssBytes.before > 0)),
  ).toEqual([])
  expect(records.settled).toBeGreaterThanOrEqual(records.answered)
  expect(records.open).toBe(0)
  const aims = judgeAims(samples, records)
  expect(aims.filter(({ verdict }) => verdict === 'not measured').map(({ says }) => says)).toEqual([
    'CPU of a JSON request, times nginx',
    'CPU of a JSON request, times Portkey',
    'Growth of memory over the second half of at least 5 minutes',
  ])
  expect(report({ targets: targets.map((name) => ({ name, version: '' })), plan, samples, aims })).not.toMatch(/NaN|undefined|Infinity/)
})
