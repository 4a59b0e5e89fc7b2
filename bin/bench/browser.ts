/** A Chromium for a benchmark, and pages in it that are signed in. */
import { chromium, type Browser, type Page } from '@playwright/test'
import { findChromium } from '#bin/ensure-chromium.mjs'
import { UsageError } from '#bin/bench/benchmark.ts'

export async function openBrowser(): Promise<Browser> {
  const executablePath = findChromium()
  if (!executablePath) throw new UsageError('There is no Chromium to measure in: `npx playwright test` installs one, or set CHROMIUM_PATH.')
  return chromium.launch({ executablePath })
}

/** In a context of its own, so that no page is in another one's background. */
export async function openPage(browser: Browser, { url, cookie }: { url: string; cookie: string }): Promise<Page> {
  const context = await browser.newContext({ baseURL: url, viewport: { width: 1440, height: 900 } })
  await context.addCookies(
    cookie.split('; ').map((each) => {
      const at = each.indexOf('=')
      return { name: each.slice(0, at), value: each.slice(at + 1), url }
    }),
  )
  return context.newPage()
}
