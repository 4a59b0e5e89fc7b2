/**
 * `npm run bench` lists the benchmarks, `npm run bench -- <name>` runs one. They measure on
 * loopback, print what they found with the machine it was found on, and leave nothing behind.
 */
import { UsageError, type Benchmark } from '#bin/bench/benchmark.ts'
import { endAll } from '#bin/bench/children.ts'
import { live } from '#bin/bench/live/live.ts'
import { proxy } from '#bin/bench/proxy/proxy.ts'
import { transcript } from '#bin/bench/transcript/transcript.ts'

const benchmarks: readonly Benchmark[] = [proxy, live, transcript]

const [name, ...args] = process.argv.slice(2)
const found = benchmarks.find((each) => each.name === name)
let isInterrupted = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    isInterrupted = true
    endAll()
  })
}
if (found) {
  try {
    await found.run(args)
  } catch (error) {
    if (isInterrupted) process.exitCode = 130
    else if (error instanceof UsageError) {
      console.error(error.message)
      process.exitCode = 2
    } else throw error
  }
} else {
  console.log(`npm run bench -- <name> [--help]\n\n${benchmarks.map((each) => `  ${each.name.padEnd(8)} ${each.says}`).join('\n')}`)
  process.exitCode = name === undefined ? 0 : 2
}
