/**
 * Every screen, in both sizes and both themes: nothing that axe finds, nothing wider than
 * the screen, no request that leaves the machine, no error on the console. The pictures
 * are for people to look at: `.test/screens`.
 */
import AxeBuilder from '@axe-core/playwright'
import { devices, type Page } from '@playwright/test'
import { DAEMON_PROTOCOL } from '#core/links/daemon.ts'
import { expect, test } from '#e2e/fixtures.ts'
import { inDatabase } from '#e2e/world/database.ts'
import { followChat } from '#e2e/world/follow.ts'
import { writeUsageHistory } from '#e2e/world/usage-history.ts'
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

/** Machines that stand in every way but ready; none of them takes work from other tests. */
async function everyCondition({ server }: World): Promise<void> {
  const health = {
    cpus: 8,
    load: 5.2,
    memoryBytes: 32 * 2 ** 30,
    freeMemoryBytes: 9 * 2 ** 30,
    diskBytes: 500 * 2 ** 30,
    freeDiskBytes: 2 ** 30,
  }
  const base = { publicKey: true, isConnected: false, labels: [] as string[], health, protocol: DAEMON_PROTOCOL, version: '0.1.0' }
  const nodes = {
    'attic, copied': { ...base, clonedAt: true },
    'bench without a key': { ...base, publicKey: false },
    'cellar with a full disk': { ...base, isConnected: true, labels: ['eu', 'gpu'] },
    'drained build box': { ...base, isConnected: true, drainingAt: true, labels: ['eu'] },
    'elder daemon': { ...base, protocol: DAEMON_PROTOCOL - 1 },
    laptop: base,
  } satisfies Record<string, typeof base & { clonedAt?: boolean; drainingAt?: boolean }>
  const harnesses = [{ harness: 'codex', version: '0.1.0', onDisk: ['0.0.9', '0.1.0'], state: 'installed', fraction: null, detail: null }]
  await inDatabase(server.home, async (db) => {
    for (const [name, node] of Object.entries<typeof base & { clonedAt?: boolean; drainingAt?: boolean }>(nodes))
      await db.query(
        `insert into node (id, name, "publicKey", "isConnected", "lastSeenAt", labels, health, protocol, version, platform, capacity, "clonedAt", "drainingAt", sandbox, harnesses)
         values ($1::text, $2, case when $3 then convert_to($1::text, 'UTF8') end, $4, now() - case when $4 then interval '0' else interval '3 hours' end, $5, $6, $7, $8, 'linux-x64', 8,
           case when $9 then now() end, case when $10 then now() end, '{"level":"namespaces","reason":null}', $11)`,
        [
          unique('node'),
          unique(name),
          node.publicKey,
          node.isConnected,
          node.labels,
          JSON.stringify(node.health),
          node.protocol,
          node.version,
          node.clonedAt ?? false,
          node.drainingAt ?? false,
          JSON.stringify(harnesses),
        ],
      )
  })
}

/** Returns the name of the server. */
async function ruledModels({ owner: { api }, provider }: World): Promise<string> {
  await api.connections.connect.mutate({
    harness: 'codex',
    scope: 'user',
    secret: {
      kind: 'api-key',
      provider: 'custom',
      key: provider.key,
      baseUrl: provider.baseUrl('openai-responses'),
      dialect: 'openai-responses',
    },
  })
  provider.list('gpt-6.1-sol', 'gpt-6.1-terra', 'o3', 'llama-4-scout', 'qwen3-coder:30b', 'seen-and-undecided')
  await api.models.discover.mutate({})
  const on = (model: string) => ({ provider: 'custom', server: provider.host, model })
  const rates = { input: 1_500_000, output: 6_000_000, cacheRead: 150_000, cacheWrite: 1_500_000 }
  await api.models.setRule.mutate({ ...on('o3'), price: rates })
  await api.models.setRule.mutate({ ...on('llama-4-scout'), isAllowed: true, name: 'Llama 4 Scout' })
  const free = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
  await api.models.setRule.mutate({ ...on('qwen3-coder:30b'), isAllowed: true, price: free, scopes: ['project'] })
  provider.list()
  return provider.host
}

/** Weeks of usage in this project alone. */
async function usagePath(
  { server, addMember }: World,
  projectId: string,
  shown: Record<string, string>,
  history: { days?: number; scale?: number } = {},
): Promise<string> {
  const { api } = await addMember('Maximiliane von und zu Hohenstein-Breitenbach', 'viewer')
  const { user } = await api.me.get.query()
  await writeUsageHistory({ home: server.home, projectId, userIds: [user.userId], ...history })
  return `/usage?${new URLSearchParams({ ...shown, project: projectId })}`
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
  // A server that was asked, with something that nobody has decided on, and a rule of each sort.
  models: async (world) => {
    await ruledModels(world)
    return { path: '/models' }
  },
  'model-dialog': async (world) => {
    const host = await ruledModels(world)
    return {
      path: '/models',
      open: async (page) => {
        await page.getByRole('region', { name: host, exact: true }).getByRole('button', { name: 'Change o3', exact: true }).click()
        await page.getByRole('menuitem', { name: /^Price/ }).click()
        await expect(page.getByRole('dialog')).toBeVisible()
      },
    }
  },
  nodes: async (world) => {
    await everyCondition(world)
    return { path: '/nodes' }
  },
  usage: async (world, projectId) => ({ path: await usagePath(world, projectId, { span: '90' }) }),
  'usage-by-chat': async (world, projectId) => ({
    path: await usagePath(world, projectId, { by: 'chat', stack: 'member', measure: 'tokens', harness: 'claude-code', sort: 'cached.up' }),
  }),
  'usage-one-day': async (world, projectId) => {
    const today = new Date().toISOString().slice(0, 10)
    return { path: await usagePath(world, projectId, { span: `${today}..${today}`, by: 'day' }, { days: 1, scale: 400 }) }
  },
  'usage-empty': (_, projectId) => ({ path: `/usage?project=${projectId}` }),
  'usage-caches': async (world, projectId) => ({ path: await usagePath(world, projectId, { view: 'caches' }) }),
  'usage-savings': async (world, projectId) => ({ path: await usagePath(world, projectId, { view: 'savings' }) }),
  'usage-requests': async (world, projectId) => ({ path: await usagePath(world, projectId, { view: 'requests' }) }),
  budgets: async (world, projectId) => {
    await writeUsageHistory({ home: world.server.home, projectId, days: 1, scale: 40 })
    await world.owner.api.budgets.set.mutate({ scope: { is: 'project', projectId }, period: 'day', limitMicros: 10_000 })
    await world.owner.api.budgets.set.mutate({ scope: { is: 'team' }, period: 'month', limitMicros: 10_000_000_000_000 })
    return { path: '/usage?view=budgets' }
  },
  // What the chat has used, and that a budget is spent.
  'chat-usage': async (world, projectId) => {
    const chatId = await workedChat(world, projectId)
    await world.owner.api.budgets.set.mutate({ scope: { is: 'project', projectId }, period: 'day', limitMicros: 0 })
    return {
      path: `/projects/${projectId}/chats/${chatId}`,
      open: async (page) => {
        await expect(page.getByText(/^The project budget of/)).toBeVisible()
        const panel = page.getByRole('complementary', { name: 'Changes, plan, usage and details' })
        if (!(await panel.isVisible())) await page.getByRole('button', { name: /^Open changes/ }).click()
        await panel.getByRole('tab', { name: 'Usage' }).click()
        await expect(panel.getByRole('region', { name: 'Budgets' })).toBeVisible()
      },
    }
  },
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
