/**
 * The catalog as people meet it: what a server serves is ticked when it is connected, an admin decides on the rest, and a
 * chat whose model is retired goes on with its successor. The rules behind it are shown in `core/models` and `server/models`.
 */
import { ChatPage } from '#e2e/chat-page.ts'
import { ConnectionsPage } from '#e2e/connections-page.ts'
import { expect, test } from '#e2e/fixtures.ts'
import { text } from '#e2e/world/fake-provider-scene.ts'
import { connectFake, unique } from '#e2e/world/world.ts'

test.describe.configure({ timeout: 90_000 })

const harness = 'scripted'
const dialect = 'openai-responses'

test('what a server serves is found live and ticked while it is connected', async ({ world, pageOf }) => {
  const person = await world.addMember(unique('Ona Lind'))
  world.provider.list('llama-local', 'qwen-local:8b')
  const screen = new ConnectionsPage(await pageOf(person))
  await screen.open()
  await screen.act('Connect').click()
  const connect = screen.dialog('Connect Scripted agent')
  await screen.fillCustom(connect, { baseUrl: world.provider.baseUrl(dialect), key: world.provider.key })
  await connect.getByRole('button', { name: 'Ask it what it serves' }).click()
  await connect.getByRole('checkbox', { name: 'qwen-local:8b' }).click()
  await expect(connect.getByLabel('Models', { exact: false }).first()).toHaveValue('qwen-local:8b')
  await connect.getByRole('button', { name: 'Connect', exact: true }).click()
  await expect(connect).toBeHidden()
  const { models } = await person.api.models.list.query({ harness })
  expect(models).toMatchObject([{ id: 'qwen-local:8b', price: null }])
  world.provider.list()
})

test('an admin allows what a provider serves, prices it, hides it, and a member reads along', async ({ world, project, pageOf }) => {
  const { api } = world.owner
  await connectFake({ api, provider: world.provider }, { projectId: project.projectId, harness, dialect })
  const seen = unique('seen').replace(' ', '-')
  const { host } = world.provider
  world.provider.list('gpt-6.1-sol', seen)
  const page = await pageOf(world.owner)
  await page.goto('/models')
  await page.getByRole('button', { name: 'Ask the providers' }).click()
  const server = page.getByRole('region', { name: host, exact: true })
  await server.getByRole('button', { name: `Allow ${seen}` }).click()
  const row = server.getByRole('row').filter({ hasText: seen })
  await expect(row.getByText('no price')).toBeVisible()
  const menuOf = async () => (await api.models.list.query({ harness, projectId: project.projectId })).models
  expect(await menuOf()).toMatchObject([{ id: 'gpt-6.1-sol' }, { id: seen, price: null }])

  await row.getByRole('button', { name: `Change ${seen}` }).click()
  await page.getByRole('menuitem', { name: /^Price/ }).click()
  const dialog = page.getByRole('dialog', { name: seen })
  await dialog.getByRole('radio', { name: /^Own price/ }).click()
  await dialog.getByLabel('Input', { exact: true }).fill('0.5')
  await expect(dialog.getByRole('button', { name: 'Save' })).toBeDisabled()
  await dialog.getByLabel('Output', { exact: true }).fill('1.5')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(row.getByText('$0.5 / $1.5')).toBeVisible()
  expect((await menuOf())[1]).toMatchObject({ price: { inputMicros: 500_000, cacheReadMicros: 500_000 } })

  const reader = await pageOf(await world.addMember(unique('Ravi Reader')))
  await reader.goto('/models')
  const read = reader.getByRole('region', { name: host, exact: true }).getByRole('row').filter({ hasText: seen })
  await expect(read.getByText('own price')).toBeVisible()
  await expect(read.getByRole('button')).toHaveCount(0)

  await row.getByRole('button', { name: `Change ${seen}` }).click()
  await page.getByRole('menuitem', { name: 'Hide' }).click()
  await expect(row).toHaveCount(0)
  // The member's open page hears of it.
  await expect(read).toHaveCount(0)
  expect(await menuOf()).toMatchObject([{ id: 'gpt-6.1-sol' }])
  // What was said before may still be there.
  await page
    .getByRole('listitem')
    .filter({ hasText: `${seen} is hidden` })
    .getByRole('button', { name: 'Undo' })
    .click()
  await expect(row).toBeVisible()
  world.provider.list()
})

test('a chat whose model is retired says so, and goes on with the successor in one click', async ({ world, project, pageOf }) => {
  const { api } = world.owner
  const { provider } = world
  await connectFake({ api, provider }, { projectId: project.projectId, harness, dialect })
  const retired = { provider: 'custom', server: provider.host, model: 'gpt-5.6-terra' }
  const { chatId } = await api.chats.create.mutate({ projectId: project.projectId, harness, model: retired.model })
  await api.models.setRule.mutate({ ...retired, retirement: { successor: 'gpt-6.1-terra' } })
  const ada = new ChatPage(await pageOf(world.owner))
  await ada.open(`/projects/${project.projectId}/chats/${chatId}`)
  await ada.field.fill('model speak')
  await ada.button('Send').click()
  const refusal = ada.timeline.getByText('The model gpt-5.6-terra was retired. gpt-6.1-terra succeeds it.')
  await expect(refusal).toBeVisible()
  // The prompt is still there, and what it needs is one click.
  await expect(ada.field).toHaveValue('model speak')
  await ada.button('Use GPT-6.1 Terra').click()
  await expect(refusal).toHaveCount(0)
  provider.play([text('I am the successor.')])
  await ada.send('model speak')
  await expect(ada.said('I am the successor.')).toBeVisible()
  expect(provider.received.at(-1)?.ask?.model).toBe('gpt-6.1-terra')
  await api.models.clearRule.mutate(retired)
})
