/** What the proxy is held to, and whether a run shows it. Pure. */
import { comparedTo, cpuUsPerAnswer, type Sample, type Scenario } from '#bin/bench/proxy/samples.ts'
import type { TargetName } from '#bin/bench/proxy/target.ts'
import { slope } from '#bin/bench/statistics.ts'

export type Aim = { says: string; measured: number; limit: number; unit: string; verdict: 'met' | 'missed' | 'not measured' }

export type Records = {
  /** By a target that keeps records. */
  answered: number
  settled: number
  /** Still open when everything had stopped. */
  open: number
}

/** Shorter than this, a process is still finding its size. */
const STEADY_MINUTES = 5

const judge = (aim: Omit<Aim, 'verdict'>): Aim => ({
  ...aim,
  verdict: Number.isNaN(aim.measured) ? 'not measured' : aim.measured <= aim.limit ? 'met' : 'missed',
})

export function judgeAims(samples: readonly Sample[], records: Records): Aim[] {
  const against = (scenario: Scenario, base: TargetName, compare: (mine: Sample, theirs: Sample) => number) =>
    comparedTo(samples, { scenario, target: 'gatehouse' }, base, compare)
  const cpuRatio = (mine: Sample, theirs: Sample) => cpuUsPerAnswer(mine) / cpuUsPerAnswer(theirs)
  return [
    judge({
      says: 'JSON at half load, added to direct, p50',
      measured: against('json-half', 'direct', (mine, theirs) => mine.loaded.wholeMs.p50 - theirs.loaded.wholeMs.p50),
      limit: 0.5,
      unit: ' ms',
    }),
    judge({
      says: 'JSON at half load, added to direct, p99',
      measured: against('json-half', 'direct', (mine, theirs) => mine.loaded.wholeMs.p99 - theirs.loaded.wholeMs.p99),
      limit: 5,
      unit: ' ms',
    }),
    judge({
      says: 'The same of a model that thinks for 20 ms, p50',
      measured: against('json-thinking', 'direct', (mine, theirs) => mine.loaded.wholeMs.p50 - theirs.loaded.wholeMs.p50),
      limit: 0.5,
      unit: ' ms',
    }),
    judge({
      says: 'The same of a model that thinks for 20 ms, p99',
      measured: against('json-thinking', 'direct', (mine, theirs) => mine.loaded.wholeMs.p99 - theirs.loaded.wholeMs.p99),
      limit: 5,
      unit: ' ms',
    }),
    judge({ says: 'CPU of a JSON request, times nginx', measured: against('json-saturated', 'nginx', cpuRatio), limit: 4, unit: '×' }),
    judge({
      says: 'CPU of a JSON request, times Portkey',
      measured: against('json-saturated', 'portkey', cpuRatio),
      limit: 0.1,
      unit: '×',
    }),
    judge({
      says: 'First byte of a stream at half load, added to direct, p50',
      measured: against('stream-half', 'direct', (mine, theirs) => mine.loaded.firstByteMs.p50 - theirs.loaded.firstByteMs.p50),
      limit: 1,
      unit: ' ms',
    }),
    judge({
      says: `Growth of memory over the second half of at least ${STEADY_MINUTES} minutes`,
      measured: growth(samples.find(({ scenario, target }) => scenario === 'steady' && target === 'gatehouse')),
      limit: 5,
      unit: ' %',
    }),
    judge({
      says: 'Answers without a settled record, and records left open',
      measured: records.answered === 0 ? Number.NaN : Math.max(0, records.answered - records.settled) + records.open,
      limit: 0,
      unit: '',
    }),
  ]
}

/** In percent of what it had at the half; NaN when it was too short to tell. */
function growth(sample: Sample | undefined): number {
  if (!sample?.rssBytes || sample.loaded.seconds < STEADY_MINUTES * 60) return Number.NaN
  const { during } = sample.rssBytes
  const half = during.slice(Math.floor(during.length / 2))
  const spanMs = half.at(-1)!.atMs - half[0]!.atMs
  return (slope(half.map(({ atMs, bytes }) => ({ at: atMs, value: bytes }))) * spanMs * 100) / half[0]!.bytes
}
