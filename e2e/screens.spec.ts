/**
 * Every screen, in both sizes and both themes: nothing that axe finds, nothing wider than
 * the screen, no request that leaves the machine, no error on the console. The pictures
 * are for people to look at: `.test/screens`. A page is loaded once for each size; the dark
 * theme is asked only what a theme decides, and the narrowest phone only whether all of it fits.
 */
import { devices, type Page } from '@playwright/test'
import { DAEMON_PROTOCOL, type SandboxReport } from '#core/links/daemon.ts'
import { accessibilityFaults, rulesOfColour } from '#e2e/accessibility.ts'
import { expect, test } from '#e2e/fixtures.ts'
import { inDatabase } from '#e2e/world/database.ts'
import { followChat } from '#e2e/world/follow.ts'
import { writeUsageHistory } from '#e2e/world/usage-history.ts'
import { connectFake, unique, type World } from '#e2e/world/world.ts'

const sizes = { desktop: { width: 1440, height: 900 }, phone: devices['iPhone 15'].viewport }
const narrow = { width: 375, height: 667 }
const rulesIn = { light: undefined, dark: rulesOfColour } as const

// Each finds what it needs by itself, so that every worker may take the next one.
test.describe.configure({ mode: 'parallel', timeout: 120_000 })

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

/** A board with something in each column where nothing moves, and what makes more of it; returns the task that was worked on. */
async function workOnBoard(world: World, projectId: string): Promise<string> {
  const { api } = world.owner
  await connectFake({ api, provider: world.provider }, { projectId, harness: 'scripted', dialect: 'openai-responses' })
  const { user } = await api.me.get.query()
  const make = async (title: string, more: object = {}) =>
    (await api.tasks.create.mutate({ projectId, title, harness: 'scripted', ...more })).taskId
  const begin = async (taskId: string) => followChat(api, (await api.tasks.start.mutate({ projectId, taskId })).chatId)
  await make('Write down how the bridge is lit at night', { dueOn: '2026-01-02', assigneeId: user.userId })
  await make('Say hello to the new neighbours')
  const asking = await begin(await make('ask May I close the road?', { assigneeId: user.userId }))
  await asking.untilView((view) => view.turns[0]?.status === 'waiting', 'a question')
  await api.tasks.close.mutate({ projectId, taskId: await make('Paint the railing'), as: 'done' })
  await api.tasks.close.mutate({ projectId, taskId: await make('Build a second bridge'), as: 'cancelled' })
  const instructions = 'The **north** lamp is out since Monday.\n\n- [ ] Find out why\n- [ ] Mend it\n\n```sh\nlamps --status north\n```'
  const more = { instructions, dueOn: '2031-05-06', assigneeId: user.userId, subtasks: ['Find out why', 'Mend it'] }
  const worked = await make('Mend the lamp at the north end', more)
  await begin(worked).then((chat) => chat.untilView((view) => Boolean(view.turns[0]?.endedAt), 'the end of a turn'))
  await api.tasks.comment.mutate({ projectId, taskId: worked, text: 'Looks good. Is the *south* end next?' })
  const template = {
    name: 'Weekly look',
    title: 'Look at the bridge',
    instructions: '',
    assigneeId: null,
    harness: 'scripted',
    model: null,
    branch: null,
  }
  const { templateId } = await api.templates.save.mutate({ projectId, ...template })
  const schedule = { every: 'week', weekday: 'Monday', at: '08:00', timeZone: 'Europe/Zurich' } as const
  await api.triggers.addSchedule.mutate({ projectId, templateId, name: 'Mondays', startsChat: true, schedule })
  await api.triggers.addWebhook.mutate({ projectId, templateId, name: 'Alarm', startsChat: false })
  return worked
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
  const base = {
    publicKey: true,
    isConnected: false,
    labels: [] as string[],
    health,
    protocol: DAEMON_PROTOCOL,
    version: '0.1.0',
    sandbox: { level: 'namespaces', reason: null } as SandboxReport,
  }
  const refused = 'This machine does not let bubblewrap make a sandbox: setting up uid map: Permission denied'
  const nodes = {
    'attic, copied': { ...base, clonedAt: true },
    'bench without a key': { ...base, publicKey: false },
    'cellar with a full disk': { ...base, isConnected: true, labels: ['eu', 'gpu'] },
    'drained build box': { ...base, isConnected: true, drainingAt: true, labels: ['eu'] },
    'elder daemon': { ...base, protocol: DAEMON_PROTOCOL - 1 },
    'forge without a sandbox': { ...base, isConnected: true, sandbox: { level: 'none', reason: refused, isMissing: true } },
    laptop: base,
  } satisfies Record<string, typeof base & { clonedAt?: boolean; drainingAt?: boolean }>
  const harnesses = [{ harness: 'codex', version: '0.1.0', onDisk: ['0.0.9', '0.1.0'], state: 'installed', fraction: null, detail: null }]
  await inDatabase(server.home, async (db) => {
    for (const [name, node] of Object.entries<typeof base & { clonedAt?: boolean; drainingAt?: boolean }>(nodes))
      await db.query(
        `insert into node (id, name, "publicKey", "isConnected", "lastSeenAt", labels, health, protocol, version, platform, capacity, "clonedAt", "drainingAt", sandbox, harnesses)
         values ($1::text, $2, case when $3 then convert_to($1::text, 'UTF8') end, $4, now() - case when $4 then interval '0' else interval '3 hours' end, $5, $6, $7, $8, 'linux-x64', 8,
           case when $9 then now() end, case when $10 then now() end, $11, $12)`,
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
          JSON.stringify(node.sandbox),
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
  'tasks-empty': (_, projectId) => ({ path: `/projects/${projectId}?tab=tasks` }),
  tasks: async (world, projectId) => {
    await workOnBoard(world, projectId)
    return { path: `/projects/${projectId}?tab=tasks` }
  },
  task: async (world, projectId) => ({ path: `/projects/${projectId}/tasks/${await workOnBoard(world, projectId)}` }),
  'tasks-automation': async (world, projectId) => {
    await workOnBoard(world, projectId)
    return {
      path: `/projects/${projectId}?tab=tasks`,
      open: async (page) => {
        await page.getByRole('button', { name: 'Automate' }).click()
        await expect(page.getByText('Every Monday at 08:00 (Europe/Zurich)')).toBeVisible()
      },
    }
  },
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

async function expectToFit(page: Page, size: string): Promise<void> {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect.soft(overflow, `${size}: wider than the screen`).toBeLessThanOrEqual(0)
}

for (const [name, find] of Object.entries(screens)) {
  test(`${name} is well on both sizes and in both themes`, async ({ browser, world, project, pageOf }) => {
    const place = await find(world, project.projectId)
    const page = place.isSignedOut ? await (await browser.newContext({ baseURL: world.url })).newPage() : await pageOf(world.owner)
    const complaints = watch(page, world.url)
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
      await page.goto(place.path)
      await expect(page.getByRole('heading').first()).toBeVisible()
      await place.open?.(page)
      // Nothing is still the shape of something that loads.
      await expect(page.locator('.animate-pulse')).toHaveCount(0)
      await expectToFit(page, size)
      for (const theme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: theme })
        await page.screenshot({ path: `.test/screens/${name}-${size}-${theme}.png` })
        expect.soft(await accessibilityFaults(page, rulesIn[theme]), `${size} ${theme}: accessibility`).toEqual([])
      }
    }
    await page.setViewportSize(narrow)
    await expectToFit(page, 'narrow')
    expect(complaints).toEqual([])
    await page.context().close()
  })
}
