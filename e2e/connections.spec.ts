/**
 * How people see, mend and take away connections, in the browser alone: every state of a row and what leads out of it.
 * The rules behind it are shown without a browser, in `server/connections`.
 */
import { ChatPage } from '#e2e/chat-page.ts'
import { ConnectionsPage } from '#e2e/connections-page.ts'
import { expect, test } from '#e2e/fixtures.ts'
import { hang, text } from '#e2e/world/fake-provider-scene.ts'
import { followChat } from '#e2e/world/follow.ts'
import { NOBODY, unique, type Person, type World } from '#e2e/world/world.ts'

test.describe.configure({ timeout: 90_000 })

const harness = 'scripted'

/** Somebody new, with a key and a project of their own, of which they are maintainer. */
async function settled(world: World, name: string): Promise<{ person: Person; projectId: string; connectionId: string }> {
  const person = await world.addMember(unique(name))
  const { connectionId } = await connectKey(world, person)
  const { projectId } = await person.api.projects.create.mutate({ name: unique('Project') })
  return { person, projectId, connectionId }
}

const connectKey = ({ provider }: World, { api }: Person, projectId?: string) =>
  api.connections.connect.mutate({
    harness,
    ...(projectId === undefined ? { scope: 'user' } : { scope: 'project', projectId }),
    secret: {
      kind: 'api-key',
      provider: 'custom',
      key: provider.key,
      baseUrl: provider.baseUrl('openai-responses'),
      dialect: 'openai-responses',
    },
  })

const chatPath = (projectId: string, chatId: string) => `/projects/${projectId}/chats/${chatId}`

test('a refused key is said before it is stored, kept if one insists, and replaced in one step', async ({ world, pageOf }) => {
  const person = await world.addMember(unique('Nia Berg'))
  const refused = `sk-refused-${unique('key').replace(' ', '-')}`
  world.provider.refuse(refused)
  const screen = new ConnectionsPage(await pageOf(person))
  await screen.open()
  await screen.act('Connect').click()
  const connect = screen.dialog('Connect Scripted agent')
  await screen.fillCustom(connect, { baseUrl: world.provider.baseUrl('openai-responses'), key: refused })
  await connect.getByRole('button', { name: 'Connect', exact: true }).click()
  await expect(connect.getByRole('alert')).toContainText(/refuses this key/)
  await expect(connect.getByLabel('API key')).toHaveValue(refused)
  expect((await person.api.connections.list.query({})).flatMap((row) => row.attachments.filter((each) => each.scope === 'user'))).toEqual(
    [],
  )

  await connect.getByRole('button', { name: 'Save anyway' }).click()
  await expect(connect).toBeHidden()
  await expect(screen.state('Broken')).toBeVisible()
  await expect(screen.lane('You')).toContainText(/refuses the key of this connection/)
  await expect(screen.lane('You')).toContainText(/Refused by/)

  await screen.act('Replace').click()
  const replace = screen.dialog('Replace the credential of Scripted agent')
  await expect(replace.getByLabel('Base URL')).toHaveValue(world.provider.baseUrl('openai-responses'))
  await screen.fillCustom(replace, { key: world.provider.key })
  await replace.getByRole('button', { name: 'Replace', exact: true }).click()
  await expect(replace).toBeHidden()
  await expect(screen.state('Active')).toBeVisible()
  await expect(screen.lane('You')).toContainText(/Accepted by/)
  await expect(screen.act('Replace')).toBeFocused()

  await screen.act('Replace').click()
  await replace.getByLabel('Base URL').fill(`http://${NOBODY}/v1`)
  await screen.fillCustom(replace, { key: world.provider.key })
  await replace.getByRole('button', { name: 'Replace', exact: true }).click()
  await expect(screen.toast('could not be reached, so it is saved unchecked')).toBeVisible()
  await screen.choose('You', 'Validate')
  await expect(screen.lane('You').getByRole('status')).toContainText(/could not be reached/)
  await expect(screen.state('Active')).toBeVisible()
})

