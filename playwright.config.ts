import { defineConfig, devices } from '@playwright/test'
import { ensureChromium } from './bin/ensure-chromium.mjs'

/**
 * End to end: the built product, its real daemon and a fake provider (`e2e/world`).
 * `world` drives API, processes and harnesses without a browser; the screens run in
 * both sizes. Three workers, each with a world of its own: on two cores, two of them wait
 * half of the time.
 */
const withoutBrowser = ['chaos', 'harnesses', 'native', 'refusals', 'start', 'bad-input-api'].map((each) => `**/${each}.spec.ts`)
const inOneSize = ['bad-input', 'connection-states', 'first-run', 'nodes', 'screens'].map((each) => `**/${each}.spec.ts`)

export default defineConfig({
  testDir: 'e2e',
  // What ends in .test.ts is vitest's.
  testMatch: '**/*.spec.ts',
  outputDir: '.test/results',
  globalSetup: './e2e/world/ensure-pages.ts',
  fullyParallel: false,
  workers: 3,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ? [['list'], ['json']] : [['list']],
  use: {
    browserName: 'chromium',
    // Without a film: painting it costs as much as the tests.
    trace: { mode: 'retain-on-failure', screenshots: false },
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: ensureChromium(),
      args: ['--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
    },
  },
  projects: [
    { name: 'world', testMatch: withoutBrowser },
    { name: 'desktop', testIgnore: withoutBrowser, use: { ...devices['Desktop Chrome'], viewport: { width: 1440, height: 900 } } },
    {
      name: 'phone',
      testIgnore: [...withoutBrowser, ...inOneSize],
      use: { ...devices['iPhone 15'], browserName: 'chromium' },
    },
  ],
})
