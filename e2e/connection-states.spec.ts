/**
 * The states of a connection that come about elsewhere: by another master key, by time, by another machine, by a newer
 * version of us. Each in both sizes, in one world: what the row says, and the one act that mends it, done to its end.
 * The pictures are for people to look at: `.test/screens`.
 */
import { randomUUID } from 'node:crypto'
import { devices, type BrowserContextOptions } from '@playwright/test'
import { ConnectionsPage } from '#e2e/connections-page.ts'
import { expect, test } from '#e2e/fixtures.ts'
import { inDatabase } from '#e2e/world/database.ts'
import { claudeFile } from '#e2e/world/fake-vendor-logins.ts'
import { unique, type Person, type World } from '#e2e/world/world.ts'

const { defaultBrowserType: _, ...phone } = devices['iPhone 15']
const sizes: Record<string, BrowserContextOptions> = { desktop: { viewport: { width: 1440, height: 900 } }, phone }
const themes = ['light', 'dark'] as const

/** How a new secret is given to the dialog that replaces one. */
type Renewed = { file: string } | { key: string }

type State = {
  harness: { id: string; name: string }
  /** Brings it about. */
  bring: (world: World, person: Person) => Promise<void>
  /** What is done on the screen before it shows. */
  find?: (screen: ConnectionsPage, size: string) => Promise<void>
  /** In the head of the row. */
  is: 'Broken' | 'Active'
  says: RegExp
  act: 'Replace' | 'Sign in again'
  renewed: (world: World) => Renewed
  /** Said afterwards of the new one. */
  mended: RegExp
}

const codex = { id: 'codex', name: 'Codex' }
const claudeCode = { id: 'claude-code', name: 'Claude Code' }

const connectKey = ({ provider }: World, { api }: Person) =>
  api.connections.connect.mutate({
    harness: codex.id,
    scope: 'user',
    secret: {
      kind: 'api-key',
      provider: 'custom',
      key: provider.key,
      baseUrl: provider.baseUrl('openai-responses'),
      dialect: 'openai-responses',
    },
  })

const connectFile = ({ api }: Person, harness: string, { format, contents }: { format: string; contents: string }) =>
  api.connections.connect.mutate({ harness, scope: 'user', secret: { kind: 'auth-file', format, contents } })

/** Of the one credential that somebody new has pasted. */
const change = ({ server, owner }: World, { name }: Person, set: string) =>
  inDatabase(server.home, (db) =>
    db.query(`update credential set ${set} where "createdBy" = (select id from "user" where name = $1 and email <> $2)`, [
      name,
      owner.email,
    ]),
  )

/** A run on another machine has ended there, and what it made of the login has not come back. */
async function leaveOnAnotherMachine({ server }: World, { api }: Person, connectionId: string): Promise<void> {
  const { projectId } = await api.projects.create.mutate({ name: unique('Project') })
  const { chatId } = await api.chats.create.mutate({ projectId, harness: claudeCode.id })
  const nodeId = randomUUID()
  await inDatabase(server.home, async (db) => {
    await db.query('insert into node (id, name) values ($1, $2)', [nodeId, unique('studio')])
    await db.query(
      `insert into run (id, "chatId", "nodeId", epoch, harness, "credentialId", "credentialVersion", "loginRevision", "keepsLogin", "startedAt", "endedAt")
       select $1, $2, $3, 0, a.harness, k.id, k.version, k."loginRevision", true, now() - interval '2 hours', now() - interval '1 hour'
       from attachment a join configuration f on f.id = a."configurationId" join credential k on k.id = f."credentialId" where a.id = $4`,
      [randomUUID(), chatId, nodeId, connectionId],
    )
  })
}

const newKey = ({ provider }: World): Renewed => ({ key: provider.key })
const newClaudeFile = ({ vendor }: World): Renewed => ({ file: vendor.claudeLogin().contents })