test('a project is given its own, says why that one holds, and gives it back, with a minute to think again', async ({ world, pageOf }) => {
  const { person, projectId } = await settled(world, 'Theo Falk')
  const screen = new ConnectionsPage(await pageOf(person))
  await screen.open({ projectId })
  await expect(screen.state('Inherits yours')).toBeVisible()
  await screen.act('Override for this project').click()
  const override = screen.dialog('Override for this project: Scripted agent')
  await override.getByText(/^Your /).click()
  await override.getByRole('button', { name: 'Override', exact: true }).click()
  await expect(override).toBeHidden()
  await expect(screen.state('Active')).toBeVisible()

  await screen.act('Why this one?').click()
  const why = screen.dialog(/^Why this one/)
  await expect(why.getByRole('listitem').first()).toContainText(/This project.*is used\./s)
  await expect(why.getByText('Not asked.').first()).toBeVisible()
  await screen.page.keyboard.press('Escape')
  await expect(screen.act('Why this one?')).toBeFocused()

  await screen.choose('This project', 'Remove override…')
  const remove = screen.dialog(/^Remove the override/)
  await expect(remove.getByText('No chat is running on it.')).toBeVisible()
  await expect(remove.getByText(/Scripted agent runs on .* \(yours\)\./)).toBeVisible()
  await remove.getByRole('button', { name: 'Remove override' }).click()
  await expect(screen.state('Inherits yours')).toBeVisible()
  await screen.toast('Override removed').getByRole('button', { name: 'Undo' }).click()
  await expect(screen.state('Active')).toBeVisible()
})

test('a disabled connection halts with its reason, and inheritance resumes in one step', async ({ world, pageOf }) => {
  const { person, projectId } = await settled(world, 'Ida Lund')
  await connectKey(world, person, projectId)
  const { chatId } = await person.api.chats.create.mutate({ projectId, harness })
  const screen = new ConnectionsPage(await pageOf(person))
  await screen.open({ projectId })
  await screen.choose('This project', 'Disable…')
  const disable = screen.dialog(/^Disable /)
  await expect(disable.getByText(/is off in this project until somebody enables it/)).toBeVisible()
  await disable.getByRole('button', { name: 'Disable', exact: true }).click()
  await expect(screen.state('Disabled')).toBeVisible()
  await expect(screen.lane('You')).toContainText('Not reached')

  const chat = new ChatPage(screen.page)
  await chat.open(chatPath(projectId, chatId))
  await expect(chat.timeline.getByText(/The connection of Scripted agent is switched off\./).first()).toBeVisible()

  await screen.open({ projectId })
  await screen.act('Resume inheritance').click()
  const resume = screen.dialog('Resume inheritance?')
  await expect(resume.getByText(/Scripted agent runs on .* \(yours\)\./)).toBeVisible()
  await resume.getByRole('button', { name: 'Resume inheritance' }).click()
  await expect(screen.state('Inherits yours')).toBeVisible()
  await chat.open(chatPath(projectId, chatId))
  await chat.send('say Back to my own.')
  await expect(chat.said('Back to my own.')).toBeVisible({ timeout: 30_000 })
})

test('a personal key is shared with the team, and a colleague is told when it is no longer', async ({ world, pageOf }) => {
  const { person, projectId } = await settled(world, 'Omar Aziz')
  const colleague = await world.addMember(unique('Mei Lin'))
  const { chatId } = await person.api.chats.create.mutate({ projectId, harness })
  const guest = new ChatPage(await pageOf(colleague))
  await guest.open(chatPath(projectId, chatId))
  await expect(guest.timeline.getByText(/personal credential, so only they may prompt it/)).toBeVisible()

  const screen = new ConnectionsPage(await pageOf(person))
  await screen.open()
  await screen.choose('You', 'Share with the team')
  await expect(screen.lane('You').getByText('Shared with the team', { exact: true })).toBeVisible()
  await guest.send('say On your key.')
  await expect(guest.said('On your key.')).toBeVisible({ timeout: 30_000 })

  await screen.choose('You', 'Stop sharing with the team')
  await expect(screen.lane('You').getByText('Shared with the team', { exact: true })).toBeHidden()
  await expect(guest.timeline.getByText(/personal credential, so only they may prompt it/)).toBeVisible()

  // Who leaves takes along what is only theirs, and whoever removes them reads it first.
  const admin = await pageOf(world.owner)
  await admin.goto('/team')
  await admin.getByRole('button', { name: `Remove ${person.name}` }).click()
  const removal = admin.getByRole('dialog', { name: `Remove ${person.name}?` })
  await expect(removal.getByText('Scripted agent: their personal key')).toBeVisible()
  await expect(removal.getByText('1 access token')).toBeVisible()
  await removal.getByRole('button', { name: 'Cancel' }).click()
})

