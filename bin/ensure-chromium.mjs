/**
 * Finds a Chromium for the browser tests, and installs one where it may:
 * CHROMIUM_PATH → the system's headless shell → Playwright's own → apt (root on
 * Debian) → the system's Chromium or Chrome → `playwright install`.
 * Prints the path alone on stdout; `playwright.config.ts` reads it from CHROMIUM_PATH.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { chromium } from '@playwright/test'
import { installByApt, mayUseApt } from './apt.mjs'

export const CHROMIUM_PACKAGE = 'chromium-headless-shell'

const headlessShells = ['/usr/bin/chromium-headless-shell', '/usr/lib/chromium/chromium-headless-shell']
const browsers = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']

const first = (paths) => paths.find((each) => existsSync(each)) ?? null

function installByPlaywright() {
  console.error('Downloading a Chromium by `playwright install`; set CHROMIUM_PATH to use another browser.')
  const command = ['playwright', 'install', '--only-shell', 'chromium']
  if (spawnSync('npx', command, { stdio: ['ignore', 2, 2] }).status !== 0) return null
  return first([chromium.executablePath()])
}

/** The one that is there already and is made for tests, or null. */
export function findChromium() {
  const named = process.env.CHROMIUM_PATH
  if (named && !existsSync(named)) throw new Error(`CHROMIUM_PATH names ${named}, which does not exist.`)
  return named || first([...headlessShells, chromium.executablePath()])
}

export function ensureChromium() {
  const found =
    findChromium() ??
    ((mayUseApt() && installByApt([CHROMIUM_PACKAGE]) && first(headlessShells)) || first(browsers) || installByPlaywright())
  if (!found) throw new Error('No Chromium for the browser tests. Install one and set CHROMIUM_PATH to its path.')
  execFileSync(found, ['--version'], { stdio: 'ignore' })
  return found
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    console.log(ensureChromium())
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
