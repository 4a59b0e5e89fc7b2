/**
 * `npm test`: from a fresh `npm install` to a verdict, on a machine that has nothing else.
 * A browser and a Redis are found or installed; `next build` runs beside the checks and the tests of
 * vitest (pure and database); then the end-to-end tests drive the built product.
 * The last line is the verdict: every check, build and single test counts as one.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { installByApt, mayUseApt } from './apt.mjs'
import { CHROMIUM_PACKAGE, ensureChromium, findChromium } from './ensure-chromium.mjs'
import { findRedis, REDIS_PACKAGE } from './ensure-redis.mjs'
import { checks } from './check.mjs'
import { root, runChain, runStep } from './steps.mjs'

const reports = path.join(root, '.test/reports')
rmSync(reports, { recursive: true, force: true })
mkdirSync(reports, { recursive: true })
const unitReport = path.join(reports, 'vitest.json')
const e2eReport = path.join(reports, 'playwright.json')

const readJson = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return null // the tool died before it wrote a word: its step failed, and that counts
  }
}

/** A step whose tool counts its own tests: their numbers, and one failure more when it failed without a failing test. */
function countTests(step, counts) {
  if (!counts) return { passed: 0, failed: 1 }
  return step.passed || counts.failed > 0 ? counts : { ...counts, failed: 1 }
}

function countVitest(step) {
  const report = readJson(unitReport)
  return countTests(
    step,
    report && {
      passed: report.numPassedTests,
      failed: report.numFailedTests + report.numFailedTestSuites * Number(report.numFailedTests === 0),
    },
  )
}

function countPlaywright(step) {
  const stats = readJson(e2eReport)?.stats
  return countTests(step, stats && { passed: stats.expected, failed: stats.unexpected + stats.flaky })
}

// Both at once: reading the lists of packages takes longest.
const missing = [...(findChromium() ? [] : [CHROMIUM_PACKAGE]), ...(findRedis() ? [] : [REDIS_PACKAGE])]
if (missing.length > 0 && mayUseApt()) installByApt(missing)
const chromium = ensureChromium()
if (!findRedis()) console.log('No Redis or Valkey is installed: what needs one is not tested. Set REDIS_SERVER_PATH to a server to do so.')
const build = { name: 'build', command: 'node bin/build.mjs' }
const unit = {
  name: 'unit and database tests',
  command: `vitest run --reporter=default --reporter=json --outputFile.json=${JSON.stringify(unitReport)}`,
  env: { TZ: 'Asia/Kathmandu' },
}
const e2e = {
  name: 'end-to-end tests',
  command: 'playwright test',
  isLoud: true,
  env: { CHROMIUM_PATH: chromium, PLAYWRIGHT_JSON_OUTPUT_FILE: e2eReport },
}

// `next typegen` and `next build` write the same folder, so what needs types waits for the build.
const [[built, ...typed], [tested, ...cheap]] = await Promise.all([runChain([build, ...checks[0]]), runChain([unit, ...checks[1]])])
const driven = built.passed ? await runStep(e2e) : { name: e2e.name, passed: false, output: '' }

const single = [built, ...cheap, ...typed]
const counts = [
  { passed: single.filter((each) => each.passed).length, failed: single.filter((each) => !each.passed).length },
  countVitest(tested),
  countPlaywright(driven),
]
const sum = (what) => counts.reduce((total, each) => total + each[what], 0)
console.log(`${sum('passed')} passed, ${sum('failed')} failed`)
process.exitCode = sum('failed') > 0 ? 1 : 0
