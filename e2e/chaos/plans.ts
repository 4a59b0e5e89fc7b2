/** Which faults a run has, and how often. */
import { faultKinds } from '#e2e/chaos/faults.ts'
import { usualKinds } from '#e2e/chaos/people.ts'
import type { Plan } from '#e2e/chaos/run.ts'
import { atRandom, onceAllHaveSpoken } from '#e2e/chaos/stories.ts'

/** Everything that can happen, as often as it likes. */
export const longRun: Plan = {
  name: 'long',
  chatsPerNode: 3,
  watchersPerChat: 2,
  prompts: [...usualKinds, 'rest'],
  losses: { request: 0.01, acknowledgement: 0.01, hint: 0.3, slowCommit: 0.05 },
  restMs: 6_000,
  story: onceAllHaveSpoken(atRandom(faultKinds, [500, 2_500])),
}

/** One of each of what is quick to recover from; in half a minute on two cores. */
export const shortRun: Plan = {
  name: 'short',
  chatsPerNode: 1,
  watchersPerChat: 2,
  losses: { request: 0.02, acknowledgement: 0.05, hint: 0.3, slowCommit: 0.02 },
  story: atRandom(
    ['kill server', 'kill daemon', 'kill agent', 'cut node', 'cut watchers', 'watcher sleeps', 'kill PostgreSQL', 'disk full'],
    [400, 1_500],
  ),
}
