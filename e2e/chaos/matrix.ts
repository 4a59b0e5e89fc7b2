/**
 * Breaks one rule of the protocol after the other, in a story that needs this rule, and shows that the check notices:
 * a check that finds nothing in a broken protocol says nothing of a whole one. Each story also runs unbroken.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Mutation } from '#e2e/chaos/edits.ts'
import { tell } from '#e2e/chaos/report.ts'
import { run, type Plan, type Report } from '#e2e/chaos/run.ts'
import { untilAllSpeak, whileTheySpeak } from '#e2e/chaos/stories.ts'
import { until } from '#e2e/world/wait.ts'

const usual = { chatsPerNode: 1, watchersPerChat: 2, prompts: ['long'], losses: {}, quietWithinMs: 25_000 } as const

/** Takes the turn's acceptance away from the server while the daemon that sent it freezes: it is never stored. */
const loseAcceptances: Plan['story'] = async ({ cluster, faults, people, observer }) => {
  cluster.lose({ acceptance: 1 })
  await until(() => people.every(({ chatId }) => observer.find(chatId, 'run.started', () => true)), { what: 'agents start' })
  // Meanwhile their daemons say in vain that they take the turns.
  await pause(4_000)
  await faults.begin('freeze daemon beyond its lease')
  cluster.lose({})
  await pause(2_000)
}

/** The last thing that a daemon delivers before it freezes is stored, and it never learns that. */
const loseAnswers: Plan['story'] = async (scene) => {
  await untilAllSpeak(scene)
  scene.cluster.lose({ acknowledgement: 1 })
  await pause(500)
  await scene.faults.begin('freeze daemon beyond its lease')
  scene.cluster.lose({})
}

const stories: Record<Mutation, Omit<Plan, 'name' | keyof typeof usual> & Partial<Plan>> = {
  'ack-early': { story: whileTheySpeak(['kill PostgreSQL', 'kill PostgreSQL', 'kill PostgreSQL']) },
  'no-dedup': { losses: { acknowledgement: 0.2 }, prompts: ['stream'], story: () => pause(6_000) },
  'no-fence': { story: whileTheySpeak(['freeze daemon beyond its lease']) },
  'lazy-outbox': { story: whileTheySpeak(['kill daemon behind a silent line', 'kill daemon behind a silent line']) },
  'hand-off-early': { prompts: ['stream'], story: loseAcceptances },
  'deaf-after-fence': { story: whileTheySpeak(['freeze daemon beyond its lease']) },
  'no-salvage': { story: whileTheySpeak(['freeze daemon beyond its lease']) },
  'salvage-all': { story: loseAnswers },
  'drop-when-full': { story: whileTheySpeak(['disk full', 'disk full']) },
  'fold-silently': { prompts: ['stream'], story: () => pause(4_000), restMs: 8_000 },
  'no-sweep': { losses: { hint: 1 }, prompts: ['stream'], story: () => pause(6_000) },
}

export const storyOf = (mutation: Mutation): Plan => ({ ...usual, name: mutation, ...stories[mutation] })

/** True when every mutation was noticed and no unbroken run was accused. */
export async function runMatrix({
  seed,
  only,
  say,
}: {
  seed: string
  only: Mutation | null
  say: (line: string) => void
}): Promise<boolean> {
  const reports: Report[] = []
  for (const mutation of only ? [only] : (Object.keys(stories) as Mutation[])) {
    for (const broken of [null, mutation]) {
      say(`${mutation}${broken ? '' : ' (whole)'}`)
      const report = await run({ plan: storyOf(mutation), seed, seconds: 0, mutation: broken })
      for (const { rule, what } of broken ? report.violations.slice(0, 3) : report.violations) say(`  ${rule}: ${what}`)
      reports.push(report)
    }
  }
  say(`Kept in ${tell(reports)}`)
  const missed = reports.filter((each) => (each.mutation === null) !== (each.violations.length === 0))
  for (const each of missed) say(each.mutation ? `${each.mutation} was not noticed` : `${each.plan} is accused without being broken`)
  return missed.length === 0
}
