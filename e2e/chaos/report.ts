/** Reports as tables, for people and for a file. */
import type { Report } from '#e2e/chaos/run.ts'

const cell = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || '–'

function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** One row for each run. */
export function reportTable(reports: readonly Report[]): string {
  const rows = reports.map((each) => [
    each.plan,
    each.mutation ?? 'none',
    each.seed,
    `${Math.round(each.tookMs / 1_000)} s`,
    `${each.faults.length}: ${cell(count(each.faults.map((fault) => fault.kind)))}`,
    String(each.events),
    String(each.deliveries),
    cell(each.turns),
    String(each.orphans),
    String(each.lostWords),
    `${each.violations.length}${each.violations.length > 0 ? `: ${cell(count(each.violations.map((violation) => violation.rule)))}` : ''}`,
  ])
  const head = ['plan', 'mutation', 'seed', 'took', 'faults', 'events', 'shown', 'turns', 'beside the log', 'words lost', 'violations']
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}
