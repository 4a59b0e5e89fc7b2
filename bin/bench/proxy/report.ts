/** The run in words and columns for a terminal. */
import { loadAverage } from '#bin/bench/machine.ts'
import type { Aim } from '#bin/bench/proxy/aims.ts'
import {
  answeredPerSecond,
  comparedTo,
  cpuUsPerAnswer,
  medianOf,
  rssPerStream,
  scenarios,
  type Sample,
  type Scenario,
} from '#bin/bench/proxy/samples.ts'
import { WORD_BYTES } from '#bin/bench/proxy/speech.ts'
import type { Plan } from '#bin/bench/proxy/run.ts'
import type { Target, TargetName } from '#bin/bench/proxy/target.ts'
import { number, table } from '#bin/bench/table.ts'

export type Reported = {
  targets: readonly Pick<Target, 'name' | 'version'>[]
  plan: Plan
  samples: readonly Sample[]
  aims: readonly Aim[]
}

export function report({ targets, plan, samples, aims }: Reported): string {
  const failures = samples.flatMap(({ scenario, target, loaded }) =>
    loaded.firstFailure ? [`Failed: ${target} at ${scenario}, ${loaded.failed} times, first with: ${loaded.firstFailure}`] : [],
  )
  return [
    `Load average after: ${loadAverage()}`,
    targets.map(({ name, version }) => `  ${name} ${version}`).join('\n'),
    ...tables(samples, { targets: targets.map(({ name }) => name), openStreams: plan.openStreams }),
    ...(failures.length > 0 ? [failures.join('\n')] : []),
    `Medians of ${plan.rounds} rounds. Generator, model, database and target share the cores: requests per second are what
the machine gives all of them together; CPU per request is the target's alone. Portkey is asked at half of its own
pace, the others at half of ours.`,
    aimTable(aims),
  ].join('\n\n')
}

type Column = { head: string; cell(target: TargetName): string }

function tables(samples: readonly Sample[], { targets, openStreams }: { targets: readonly TargetName[]; openStreams: number }): string[] {
  return (Object.keys(scenarios) as Scenario[]).flatMap((scenario) => {
    const measured = targets.filter((target) => samples.some((each) => each.scenario === scenario && each.target === target))
    if (measured.length === 0) return []
    const columns = columnsOf(samples, scenario, openStreams)
    const rows = measured.map((target) => [target, ...columns.map(({ cell }) => cell(target))])
    return [`${scenarios[scenario]}\n${table([['', ...columns.map(({ head }) => head)], ...rows])}`]
  })
}

function columnsOf(samples: readonly Sample[], scenario: Scenario, openStreams: number): Column[] {
  const of = (target: TargetName, value: (sample: Sample) => number) => medianOf(samples, { scenario, target }, value)
  const column = (head: string, value: (sample: Sample) => number, unit = ''): Column => ({
    head,
    cell: (target) => number(of(target, value), unit),
  })
  const times = (base: TargetName): Column => ({
    head: `×${base}`,
    cell: (target) =>
      number(comparedTo(samples, { scenario, target }, base, (mine, theirs) => cpuUsPerAnswer(mine) / cpuUsPerAnswer(theirs))),
  })
  const added = (head: string, value: (sample: Sample) => number): Column => ({
    head,
    cell: (target) =>
      target === 'direct'
        ? '–'
        : number(comparedTo(samples, { scenario, target }, 'direct', (mine, theirs) => value(mine) - value(theirs))),
  })
  const cpu = [
    column('CPU µs', cpuUsPerAnswer),
    times('nginx'),
    times('portkey'),
    column('database µs', ({ besidesCpuMs, loaded }) => (besidesCpuMs === null ? Number.NaN : (besidesCpuMs * 1000) / loaded.answered)),
    column('goes on ms', ({ doneAfterMs }) => doneAfterMs),
  ]
  const failed = column('failed', ({ loaded }) => loaded.failed)
  const half = (what: 'wholeMs' | 'firstByteMs') => [
    column('asked/s', ({ askedPerSecond }) => askedPerSecond ?? Number.NaN),
    column('p50 ms', ({ loaded }) => loaded[what].p50),
    column('p99 ms', ({ loaded }) => loaded[what].p99),
    added('added p50', ({ loaded }) => loaded[what].p50),
    added('added p99', ({ loaded }) => loaded[what].p99),
    column('late p99', ({ loaded }) => loaded.lateMs.p99),
  ]
  switch (scenario) {
    case 'json-saturated':
    case 'json-large':
      return [
        column('req/s', answeredPerSecond),
        column('p50 ms', ({ loaded }) => loaded.wholeMs.p50),
        column('p99 ms', ({ loaded }) => loaded.wholeMs.p99),
        ...cpu,
        failed,
      ]
    case 'json-half':
    case 'json-thinking':
      return [...half('wholeMs'), ...cpu, failed]
    case 'stream-saturated':
      return [column('streams/s', answeredPerSecond), column('first byte p50', ({ loaded }) => loaded.firstByteMs.p50), ...cpu, failed]
    case 'stream-half':
      return [...half('firstByteMs'), ...cpu, failed]
    case 'open-streams':
      return [
        column('KB per stream', (sample) => rssPerStream(sample, openStreams) / 1024),
        column('MB before', ({ rssBytes }) => (rssBytes?.before ?? Number.NaN) / 2 ** 20),
        column(
          'MB at most',
          ({ rssBytes }) => (rssBytes ? Math.max(rssBytes.before, ...rssBytes.during.map(({ bytes }) => bytes)) : Number.NaN) / 2 ** 20,
        ),
        column('CPU µs per word', ({ cpuMs, loaded }) => (cpuMs === null ? Number.NaN : (cpuMs * 1000 * WORD_BYTES) / loaded.bodyBytes)),
        failed,
      ]
    case 'steady':
      return [
        column('asked/s', ({ askedPerSecond }) => askedPerSecond ?? Number.NaN),
        column('seconds', ({ loaded }) => loaded.seconds),
        column('MB at the start', ({ rssBytes }) => (rssBytes?.during[0]?.bytes ?? Number.NaN) / 2 ** 20),
        column('at the half', ({ rssBytes }) => (rssBytes?.during[Math.floor(rssBytes.during.length / 2)]?.bytes ?? Number.NaN) / 2 ** 20),
        column('at the end', ({ rssBytes }) => (rssBytes?.during.at(-1)?.bytes ?? Number.NaN) / 2 ** 20),
        ...cpu,
        failed,
      ]
  }
}

const aimTable = (aims: readonly Aim[]): string =>
  table([
    ['Aim', 'measured', 'at most', 'verdict'],
    ...aims.map(({ says, measured, limit, unit, verdict }) => [says, number(measured, unit), number(limit, unit), verdict]),
  ])
