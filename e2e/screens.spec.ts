/**
 * Every screen, in both sizes and both themes: nothing that axe finds, nothing wider than
 * the screen, no request that leaves the machine, no error on the console. The pictures
 * are for people to look at: `.test/screens`.
 */
import AxeBuilder from '@axe-core/playwright'
import { devices, type Page } from '@playwright/test'
import { expect, test } from '#e2e/fixtures.ts'
import { followChat } from '#e2e/world/follow.ts'
import { connectFake, unique, type World } from '#e2e/world/world.ts'

const sizes = { desktop: { width: 1440, height: 900 }, phone: devices['iPhone 15'].viewport, narrow: { width: 375, height: 667 } }
const themes = ['light', 'dark'] as const

type Place = {
  path: string
  isSignedOut?: boolean
  /** What is opened on the page before it is looked at. */
  open?: (page: Page) => Promise<void>
}

/** What a chat looks like after work: a reply, a thought, a tool call with its diff. */
async function workedChat(world: World, projectId: string): Promise<string> {
  const { api } = world.owner
  await connectFake({ api, provider: world.provider }, { projectId, harness: 'scripted', dialect: 'openai-responses' })
  const { chatId } = await api.chats.create.mutate({ projectId, harness: 'scripted', title: 'Greet the team' })
  const chat = followChat(api, chatId)
  await chat.untilEnded(await chat.send('Show everything that you can do.'))
  return chatId
}

/** Active, broken and disabled; the scripted agent stays unconnected. */
async function everyState({ owner, provider }: World): Promise<void> {
  const connect = (harness: string, dialect: 'openai-responses' | 'openai-chat' | 'anthropic-messages', key: string) =>
    owner.api.connections.connect.mutate({
      harness,
      scope: 'user',
      secret: { kind: 'api-key', provider: 'custom', key, baseUrl: provider.baseUrl(dialect), dialect },
    })
  const refused = 'sk-refused-by-everybody'
  provider.refuse(refused)
  await connect('codex', 'openai-responses', provider.key)
  await connect('claude-code', 'anthropic-messages', refused)
  const { connectionId } = await connect('opencode', 'openai-chat', provider.key)
  await owner.api.connections.setEnabled.mutate({ connectionId, isEnabled: false })
}

const screens: Record<string, (world: World, projectId: string) => Promise<Place> | Place> = {
  'sign-in': () => ({ path: '/sign-in', isSignedOut: true }),
  'setup-closed': () => ({ path: '/setup', isSignedOut: true }),
  invite: async (world) => {
    const { url } = await world.owner.api.team.invite.mutate({ email: `${unique('guest').replace(' ', '.')}@example.test`, role: 'member' })
    return { path: new URL(url).pathname, isSignedOut: true }
  },
  'invite-unusable': () => ({ path: '/invite/inv_not-a-token', isSignedOut: true }),
  home: () => ({ path: '/' }),
  project: async (world, projectId) => {
    await workedChat(world, projectId)
    return { path: `/projects/${projectId}` }
  },
  'project-empty': (_, projectId) => ({ path: `/projects/${projectId}` }),
  chat: async (world, projectId) => ({ path: `/projects/${projectId}/chats/${await workedChat(world, projectId)}` }),
  // A row of each state, the details of one of them open.
  connections: async (world) => {
    await everyState(world)
    return {
      path: '/connections',
      open: async (page) => {
        await page
          .getByRole('button', { name: /^Show details/ })
          .first()
          .click()
        await expect(page.getByText('Fingerprint')).toBeVisible()
      },
    }
  },
  advanced: async (world) => {
    await everyState(world)
    return { path: '/connections/advanced' }
  },
  'connections-of-project': async (world, projectId) => {
    await everyState(world)
    return {
      path: `/projects/${projectId}?tab=connections`,
      open: async (page) => {
        await page.getByRole('button', { name: 'Override for this project' }).first().click()
        await expect(page.getByRole('dialog', { name: /^Override/ })).toBeVisible()
      },
    }
  },
  search: () => ({ path: '/search?q=nothing' }),
  team: () => ({ path: '/team' }),
  nodes: () => ({ path: '/nodes' }),
  usage: () => ({ path: '/usage' }),
  audit: () => ({ path: '/audit' }),
  account: () => ({ path: '/account' }),
  'not-found': () => ({ path: '/no/such/page' }),
}

/** What a page must not do; filled while it runs. */
function watch(page: Page, url: string): string[] {
  const complaints: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob|about):/.test(request.url()))
      complaints.push(`leaves the machine: ${request.url()}`)
  })
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 404/.test(message.text())) complaints.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`throws: ${error.message}`))
  return complaints
}

for (const [name, find] of Object.entries(screens)) {
  test(`${name} is well on both sizes and in both themes`, async ({ browser, world, project, pageOf }) => {
    const place = await find(world, project.projectId)
    const page = place.isSignedOut ? await (await browser.newContext({ baseURL: world.url })).newPage() : await pageOf(world.owner)
    const complaints = watch(page, world.url)
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.setViewportSize(viewport)
      await page.goto(place.path)
      await expect(page.getByRole('heading').first()).toBeVisible()
      await place.open?.(page)
      for (const theme of themes) {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
        // Nothing is still the shape of something that loads.
        await expect(page.locator('.animate-pulse')).toHaveCount(0)
        await page.screenshot({ path: `.test/screens/${name}-${size}-${theme}.png` })
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        expect.soft(overflow, `${size} ${theme}: wider than the screen`).toBeLessThanOrEqual(0)
        if (size === 'narrow') continue
        const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze()
        const found = violations.flatMap(({ id, nodes }) =>
          nodes.map((each) => `${id}: ${each.html.slice(0, 200)} — ${each.failureSummary?.split('\n')[1]?.trim()}`),
        )
        expect.soft(found, `${size} ${theme}: accessibility`).toEqual([])
      }
    }
    expect(complaints).toEqual([])
    await page.context().close()
  })
}
