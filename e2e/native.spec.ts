/**
 * Native logins with the real programs: what is a program's own goes to its own vendor and
 * past the proxy, what is an API key goes through the proxy and to no vendor. Everything is
 * looked at from outside: who was asked, what lies where, what a process was started with.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '#e2e/fixtures.ts'
import { followChat, replyOf, type ChatFollower } from '#e2e/world/follow.ts'
import type { FakeDialect } from '#e2e/world/fake-provider-scene.ts'
import type { Account } from '#e2e/world/fake-vendor-logins.ts'
import type { VendorRequest } from '#e2e/world/fake-vendor-routes.ts'
import { environmentOf, processesOf } from '#e2e/world/processes.ts'
import { until } from '#e2e/world/wait.ts'
import { connectFake, type Person, type World } from '#e2e/world/world.ts'

// The first chat of a harness installs it.
test.describe.configure({ timeout: 300_000 })

type Login = { secret: Parameters<Person['api']['connections']['connect']['mutate']>[0]['secret']; account: Account; tokens: string[] }

type Case = {
  name: string
  harness: string
  dialect: FakeDialect
  signIn: (vendor: World['vendor']) => Login
  /** The folder of the chat's home for this kind, below its workspace. */
  home: string
  /** Where the harness reads its login, below that home; null when it is a variable. */
  file: string | null
  modelCalls: string
}

const cases: Case[] = [
  {
    name: 'codex with its auth file',
    harness: 'codex',
    dialect: 'openai-responses',
    signIn(vendor) {
      const { contents, account, access, refresh } = vendor.codexLogin()
      return { secret: { kind: 'auth-file', format: 'codex', contents }, account, tokens: [access, refresh] }
    },
    home: 'home-file',
    file: '.codex/auth.json',
    modelCalls: 'chatgpt.com/backend-api/codex/responses',
  },
  {
    name: 'claude-code with its credentials file',
    harness: 'claude-code',
    dialect: 'anthropic-messages',
    signIn(vendor) {
      const { contents, account, access, refresh } = vendor.claudeLogin()
      return { secret: { kind: 'auth-file', format: 'claude', contents }, account, tokens: [access, refresh] }
    },
    home: 'home-file',
    file: '.claude/.credentials.json',
    modelCalls: 'api.anthropic.com/v1/messages',
  },
  {
    name: 'claude-code with a subscription token',
    harness: 'claude-code',
    dialect: 'anthropic-messages',
    signIn(vendor) {
      const { access, account } = vendor.claudeToken()
      return { secret: { kind: 'oauth-token', issuer: 'anthropic', token: access }, account, tokens: [access] }
    },
    home: 'home-token',
    file: null,
    modelCalls: 'api.anthropic.com/v1/messages',
  },
]

const place = (each: VendorRequest): string => each.host + each.path
const modeOf = (file: string): number => statSync(file).mode & 0o777
const workspaceOf = (world: World, { chatId }: ChatFollower): string => path.join(world.server.home, 'node/workspaces', chatId)

/** The environments of everything that runs for a chat: its folder is named in the command of its sandbox. */
const environments = ({ chatId }: ChatFollower): string[] => processesOf(chatId).map(({ pid }) => environmentOf(pid))

function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => statSync(file).size < 5_000_000 && readFileSync(file, 'latin1').includes(text))
}

async function newChat({ api }: Person, { projectId, harness }: { projectId: string; harness: string }): Promise<ChatFollower> {
  const { chatId } = await api.chats.create.mutate({ projectId, harness })
  return followChat(api, chatId)
}

async function ask(chat: ChatFollower, words: string): Promise<string> {
  const turn = await chat.untilEnded(await chat.send(`say: ${words}`), 240_000)
  expect(turn).toMatchObject({ status: 'completed', failure: null })
  return replyOf(turn)
}

