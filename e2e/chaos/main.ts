/**
 * `npm run chaos -- --seed 11 --minutes 2`: one run, with its faults and what they did as a table.
 * `--matrix` instead breaks one rule of the protocol after the other and shows that the check notices each.
 */
import { parseArgs } from 'node:util'
import { isMutation } from '#e2e/chaos/edits.ts'
import { longRun, shortRun } from '#e2e/chaos/plans.ts'
import { runMatrix } from '#e2e/chaos/matrix.ts'
import { tell } from '#e2e/chaos/report.ts'
import { run } from '#e2e/chaos/run.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 10_000) },
    minutes: { type: 'string', default: '1' },
    /** The run that is part of `npm test`. */
    short: { type: 'boolean', default: false },
    mutation: { type: 'string' },
    matrix: { type: 'boolean', default: false },
  },
})
const say = (line: string): void => console.error(`${new Date().toISOString().slice(11, 23)} ${line}`)

const mutation = values.mutation !== undefined && isMutation(values.mutation) ? values.mutation : null
if (values.mutation !== undefined && mutation === null) throw new Error(`There is no mutation ${values.mutation}`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

if (values.matrix) process.exitCode = (await runMatrix({ seed: values.seed, only: mutation, say })) ? 0 : 1
else {
  const plan = values.short ? shortRun : longRun
  const report = await run({ plan, seed: values.seed, seconds: values.short ? 8 : Number(values.minutes) * 60, mutation, say })
  say(`Kept in ${tell([report])}`)
  for (const { rule, chatId, what } of report.violations) console.log(`${rule}: ${what} (${chatId})`)
  if (report.folder) console.log(`What the processes said and stored: ${report.folder}`)
  process.exitCode = report.violations.length > 0 ? 1 : 0
}
// The feeds of watchers leave timers behind.
process.exit()
