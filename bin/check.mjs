/**
 * `npm run check`: everything that reads the code without running it, in less than a
 * minute. `npm test` runs the same steps.
 */
import { pathToFileURL } from 'node:url'
import { runChain } from './steps.mjs'

/** Two chains for two cores. Types come first, since the type-aware lint reads what `next typegen` writes. */
export const checks = [
  [
    { name: 'types', command: 'next typegen && tsc --noEmit -p .' },
    { name: 'lint and boundaries', command: 'oxlint' },
  ],
  [
    { name: 'format', command: 'oxfmt --check' },
    {
      name: 'lockfiles',
      command:
        'node bin/check-lock.mjs package-lock.json agent/launch/locks/*/package-lock.json bin/bench/proxy/portkey-lock/package-lock.json',
    },
    { name: 'dead code', command: 'knip' },
    { name: 'table of credentials', command: 'node bin/docs.ts --check' },
    { name: 'database drift', command: 'npm run --silent db:drift' },
  ],
]

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const results = (await Promise.all(checks.map(runChain))).flat()
  const failed = results.filter((each) => !each.passed).length
  console.log(`${results.length - failed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
}