test('a chat on a login is its owner’s alone until they share it', async ({ world, pageOf }) => {
  const { person, projectId } = await settled(world, 'Lea Roth')
  const { chatId } = await person.api.chats.create.mutate({ projectId, harness, title: unique('About the account') })
  const [chat, guest] = [new ChatPage(await pageOf(person)), new ChatPage(await pageOf(world.owner))]
  // On a key it is everybody's, and an admin is at it when its next run is on a login.
  await guest.open(chatPath(projectId, chatId))
  const contents = JSON.stringify({ account: 'lea' })
  await person.api.connections.connect.mutate({ harness, scope: 'user', secret: { kind: 'auth-file', format: 'scripted', contents } })
  await chat.open(chatPath(projectId, chatId))
  await chat.send('say Only for me.')
  await expect(chat.said('Only for me.')).toBeVisible({ timeout: 30_000 })
  const unseen = guest.page.getByText('This chat does not exist, or you may not see it.')
  await expect(unseen).toBeVisible()
  await expect(guest.page.getByText('Only for me.')).toHaveCount(0)

  await expect(chat.button(/^Only you\./)).toBeVisible()
  await chat.button(/^Share$/).click()
  await chat.page.getByRole('dialog', { name: 'Share this chat?' }).getByRole('button', { name: 'Share' }).click()
  await expect(chat.button('Make private')).toBeVisible()
  await guest.page.reload()
  await expect(guest.said('Only for me.')).toBeVisible()
})

test('disconnecting shows the chat that it stops, stops it, and can be undone', async ({ world, pageOf }) => {
  const { person, projectId } = await settled(world, 'Ben Okoro')
  const { chatId } = await person.api.chats.create.mutate({ projectId, harness, title: 'Long work' })
  const chat = followChat(person.api, chatId)
  world.provider.play([text('Begun.'), hang()])
  const turnId = await chat.send('model Work until I stop you.')
  await chat.untilView((view) => JSON.stringify(view).includes('Begun.'), 'the agent works')

  const screen = new ConnectionsPage(await pageOf(person))
  await screen.open()
  const details = await screen.details('You')
  await expect(details.getByRole('link', { name: 'Long work' })).toHaveAttribute('href', chatPath(projectId, chatId))
  await screen.choose('You', 'Disconnect…')
  const disconnect = screen.dialog(/^Disconnect /)
  await expect(disconnect.getByText('Long work')).toBeVisible()
  await expect(disconnect.getByText(/has no connection for you until you connect one/)).toBeVisible()
  await disconnect.getByRole('button', { name: 'Disconnect', exact: true }).click()
  await expect(screen.state('Not connected')).toBeVisible()
  await expect(screen.toast('Stopped: Long work')).toBeVisible()
  // The model would never have ended it.
  await chat.untilEnded(turnId, 20_000)

  await screen.toast('Disconnected').getByRole('button', { name: 'Undo' }).click()
  await expect(screen.state('Active')).toBeVisible()
  await chat.untilEnded(await chat.send('say On again.'))
  expect(JSON.stringify(chat.view())).toContain('On again.')
})

test('a login file shows whose it is, and gives way to a key', async ({ world, pageOf }) => {
  const person = await world.addMember(unique('Lea Roth'))
  const account = world.vendor.logins.newAccount({ plan: 'plus' })
  const login = world.vendor.codexLogin({ account })
  const screen = new ConnectionsPage(await pageOf(person), 'Codex')
  await screen.open()
  await screen.act('Connect').click()
  const connect = screen.dialog('Connect Codex')
  await connect.getByText('ChatGPT account', { exact: true }).click()
  const choose = (contents: string) =>
    connect
      .getByLabel('Choose the login file')
      .setInputFiles({ name: 'auth.json', mimeType: 'application/json', buffer: Buffer.from(contents) })
  await choose('x'.repeat(256 * 1024 + 1))
  await expect(connect.getByRole('alert')).toHaveText('auth.json is larger than 256 KiB, so it is no login file.')
  await choose('{"OPENAI_API_KEY": "sk-proj-this-is-a-key"}')
  await connect.getByRole('button', { name: 'Connect', exact: true }).click()
  await expect(connect.getByRole('alert')).toContainText('This JSON is not a login of this agent.')
  await choose(login.contents)
  await connect.getByRole('button', { name: 'Connect', exact: true }).click()
  const stored = screen.dialog('Codex is connected')
  await expect(stored.getByText(account.email)).toBeVisible()
  await expect(stored.getByText('plus', { exact: true })).toBeVisible()
  await stored.getByRole('button', { name: 'Done' }).click()
  await expect(screen.lane('You')).toContainText(account.email)

  await screen.act('Replace').click()
  const replace = screen.dialog('Replace the credential of Codex')
  await replace.getByText('Key, billed by use', { exact: true }).click()
  await screen.fillCustom(replace, { baseUrl: world.provider.baseUrl('openai-responses'), key: world.provider.key })
  await replace.getByRole('button', { name: 'Replace', exact: true }).click()
  await expect(screen.lane('You')).toContainText(/Accepted by/)
  await expect(screen.card.getByText(account.email)).toBeHidden()
})
