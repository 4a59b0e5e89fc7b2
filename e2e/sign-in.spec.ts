/**
 * Signing in by a node, with the real programs: the page shows what they print, the vendor's
 * page confirms it, and the account is connected. What is given up leaves nothing behind.
 */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { expect, test } from '#e2e/fixtures.ts'
import { serveDeviceLogins, type DeviceLogins } from '#e2e/world/fake-vendor-device.ts'
import { environmentOf, processesOf } from '#e2e/world/processes.ts'
import { unique, type World } from '#e2e/world/world.ts'

// The first sign-in of a harness installs it.
test.describe.configure({ timeout: 300_000 })
test.use({ actionTimeout: 20_000 })

let vendor: DeviceLogins
test.beforeAll(({ world }) => {
  vendor = serveDeviceLogins(world.vendor)
})

/** As somebody does who has never connected anything. */
async function beginSignIn(page: Page, harness: string, account: string): Promise<Locator> {
  await page.goto('/connections')
  await page.getByRole('region', { name: harness }).getByRole('button', { name: 'Connect', exact: true }).first().click()
  const connect = page.getByRole('dialog', { name: `Connect ${harness}` })
  await connect.getByText(`${account} account`, { exact: true }).click()
  await connect.getByRole('button', { name: `Sign in with ${account}` }).click()
  return page.getByRole('dialog', { name: `Sign in with ${harness}` })
}

const codeIn = (dialog: Locator) => dialog.getByLabel('One-time code')
const folders = (world: World): string[] => {
  const root = path.join(world.server.home, 'node/sign-ins')
  return existsSync(root) ? readdirSync(root) : []
}
const programs = (world: World) => processesOf(world.server.home).filter(({ command }) => / login( |$)/.test(command))

/** Of a login that is over, on the node. */
async function expectNothingLeft(world: World): Promise<void> {
  await expect.poll(() => folders(world)).toEqual([])
  await expect.poll(() => programs(world).map((each) => each.command)).toEqual([])
}

test('Codex: link and code on the page, confirmed at the vendor’s, and connected', async ({ world, pageOf }) => {
  const person = await world.addMember(unique('Nia Berg'))
  const page = await pageOf(person)
  const account = world.vendor.logins.newAccount({ plan: 'plus' })

  const first = await beginSignIn(page, 'Codex', 'ChatGPT')
  const given = await codeIn(first).innerText({ timeout: 240_000 })
  await expect(first.getByRole('link', { name: 'Open auth.openai.com' })).toHaveAttribute('href', 'https://auth.openai.com/codex/device')
  expect(programs(world).length).toBeGreaterThan(0)
  // Nothing of it is told by a command line, nor by the environment of anything that runs.
  for (const { pid, command } of processesOf(world.server.home)) expect(command + environmentOf(pid)).not.toContain(given)
  await first.getByRole('button', { name: 'Cancel' }).click()
  await expectNothingLeft(world)
  expect((await person.api.connections.list.query({})).find((row) => row.harness === 'codex')?.attachments).toEqual([])

  const second = await beginSignIn(page, 'Codex', 'ChatGPT')
  const code = await codeIn(second).innerText()
  expect(code).not.toBe(given)
  await expect.poll(() => vendor.pollsOf(code)).toBeGreaterThan(0)
  vendor.confirm(code, account)
  const stored = page.getByRole('dialog', { name: 'Codex is connected' })
  await expect(stored.getByText(account.email)).toBeVisible()
  await expect(stored.getByText('plus', { exact: true })).toBeVisible()
  await stored.getByRole('button', { name: 'Done' }).click()
  await expectNothingLeft(world)

  const row = (await person.api.connections.list.query({})).find((each) => each.harness === 'codex')
  expect(row?.resolution).toMatchObject({ state: 'active', scope: 'user' })
  expect(row?.attachments).toMatchObject([{ login: { email: account.email, plan: 'plus' }, credential: { kind: 'auth-file' } }])
  expect(world.server.log()).not.toContain(code)
})

test('Claude Code: a link, and a code to bring back', async ({ world, pageOf }) => {
  const person = await world.addMember(unique('Tomas Ruiz'))
  const page = await pageOf(person)
  const dialog = await beginSignIn(page, 'Claude Code', 'Claude')
  const link = await dialog.getByRole('link', { name: 'Open claude.com' }).getAttribute('href', { timeout: 240_000 })
  await dialog.getByLabel('Code', { exact: true }).fill('only-half-of-it')
  await dialog.getByRole('button', { name: 'Finish signing in' }).click()
  await expect(dialog.getByRole('alert')).toBeVisible()
  await dialog.getByLabel('Code', { exact: true }).fill(vendor.codeBehind(link!, world.vendor.logins.newAccount({ plan: 'max' })))
  await dialog.getByRole('button', { name: 'Finish signing in' }).click()
  const stored = page.getByRole('dialog', { name: 'Claude Code is connected' })
  await expect(stored.getByText('max', { exact: true })).toBeVisible()
  await stored.getByRole('button', { name: 'Done' }).click()
  await expectNothingLeft(world)
})

test('two people at once, and one whose vendor says no', async ({ world }, { project }) => {
  test.skip(project.name === 'phone', 'No page takes part in it.')
  const people = [await world.addMember(unique('Ida Lund')), await world.addMember(unique('Omar Aziz'))]
  const shown = await Promise.all(
    people.map(async ({ api }) => {
      const { signInId } = await api.signIns.start.mutate({ harness: 'codex', scope: 'user' })
      const read = () => api.signIns.get.query({ signInId })
      await expect.poll(async () => (await read()).userCode, { timeout: 240_000 }).toBeTruthy()
      return { read, code: (await read()).userCode! }
    }),
  )
  const [refused, confirmed] = shown as [(typeof shown)[0], (typeof shown)[0]]
  expect(refused.code).not.toBe(confirmed.code)
  vendor.refuse(refused.code)
  await expect.poll(async () => (await refused.read()).state).toBe('failed')
  expect((await refused.read()).failure).toMatchObject({ code: 'sign-in.failed', facts: { harness: 'codex' } })
  expect((await confirmed.read()).state).toBe('waiting-for-person')
  vendor.confirm(confirmed.code, world.vendor.logins.newAccount())
  await expect.poll(async () => (await confirmed.read()).state).toBe('connected')
  await expectNothingLeft(world)
})
