/**
 * `npm run docs` writes the README's table of what each credential becomes in a run, between its markers, from what the
 * registry would really have a run get. With `--check` it only says whether the table is still true.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { planLaunch, vendorHosts, type LaunchPlan } from '#core/connections/launch.ts'
import { deliveriesOf, place, runGrant } from '#core/connections/testing.ts'
import type { Acceptance, Harness } from '#core/harnesses/harness.ts'
import { offeredHarnesses } from '#core/harnesses/registry.ts'
import type { DeliveryGrant } from '#core/links/daemon.ts'

const BEGIN = '<!-- written by `npm run docs` -->'
const END = '<!-- end of what `npm run docs` writes -->'

const heads = ['Agent', 'Credential', 'Files in its home', 'Variables', 'Where its requests go', 'Who may prompt', 'Who renews it']

const code = (words: readonly string[]): string => (words.length > 0 ? words.map((each) => `\`${each}\``).join(' ') : '–')
const unique = (words: readonly string[]): string[] => [...new Set(words)]

const deliveries = (harness: Harness, { via }: Acceptance): DeliveryGrant[] => deliveriesOf(harness).filter((each) => each.via === via)

const planOf = (harness: Harness, delivery: DeliveryGrant): LaunchPlan => planLaunch(runGrant({ harness: harness.id, delivery }), place)

/** What this delivery sets and the others of the harness do not: the rest has nothing to do with the credential. */
function variablesOf(harness: Harness, accepted: Acceptance): string[] {
  const names = (via: Acceptance['via']) =>
    deliveriesOf(harness)
      .filter((each) => each.via === via)
      .flatMap((each) => Object.keys(planOf(harness, each).env))
  const others = harness.accepts.filter((each) => each.via !== accepted.via).map(({ via }) => names(via))
  // Which model is no secret, and the way out to a vendor is every login's and told once below the table.
  const isTold = (name: string) => !/_MODEL(_OPTION)?$|^(https|no)_proxy$/i.test(name)
  return unique(names(accepted.via)).filter((name) => isTold(name) && !others.every((each) => each.includes(name)))
}

function rowOf(harness: Harness, accepted: Acceptance): string[] {
  const own = deliveries(harness, accepted)
  const files = unique(own.flatMap((each) => planOf(harness, each).files.map(({ path }) => path.slice(place.home.length + 1))))
  const hosts = unique(own.flatMap((each) => vendorHosts(harness, each)))
  const common = [code(files), code(variablesOf(harness, accepted))]
  switch (accepted.via) {
    case 'proxy':
      return [
        harness.name,
        'API key',
        ...common,
        'our proxy, which adds the key and meters',
        'whoever may use it',
        'nobody: it does not expire',
      ]
    case 'file': {
      const renews = accepted.refresh.by === 'broker' ? 'the server, once for all runs' : 'the agent; the server takes the new file back'
      return [harness.name, 'login file', ...common, `past the proxy, to ${code(hosts)}`, 'its owner', renews]
    }
    case 'env':
      return [harness.name, 'subscription token', ...common, `past the proxy, to ${code(hosts)}`, 'its owner', 'you, when it expires']
  }
}

const lineOf = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

function table(): string {
  const rows = offeredHarnesses({ isTesting: false }).flatMap((harness) => harness.accepts.map((each) => lineOf(rowOf(harness, each))))
  return [lineOf(heads), lineOf(heads.map(() => '---')), ...rows].join('\n')
}

const path = join(import.meta.dirname, '../README.md')
const readme = readFileSync(path, 'utf8')
const [before, rest] = readme.split(`${BEGIN}\n`)
const after = rest?.split(`\n${END}`)[1]
if (before === undefined || after === undefined) throw new Error(`README.md has lost the markers ${BEGIN} and ${END}`)
const written = `${before}${BEGIN}\n\n${table()}\n\n${END}${after}`
if (written === readme) console.log('The table of credentials is true.')
else if (process.argv.includes('--check')) {
  console.error('README.md: the table of credentials is not what the registry says. Run `npm run docs`.')
  process.exitCode = 1
} else {
  writeFileSync(path, written)
  console.log('Wrote the table of credentials.')
}