for (const { name, harness, dialect, signIn, home, file, modelCalls } of cases) {
  test(`${name}: past the proxy, until an API key takes its place`, async ({ world, project }) => {
    const { vendor, provider } = world
    const person = await world.addMember('Nia')
    const login = signIn(vendor)
    await person.api.connections.connect.mutate({ harness, scope: 'user', secret: login.secret })
    const before = { vendor: vendor.received.length, provider: provider.received.length }
    const chat = await newChat(person, { projectId: project.projectId, harness })

    expect(await ask(chat, 'Hello from the vendor.')).toBe('Hello from the vendor.')
    const asked = vendor.received.slice(before.vendor)
    expect(asked.filter((each) => place(each) === modelCalls && each.method === 'POST').length).toBeGreaterThan(0)
    expect(new Set(asked.map((each) => each.account?.accountId))).toEqual(new Set([login.account.accountId]))
    expect(provider.received).toHaveLength(before.provider)
    // The proxy metered nothing: what is known is the agent's own word, and its price nobody's.
    const records = () => person.api.usage.records.query({ chatId: chat.chatId })
    const [onLogin, ...more] = await records()
    expect(more).toEqual([])
    expect(onLogin).toMatchObject({ via: 'login', harness, userName: 'Nia', outcome: 'completed', source: 'provider', costMicros: null })
    expect(onLogin!.inputTokens + onLogin!.cacheReadTokens).toBeGreaterThan(0)
    expect(onLogin!.outputTokens).toBeGreaterThan(0)
    expect(onLogin!.turnId).toBe(chat.events.find((each) => each.type === 'turn.ended')?.turnId)

    // Whoever reads the chat learns nothing of the login, nor whose it is.
    const told = JSON.stringify(chat.events)
    for (const each of [...login.tokens, login.account.email]) expect(told).not.toContain(each)

    // What the program was started with.
    const native = environments(chat)
    expect(native.some((each) => each.includes('HTTPS_PROXY='))).toBe(true)
    for (const each of native) expect(each).not.toMatch(/(_API_KEY|_AUTH_TOKEN|_PROXY_KEY|_BASE_URL)=[^ ]/)
    const folder = path.join(workspaceOf(world, chat), home)
    if (file === null) {
      expect(native.some((each) => each.includes(`CLAUDE_CODE_OAUTH_TOKEN=${login.tokens[0]}`))).toBe(true)
      expect(filesWith(folder, login.tokens[0]!)).toEqual([])
    } else {
      const written = path.join(folder, file)
      expect([modeOf(written), modeOf(path.dirname(written))]).toEqual([0o600, 0o700])
      expect(readFileSync(written, 'utf8')).toContain(login.tokens[0])
      for (const each of native) expect(each).not.toContain(login.tokens[0])
    }
    for (const word of ['base_url', 'model_providers', '127.0.0.1:8377/ai']) expect(filesWith(folder, word)).toEqual([])
    // Codex' refresh token is single-use, and stays with the broker.
    if (harness === 'codex') expect(filesWith(workspaceOf(world, chat), login.tokens[1]!)).toEqual([])

    // The project's own key is nearer than the person's login: the next prompt goes to a new run.
    const turned = { vendor: vendor.received.length }
    await connectFake({ api: world.owner.api, provider }, { projectId: project.projectId, harness, dialect })
    expect(await ask(chat, 'Hello from the provider.')).toBe('Hello from the provider.')
    expect(vendor.received.slice(turned.vendor).map(place)).toEqual([])
    const seen = provider.received.slice(before.provider).filter((each) => each.ask)
    expect(seen.length).toBeGreaterThan(0)
    await expect(async () => {
      const metered = await records()
      expect(metered.filter((each) => each.via === 'proxy')).toHaveLength(seen.length)
      expect(metered.filter((each) => each.via === 'login')).toEqual([onLogin])
    }).toPass({ timeout: 30_000 })

    const proxied = environments(chat)
    expect(proxied.length).toBeGreaterThan(0)
    for (const token of login.tokens) {
      expect(filesWith(workspaceOf(world, chat), token)).toEqual([])
      for (const each of proxied) expect(each).not.toContain(token)
    }
    for (const each of proxied) expect(each).not.toContain('HTTPS_PROXY=')
    vendor.assertClean()
    provider.assertClean()
  })
}

