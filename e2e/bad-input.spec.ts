/** What bad input gets on the screen: a sentence, a next step, and the prompt that was typed. */
import { ChatPage } from '#e2e/chat-page.ts'
import { expect, test } from '#e2e/fixtures.ts'
import { error } from '#e2e/world/fake-provider-scene.ts'
import { followChat } from '#e2e/world/follow.ts'
import { processesOf } from '#e2e/world/processes.ts'
import { connectFake, unique, type World } from '#e2e/world/world.ts'

test.describe.configure({ timeout: 90_000 })

async function scriptedChat(world: World, projectId: string): Promise<{ path: string; chatId: string; connectionId: string }> {
  const { api } = world.owner
  const connectionId = await connectFake({ api, provider: world.provider }, { projectId, harness: 'scripted', dialect: 'openai-responses' })
  const { chatId } = await api.chats.create.mutate({ projectId, harness: 'scripted' })
  return { chatId, connectionId, path: `/projects/${projectId}/chats/${chatId}` }
}

test('a missing connection is said before the first prompt, and connected on the spot', async ({ world, project, pageOf }) => {
  const page = await pageOf(world.owner)
  await page.goto(`/projects/${project.projectId}`)
  await page.getByLabel('Prompt for a new chat').fill('say This stays.')
  await page.getByLabel('Agent').click()
  await page.getByRole('option', { name: /Scripted agent/ }).click()
  await expect(page.getByText('Scripted agent has no connection here. Connect a credential to use it.')).toBeVisible()
  await page.getByRole('button', { name: 'Connect Scripted agent' }).click()
  const dialog = page.getByRole('dialog', { name: 'Connect Scripted agent' })
  await dialog.getByLabel('Provider').click()
  await page.getByRole('option', { name: 'Custom (your own server)' }).click()
  await dialog.getByLabel('API key').fill(world.provider.key)
  await dialog.getByLabel('Base URL').fill('http://10.0.0.1/v1')
  await dialog.getByRole('button', { name: 'Connect', exact: true }).click()
  await expect(dialog.getByText(/is asked over plain http, which would show the key/)).toBeVisible()
  await dialog.getByLabel('Base URL').fill(world.provider.baseUrl('openai-responses'))
  await dialog.getByRole('button', { name: 'Connect', exact: true }).click()
  await expect(dialog).toBeHidden()
  await expect(page.getByLabel('Prompt for a new chat')).toHaveValue('say This stays.')
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(new ChatPage(page).said('This stays.')).toBeVisible({ timeout: 30_000 })
})

test('a connection that was switched off meanwhile: the prompt stays, and goes on after it is enabled', async ({
  world,
  project,
  pageOf,
}) => {
  const { api } = world.owner
  const { path, connectionId } = await scriptedChat(world, project.projectId)
  const ada = new ChatPage(await pageOf(world.owner))
  await ada.open(path)
  await ada.field.fill('say Kept.')
  await api.connections.setEnabled.mutate({ connectionId, isEnabled: false })
  await ada.field.press('Enter')
  await expect(ada.timeline.getByText(/The connection of Scripted agent is switched off\./).first()).toBeVisible()
  await expect(ada.field).toHaveValue('say Kept.')
  await expect(ada.button('Send')).toBeDisabled()
  await api.connections.setEnabled.mutate({ connectionId, isEnabled: true })
  await expect(ada.button('Send')).toBeEnabled()
  await ada.field.press('Enter')
  await expect(ada.said('Kept.')).toBeVisible({ timeout: 30_000 })
})

const sentences: Record<number, RegExp> = {
  401: /refuses the key of this connection\. Replace it\./,
  429: /says that the limit of this key is reached\./,
  503: /had a failure of its own \(status 503\)\./,
}

for (const [status, sentence] of Object.entries(sentences)) {
  test(`a provider that answers ${status} is a sentence with a next step`, async ({ world, project, pageOf }) => {
    const { path } = await scriptedChat(world, project.projectId)
    const ada = new ChatPage(await pageOf(world.owner))
    await ada.open(path)
    world.provider.play([error(Number(status))])
    await ada.send('model hello')
    await expect(ada.said(sentence).first()).toBeVisible()
    await expect(ada.promptBy('Ada Owner')).toContainText('model hello')
    await expect(
      ada
        .button('Send again')
        .or(ada.timeline.getByRole('link', { name: 'Replace the credential' }))
        .first(),
    ).toBeVisible()
  })
}

test('a repository that cannot be cloned', async ({ world, pageOf }) => {
  const page = await pageOf(world.owner)
  await page.goto('/projects/new')
  await page.getByLabel('Git repository').fill('/no/such/repository')
  await page.getByLabel('Name').fill(unique('Cloned'))
  await page.getByRole('button', { name: 'Create project' }).click()
  await expect(page).toHaveURL(/\/projects\/(?!new)/)
  const projectId = decodeURIComponent(new URL(page.url()).pathname.split('/')[2]!)
  const { path } = await scriptedChat(world, projectId)
  const ada = new ChatPage(page)
  await ada.open(path)
  await ada.send('say hello')
  await expect(ada.said(/could not be cloned\. Check its address and that it may be read\./)).toBeVisible()
  await expect(ada.promptBy('Ada Owner')).toContainText('say hello')
})

test('a node that is offline is no failure', async ({ world, project, pageOf }) => {
  const { chatId, path } = await scriptedChat(world, project.projectId)
  const chat = followChat(world.owner.api, chatId)
  await chat.untilEnded(await chat.send('say hello'))
  const ada = new ChatPage(await pageOf(world.owner))
  const [daemon] = processesOf(world.server.home).filter((each) => each.command.includes('agent/main.ts'))
  process.kill(daemon!.pid, 'SIGSTOP')
  try {
    const own = async () => (await world.owner.api.nodes.list.query()).filter((node) => node.isLocal)
    await expect(async () => expect(await own()).toMatchObject([{ isOnline: false }])).toPass({ timeout: 60_000 })
    await ada.open(path)
    await ada.send('say Back again.')
    await expect(ada.page.getByText('Disconnected, will resume').first()).toBeVisible()
  } finally {
    process.kill(daemon!.pid, 'SIGCONT')
  }
  await expect(ada.said('Back again.')).toBeVisible({ timeout: 30_000 })
})

test('a page or a chat that does not exist', async ({ world, project, pageOf }) => {
  const page = await pageOf(world.owner)
  await page.goto(`/projects/${project.projectId}/chats/00000000-0000-7000-8000-000000000000`)
  await expect(page.getByText('This chat does not exist, or you may not see it.')).toBeVisible()
  await page.goto('/projects/no-such-project')
  await expect(page.getByText('This project does not exist, or you may not see it.')).toBeVisible()
})
