/**
 * The first minutes of a newcomer, in the browser alone: from the link on the console to
 * a chat that answers, then a colleague by invitation, and what each role may.
 */
import { expect, test as base, type Page } from '@playwright/test'
import { brain } from '#e2e/world/fake-provider-brain.ts'
import { startFakeProvider, type FakeProvider } from '#e2e/world/fake-provider.ts'
import { freePort, newHome, removeHome, startServer, type ServerProcess } from '#e2e/world/server.ts'
import { newKey, newPassword } from '#e2e/world/world.ts'

const test = base.extend<{ provider: FakeProvider; server: ServerProcess }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from this pattern
  provider: async ({}, provide) => {
    const provider = await startFakeProvider({ key: newKey(), brain })
    await provide(provider)
    await provider.close()
  },
  server: async ({ provider }, provide, testInfo) => {
    const home = newHome()
    const server = startServer({ home, port: await freePort(), env: { GATEHOUSE_PRIVATE_UPSTREAMS: provider.host } })
    await server.ready()
    await provide(server)
    if (testInfo.status !== testInfo.expectedStatus) await testInfo.attach('server.log', { body: server.log() })
    await server.stop()
    removeHome(home)
  },
})

test.describe.configure({ timeout: 150_000 })

const ada = { name: 'Ada Owner', email: 'ada@example.test', password: newPassword() }
const mei = { name: 'Mei Lin', email: 'mei@example.test', password: newPassword() }

async function signIn(page: Page, url: string, person: typeof ada) {
  await page.goto(`${url}/sign-in`)
  await page.getByLabel('E-mail').fill(person.email)
  await page.getByLabel('Password').fill(person.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

test('from the link on the console to a chat that answers, and a colleague who reads along', async ({
  browser,
  page,
  provider,
  server,
}) => {
  const [link] = await server.printed(/http:\/\/127\.0\.0\.1:\d+\/setup\?code=\S+/)
  await test.step('the owner and the team', async () => {
    await page.goto(link)
    await page.getByLabel('Team').fill('Acme')
    await page.getByLabel('Your name').fill(ada.name)
    await page.getByLabel('E-mail').fill(ada.email)
    await page.getByLabel('Password').fill(ada.password)
    await page.getByRole('button', { name: 'Create the team' }).click()
    await expect(page.getByRole('list', { name: 'First steps' })).toBeVisible()
  })

  await test.step('set-up is closed afterwards', async () => {
    const other = await (await browser.newContext()).newPage()
    await other.goto(link)
    await expect(other.getByRole('button', { name: 'Create the team' })).toHaveCount(0)
    await other.context().close()
  })

  await test.step('a connection', async () => {
    await page.getByRole('link', { name: 'Add a connection' }).click()
    const card = page.getByRole('region', { name: 'Scripted agent' })
    await card.getByRole('button', { name: 'Connect' }).first().click()
    const dialog = page.getByRole('dialog', { name: 'Connect Scripted agent' })
    await dialog.getByLabel('Provider').click()
    await page.getByRole('option', { name: 'Custom (your own server)' }).click()
    await dialog.getByLabel('Base URL').fill(provider.baseUrl('openai-responses'))
    await dialog.getByLabel('API key').fill(provider.key)
    await dialog.getByText('Everybody', { exact: true }).click()
    await dialog.getByRole('button', { name: 'Connect', exact: true }).click()
    await expect(dialog).toBeHidden()
  })

  await test.step('a project', async () => {
    await page.getByRole('link', { name: 'New project' }).first().click()
    await page.getByLabel('Name').fill('Greeter')
    await page.getByRole('button', { name: 'Create project' }).click()
    await expect(page.getByRole('heading', { name: 'Greeter' })).toBeVisible()
  })

  await test.step('a chat', async () => {
    await page.getByLabel('Prompt for a new chat').fill('say: Good morning, Ada.')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await expect(page.getByText('Good morning, Ada.', { exact: true })).toBeVisible({ timeout: 60_000 })
  })
  const chat = page.url()

  const guest = await (await browser.newContext()).newPage()
  await test.step('a colleague joins by a link', async () => {
    await page.goto(`${server.url}/team`)
    await page
      .getByRole('button', { name: /^Invite/ })
      .first()
      .click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('E-mail').fill(mei.email)
    await dialog.getByRole('button', { name: 'Make the link' }).click()
    const url = await dialog.getByText(/\/invite\//).innerText()
    await guest.goto(url)
    await guest.getByLabel('Your name').fill(mei.name)
    await guest.getByLabel('Password').fill(mei.password)
    await guest.getByRole('button', { name: 'Join the team' }).click()
    await expect(guest.getByText('Greeter').first()).toBeVisible()
  })

  await test.step('and reads and prompts in the same chat', async () => {
    await guest.goto(chat)
    await expect(guest.getByText('Good morning, Ada.', { exact: true })).toBeVisible()
    await page.goto(chat)
    await guest.getByLabel(/^Message to/).fill('say: And to you, Mei.')
    await guest.getByRole('button', { name: 'Send' }).click()
    await expect(page.getByRole('article', { name: 'Prompt by Mei Lin' })).toBeVisible()
    await expect(page.getByText('And to you, Mei.', { exact: true })).toBeVisible()
  })

  await test.step('an invitation works once', async () => {
    await guest.goto(`${server.url}/team`)
    await expect(guest.getByRole('button', { name: /^Invite/ })).toHaveCount(0)
  })

  await test.step('signing out and in', async () => {
    await guest.getByRole('button', { name: /Mei Lin/ }).click()
    await guest.getByRole('menuitem', { name: 'Sign out' }).click()
    await expect(guest).toHaveURL(/\/sign-in/)
    await guest.goto(chat)
    await expect(guest).toHaveURL(/\/sign-in\?next=/)
    await signIn(guest, server.url, { ...mei, password: 'not the password' })
    await expect(guest.getByText('This e-mail and password do not belong together.')).toBeVisible()
    await guest.goto(chat)
    await guest.getByLabel('E-mail').fill(mei.email)
    await guest.getByLabel('Password').fill(mei.password)
    await guest.getByRole('button', { name: 'Sign in' }).click()
    await expect(guest.getByText('Good morning, Ada.', { exact: true })).toBeVisible()
  })

  await test.step('a viewer reads and cannot prompt', async () => {
    await page.goto(`${server.url}/team`)
    await page.getByLabel('Role of Mei Lin').click()
    await page.getByRole('option', { name: 'Viewer' }).click()
    await guest.goto(chat)
    await expect(guest.getByText('Good morning, Ada.', { exact: true })).toBeVisible()
    await expect(guest.getByRole('button', { name: 'Send' })).toBeDisabled()
  })
  await guest.context().close()
})
