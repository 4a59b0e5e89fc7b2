/** What one run of the benchmark measured, and the medians that it comes to. Pure. */
import type { Loaded } from '#bin/bench/proxy/load.ts'
import type { TargetName } from '#bin/bench/proxy/target.ts'
import { median } from '#bin/bench/statistics.ts'

export const scenarios = {
  'json-saturated': 'JSON, as fast as it goes',
  'json-half': 'JSON at half load',
  'json-thinking': 'JSON at half load, of a model that thinks for 20 ms',
  'json-large': 'JSON with 256 KB asked, as fast as it goes',
  'stream-saturated': 'Streams, as fast as they go',
  'stream-half': 'Streams at half load',
  'open-streams': 'Open streams',
  steady: 'Steady load',
} as const
export type Scenario = keyof typeof scenarios

/** One target in one round of one scenario. */
export type Sample = {
  scenario: Scenario
  target: TargetName
  round: number
  /** What an open load was; null for the others. */
  askedPerSecond: number | null
  loaded: Loaded
  /** How long it went on with what it had put off. */
  doneAfterMs: number
  /** Until then. Null without a process of its own. */
  cpuMs: number | null
  /** The database's. */
  besidesCpuMs: number | null
  /** Before, and over time while it ran. */
  rssBytes: { before: number; during: readonly { atMs: number; bytes: number }[] } | null
}

export const answeredPerSecond = ({ loaded }: Sample): number => loaded.answered / loaded.seconds

export const cpuUsPerAnswer = ({ cpuMs, loaded }: Sample): number => (cpuMs === null ? Number.NaN : (cpuMs * 1000) / loaded.answered)

export type Which = { scenario: Scenario; target: TargetName }

const samplesOf = (samples: readonly Sample[], { scenario, target }: Which): Sample[] =>
  samples.filter((each) => each.scenario === scenario && each.target === target)

/** Over the rounds; NaN of what was not measured. */
export const medianOf = (samples: readonly Sample[], which: Which, value: (sample: Sample) => number): number =>
  median(samplesOf(samples, which).map(value))

/** One target against another, round by round, since a round's noise is on both. */
export function comparedTo(
  samples: readonly Sample[],
  which: Which,
  base: TargetName,
  compare: (mine: Sample, theirs: Sample) => number,
): number {
  const theirs = samplesOf(samples, { ...which, target: base })
  const pairs = samplesOf(samples, which).flatMap((mine) => {
    const pair = theirs.find(({ round }) => round === mine.round)
    return pair ? [compare(mine, pair)] : []
  })
  return median(pairs)
}

/** Of one more stream that is open, by the median of the last quarter. */
export function rssPerStream({ rssBytes }: Sample, streams: number): number {
  if (!rssBytes) return Number.NaN
  const last = rssBytes.during.slice(Math.floor(rssBytes.during.length * 0.75))
  return (median(last.map(({ bytes }) => bytes)) - rssBytes.before) / streams
}