const states: Record<string, State> = {
  unreadable: {
    harness: codex,
    bring: async (world, person) => {
      await connectKey(world, person)
      await change(world, person, '"masterVersion" = 9')
    },
    is: 'Broken',
    says: /The stored credential of Codex cannot be read with this server's master key\. Connect it again\./,
    act: 'Replace',
    renewed: newKey,
    mended: /Accepted by/,
  },
  unfitting: {
    harness: codex,
    bring: async (world, person) => {
      await connectKey(world, person)
      await change(world, person, `dialect = 'anthropic-messages'`)
    },
    is: 'Broken',
    says: /Codex cannot use this kind of credential\. Choose one that it takes\./,
    act: 'Replace',
    renewed: newKey,
    mended: /Accepted by/,
  },
  expired: {
    harness: claudeCode,
    bring: async ({ vendor }, person) => {
      const contents = claudeFile({ ...vendor.claudeLogin({ expiresInMs: -60_000 }), refresh: '' })
      await connectFile(person, claudeCode.id, { format: 'claude', contents })
    },
    is: 'Broken',
    says: /The login of Claude Code has expired\. Sign in again to go on\./,
    act: 'Sign in again',
    renewed: newClaudeFile,
    mended: /Accepted by Anthropic/,
  },
  'signed-in-elsewhere': {
    harness: codex,
    bring: async ({ vendor }, person) => {
      const { contents, refresh } = vendor.codexLogin({ expiresInMs: -60_000 })
      await connectFile(person, codex.id, { format: 'codex', contents })
      vendor.logins.spend(refresh)
    },
    find: async (screen, size) => {
      await expect(screen.lane('You')).toContainText('Looks complete; its first chat will tell')
      if (size === 'phone') await screen.choose('You', 'Validate')
      else await screen.lane('You').getByRole('button', { name: 'Validate' }).click()
      await expect(screen.lane('You').getByRole('status')).toContainText('Signed in elsewhere')
    },
    is: 'Broken',
    says: /The login of Codex was renewed elsewhere, so this copy no longer opens anything\. Sign in again, for Gatehouse alone\./,
    act: 'Sign in again',
    renewed: ({ vendor }) => ({ file: vendor.codexLogin().contents }),
    mended: /Accepted by OpenAI/,
  },
  'on-another-machine': {
    harness: claudeCode,
    bring: async (world, person) => {
      const { contents } = world.vendor.claudeLogin()
      const { connectionId } = await connectFile(person, claudeCode.id, { format: 'claude', contents })
      await leaveOnAnotherMachine(world, person, connectionId)
    },
    is: 'Active',
    says: /The newest of this login is on the machine studio \w+, where a run ended 1 h ago and could not hand it back yet\./,
    act: 'Replace',
    renewed: newClaudeFile,
    mended: /Accepted by Anthropic/,
  },
}

async function replace(screen: ConnectionsPage, { harness, act }: State, renewed: Renewed): Promise<void> {
  await screen.act(act).click()
  const dialog = screen.dialog(`Replace the credential of ${harness.name}`)
  if ('key' in renewed) await dialog.getByLabel('API key').fill(renewed.key)
  else {
    const file = { name: 'login.json', mimeType: 'application/json', buffer: Buffer.from(renewed.file) }
    await dialog.getByLabel('Choose the login file').setInputFiles(file)
  }
  await dialog.getByRole('button', { name: 'Replace', exact: true }).click()
  if ('file' in renewed) await screen.dialog(`${harness.name} is connected`).getByRole('button', { name: 'Done' }).click()
  await expect(dialog).toBeHidden()
}

for (const [size, options] of Object.entries(sizes)) {
  for (const [name, state] of Object.entries(states)) {
    test(`${name}: said, and mended in one act, on a ${size}`, async ({ world, pageOf }) => {
      const person = await world.addMember(unique('Nia Berg'))
      await state.bring(world, person)
      const screen = new ConnectionsPage(await pageOf(person, options), state.harness.name)
      await screen.open()
      await state.find?.(screen, size)
      await expect(screen.state(state.is)).toBeVisible()
      await expect(screen.lane('You').getByText(state.says)).toBeVisible()
      for (const colorScheme of themes) {
        await screen.page.emulateMedia({ colorScheme })
        await screen.card.scrollIntoViewIfNeeded()
        await screen.page.screenshot({ path: `.test/screens/connection-${name}-${size}-${colorScheme}.png` })
      }

      await replace(screen, state, state.renewed(world))
      await expect(screen.state('Active')).toBeVisible()
      await expect(screen.lane('You').getByRole('status')).toContainText(state.mended)
      await expect(screen.lane('You').getByText(state.says)).toBeHidden()
      await screen.page.reload()
      await expect(screen.state('Active')).toBeVisible()
    })
  }
}
