import { expect, it } from 'vitest'
import { judgeAims } from '#bin/bench/proxy/aims.ts'
import type { Sample, Which } from '#bin/bench/proxy/samples.ts'

type Round = Which & { round?: number; ms?: { p50: number; p99: number }; cpuUs?: number; rss?: number[] }

/** A thousand answers; `rss` in megabytes, one a second. */
function sample({ scenario, target, round = 0, ms = { p50: 1, p99: 2 }, cpuUs, rss }: Round): Sample {
  const spread = { ...ms, p90: ms.p50, max: ms.p99 }
  return {
    scenario,
    target,
    round,
    askedPerSecond: null,
    loaded: {
      answered: 1_000,
      failed: 0,
      firstFailure: null,
      seconds: rss?.length ?? 2,
      firstByteMs: spread,
      wholeMs: spread,
      lateMs: spread,
      bodyBytes: 1,
    },
    doneAfterMs: 0,
    cpuMs: cpuUs ?? null,
    besidesCpuMs: null,
    rssBytes: rss ? { before: 0, during: rss.map((megabytes, at) => ({ atMs: at * 1000, bytes: megabytes * 2 ** 20 })) } : null,
  }
}

const allSettled = { answered: 5, settled: 5, open: 0 }
const verdicts = (samples: Sample[], records = allSettled) => judgeAims(samples, records).map(({ verdict }) => verdict)

it('takes the median of what rounds added, each against the same round of direct', () => {
  const round = (number: number, ours: number, direct: number) => [
    sample({ scenario: 'json-half', target: 'gatehouse', round: number, ms: { p50: ours, p99: ours + 4 } }),
    sample({ scenario: 'json-half', target: 'direct', round: number, ms: { p50: direct, p99: direct } }),
  ]
  const [p50, p99] = judgeAims([...round(0, 1.25, 1), ...round(1, 9.25, 9), ...round(2, 9, 1)], allSettled)
  expect(p50).toMatchObject({ measured: 0.25, verdict: 'met' })
  expect(p99).toMatchObject({ measured: 4.25, verdict: 'met' })
})

it('holds CPU against nginx and Portkey', () => {
  const cpu = (ours: number) => [
    sample({ scenario: 'json-saturated', target: 'gatehouse', cpuUs: ours }),
    sample({ scenario: 'json-saturated', target: 'nginx', cpuUs: 20 }),
    sample({ scenario: 'json-saturated', target: 'portkey', cpuUs: 1_000 }),
  ]
  expect(verdicts(cpu(80)).slice(4, 6)).toEqual(['met', 'met'])
  expect(verdicts(cpu(90)).slice(4, 6)).toEqual(['missed', 'met'])
  expect(verdicts(cpu(101)).slice(4, 6)).toEqual(['missed', 'missed'])
})

it('calls memory flat only after minutes, and by its second half', () => {
  const memory = (rss: number[]) => verdicts([sample({ scenario: 'steady', target: 'gatehouse', rss })])[7]
  const grown = Array.from({ length: 600 }, (_, second) => (second < 200 ? second : 200))
  expect(memory(grown)).toBe('met')
  expect(memory(grown.map((megabytes, second) => megabytes + second / 10))).toBe('missed')
  expect(memory(grown.slice(200, 300))).toBe('not measured')
})

it('counts what has no settled record', () => {
  expect(verdicts([], { answered: 5, settled: 6, open: 0 }).at(-1)).toBe('met')
  expect(verdicts([], { answered: 5, settled: 4, open: 0 }).at(-1)).toBe('missed')
  expect(verdicts([], { answered: 5, settled: 5, open: 1 }).at(-1)).toBe('missed')
  expect(verdicts([], { answered: 0, settled: 0, open: 0 })).toEqual(Array(9).fill('not measured'))
})
