/** Reports as tables, for people and for a file. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '#e2e/world/server.ts'
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
function reportTable(reports: readonly Report[]): string {
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

/** Prints the table, and keeps it with every violation below. Returns the file. */
export function tell(reports: readonly Report[]): string {
  const file = path.join(root, '.test/chaos.md')
  const violations = reports.flatMap((each) =>
    each.violations.map(
      ({ rule, what, chatId }) => `- ${each.plan}, mutation ${each.mutation ?? 'none'}: ${rule}: ${what} (chat ${chatId})`,
    ),
  )
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, `${reportTable(reports)}\n\n${violations.join('\n')}\n`)
  console.log(reportTable(reports))
  return file
}
