/**
 * What every end-to-end test starts from: one world per worker, a project per test, and
 * browser pages of named people. When a test fails, the server's log is attached to it.
 */
import { test as base, type BrowserContext, type BrowserContextOptions, type Page } from '@playwright/test'
import { startWorld, unique, type Person, type World } from '#e2e/world/world.ts'

export { expect } from '@playwright/test'

type Project = { projectId: string; name: string }

type ForTest = {
  project: Project
  /** Opens a page in a browser of its own, signed in as that person. */
  pageOf: (person: Person, options?: BrowserContextOptions) => Promise<Page>
  /** Attaches the server's log when the test fails. */
  attachLog: void
}

export const test = base.extend<ForTest, { world: World }>({
  world: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from this pattern
    async ({}, provide) => {
      const world = await startWorld()
      await provide(world)
      await world.close()
    },
    { scope: 'worker', timeout: 180_000 },
  ],

  attachLog: [
    async ({ world }, provide, testInfo) => {
      const before = world.server.log().length
      await provide()
      if (testInfo.status !== testInfo.expectedStatus) await testInfo.attach('server.log', { body: world.server.log().slice(before) })
    },
    { auto: true },
  ],

  project: async ({ world }, provide) => {
    const name = unique('Project')
    const { projectId } = await world.owner.api.projects.create.mutate({ name })
    await provide({ projectId, name })
    await world.owner.api.projects.archive.mutate({ projectId })
  },

  pageOf: async ({ browser, world }, provide) => {
    const contexts: BrowserContext[] = []
    await provide(async (person, options = {}) => {
      const context = await browser.newContext({ ...options, baseURL: world.url })
      contexts.push(context)
      await context.addCookies(
        person.cookie.split('; ').map((each) => {
          const at = each.indexOf('=')
          return { name: each.slice(0, at), value: each.slice(at + 1), url: world.url }
        }),
      )
      return context.newPage()
    })
    for (const each of contexts) await each.close()
  },
})