test('codex refreshes an expired login through the broker alone', async ({ world, project }) => {
  const { vendor } = world
  const person = await world.addMember('Odo')
  const { contents, account } = vendor.codexLogin({ expiresInMs: 60_000 })
  await person.api.connections.connect.mutate({ harness: 'codex', scope: 'user', secret: { kind: 'auth-file', format: 'codex', contents } })
  const refreshes = () => vendor.logins.refreshes.filter((each) => each.accountId === account.accountId).map((each) => each.outcome)
  const chats = await Promise.all([0, 1].map(() => newChat(person, { projectId: project.projectId, harness: 'codex' })))
  expect(await Promise.all(chats.map((chat) => ask(chat, 'Still signed in.')))).toEqual(['Still signed in.', 'Still signed in.'])
  expect(refreshes()).toEqual(['refreshed'])
  vendor.assertClean()
})

test('claude-code refreshes by itself, and the next chat goes on with what it made of the login', async ({ world, project }) => {
  const { vendor } = world
  const person = await world.addMember('Pia')
  const { contents, account, refresh } = vendor.claudeLogin({ expiresInMs: 1_000 })
  await person.api.connections.connect.mutate({
    harness: 'claude-code',
    scope: 'user',
    secret: { kind: 'auth-file', format: 'claude', contents },
  })
  const first = await newChat(person, { projectId: project.projectId, harness: 'claude-code' })
  expect(await ask(first, 'Refreshed.')).toBe('Refreshed.')
  const file = path.join(workspaceOf(world, first), 'home-file/.claude/.credentials.json')
  await until(() => !readFileSync(file, 'utf8').includes(refresh), { what: 'the program rewrites its login' })
  // The first chat only rests on the login now, so it gives it up.
  const second = await newChat(person, { projectId: project.projectId, harness: 'claude-code' })
  expect(await ask(second, 'And again.')).toBe('And again.')
  expect(vendor.logins.refreshes.filter((each) => each.accountId === account.accountId).map((each) => each.outcome)).toEqual(['refreshed'])
  expect(filesWith(workspaceOf(world, first), 'sk-ant-ort01-')).toEqual([])
  vendor.assertClean()
})

test('a login that was spent elsewhere fails with words of its own, and says so on its connection', async ({ world, project }) => {
  const { vendor } = world
  const person = await world.addMember('Quin')
  const codex = vendor.codexLogin({ expiresInMs: 60_000 })
  const claude = vendor.claudeLogin({ expiresInMs: 1_000 })
  for (const { refresh } of [codex, claude]) vendor.logins.spend(refresh)
  const files = [
    { harness: 'codex', format: 'codex', contents: codex.contents, code: 'login.elsewhere' },
    { harness: 'claude-code', format: 'claude', contents: claude.contents, code: 'login.lost' },
  ]
  await Promise.all(
    files.map(async ({ harness, format, contents, code }) => {
      await person.api.connections.connect.mutate({ harness, scope: 'user', secret: { kind: 'auth-file', format, contents } })
      const chat = await newChat(person, { projectId: project.projectId, harness })
      const turn = await chat.untilEnded(await chat.send('say: Never said.'), 240_000)
      expect(turn).toMatchObject({ status: 'failed' })
      await expect(async () => {
        const lane = (await person.api.connections.list.query({})).find((each) => each.harness === harness)
        expect(lane?.resolution).toMatchObject({ state: 'broken', code })
      }).toPass({ timeout: 30_000 })
    }),
  )
  expect(vendor.model.received.filter((each) => each.body.includes('Never said.'))).toEqual([])
})
