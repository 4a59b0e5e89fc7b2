/** Usage and budgets as people meet them: found, narrowed, taken away as a file; warned, refused, and raised again. */
import { readFile } from 'node:fs/promises'
import type { Locator, Page } from '@playwright/test'
import { ChatPage } from '#e2e/chat-page.ts'
import { expect, test } from '#e2e/fixtures.ts'
import { followChat } from '#e2e/world/follow.ts'
import { writeUsageHistory } from '#e2e/world/usage-history.ts'
import { connectFake } from '#e2e/world/world.ts'

async function download(page: Page, item: RegExp): Promise<string[]> {
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: item }).click()])
  return (await readFile(await file.path(), 'utf8')).trimEnd().split('\r\n')
}

const rowsOf = (table: Locator) => table.getByRole('row')

test('a row narrows the report, which can be shared and taken away as a file', async ({ world, project, pageOf }) => {
  const { api } = world.owner
  await writeUsageHistory({ home: world.server.home, projectId: project.projectId, days: 20, perDay: 10 })
  const viewer = await world.addMember('Vera', 'viewer')
  const page = await pageOf(viewer)
  await page.goto(`/usage?project=${project.projectId}`)
  const table = page.getByRole('region', { name: 'Usage by model' })
  await expect(rowsOf(table)).toHaveCount(7)
  await expect(page.getByText(/requests have no known price/)).toBeVisible()
  await expect(table.getByRole('row', { name: /llama-4/ })).toContainText('No price')

  await table.getByRole('button', { name: /^claude-opus-5-5/ }).click()
  await expect(page.getByRole('button', { name: /^Model claude-opus-5-5.*remove this filter$/ })).toBeVisible()
  const byChat = page.getByRole('region', { name: 'Usage by chat' })
  await expect(byChat.getByText('Fix the flaky sign-in test')).toBeVisible()
  await byChat.getByRole('button', { name: 'Cost', exact: true }).click()
  await expect(byChat.getByRole('columnheader', { name: 'Cost' })).toHaveAttribute('aria-sort', 'descending')

  // What is shown stands in the address: whoever opens it sees the same.
  const rowsBefore = await rowsOf(byChat).allInnerTexts()
  await page.reload()
  await expect(byChat.getByRole('columnheader', { name: 'Cost' })).toHaveAttribute('aria-sort', 'descending')
  expect(await rowsOf(byChat).allInnerTexts()).toEqual(rowsBefore)

  const filter = { project: project.projectId, model: 'claude-opus-5-5' }
  const today = new Date().toISOString().slice(0, 10)
  const from = new Date(Date.now() - 29 * 86_400_000).toISOString().slice(0, 10)
  const { totals, rows } = await api.usage.report.query({ from, to: today, filter, by: 'chat', stack: 'model' })
  expect(await download(page, /^Sums by chat/)).toHaveLength(rows.length + 1)
  const requests = await download(page, /^Every request/)
  expect(requests).toHaveLength(totals.requests + totals.lostRequests + 1)
  expect(requests.slice(1).every((line) => line.includes('"claude-opus-5-5"'))).toBe(true)

  await page.goBack()
  await expect(table).toBeVisible()
  await page.getByRole('tab', { name: 'Savings' }).click()
  await expect(page.getByRole('heading', { name: 'claude-opus-5 has a cheaper successor' })).toBeVisible()
  await page.getByRole('tab', { name: 'Cache health' }).click()
  await expect(page.getByRole('region', { name: 'Cache health by model' }).getByRole('row', { name: /claude-opus-5-5/ })).toContainText('%')
})

test('a budget warns, refuses a real run before it costs anything, and lets it through once it is raised', async ({
  world,
  project,
  pageOf,
}) => {
  const { api } = world.owner
  const { projectId } = project
  await connectFake({ api, provider: world.provider }, { projectId, harness: 'scripted', dialect: 'openai-responses' })
  await writeUsageHistory({ home: world.server.home, projectId, days: 1, scale: 40 })
  const spent = (await api.usage.summary.query({ projectId, days: 1 })).totals.costMicros / 1_000_000
  const page = await pageOf(world.owner)

  await page.goto('/usage?view=budgets')
  await page.getByRole('button', { name: 'Set a budget' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Set the budget' }).click()
  await expect(dialog.getByText('Choose a project.')).toBeVisible()
  await expect(dialog.getByText('Enter an amount in dollars.')).toBeVisible()
  await dialog.getByLabel('Project', { exact: true }).last().click()
  await page.getByRole('option', { name: project.name }).click()
  await dialog.getByLabel(/^Dollars/).fill((spent / 0.85).toFixed(2))
  await dialog.getByRole('button', { name: 'Set the budget' }).click()
  const budget = page.getByRole('article', { name: new RegExp(`^${project.name}`) })
  await expect(budget).toContainText('Nearly spent')

  // Removed by mistake, and brought back.
  await budget.getByRole('button', { name: /^Remove/ }).click()
  await expect(budget).toHaveCount(0)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(budget).toContainText('Nearly spent')

  const { chatId } = await api.chats.create.mutate({ projectId, harness: 'scripted' })
  const ada = new ChatPage(await pageOf(world.owner))
  await ada.open(`/projects/${projectId}/chats/${chatId}`)
  await expect(ada.timeline.getByRole('status').filter({ hasText: /\$.* of \$.* today · project budget/ })).toBeVisible()

  await budget.getByRole('button', { name: /^Change/ }).click()
  await page.getByLabel(/^Dollars/).fill((spent * 0.9).toFixed(2))
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(budget).toContainText('Spent')
  const banner = ada.timeline.getByRole('status').filter({ hasText: /^The project budget of .* is spent/ })
  await expect(banner).toContainText('begins anew in')
  const asked = world.provider.received.length
  await ada.send('model say: Too dear.')
  const card = ada.timeline.getByRole('alert').filter({ hasText: /budget of \$.* for today is spent/ })
  await expect(card).toBeVisible()
  await expect(card.getByRole('link', { name: 'Raise it' })).toBeVisible()
  expect(world.provider.received).toHaveLength(asked)

  await banner.getByRole('link', { name: 'Raise it' }).click()
  const raised = ada.page.getByRole('article', { name: new RegExp(`^${project.name}`) })
  await raised.getByRole('button', { name: /^Change/ }).click()
  await ada.page.getByLabel(/^Dollars/).fill((spent * 4).toFixed(2))
  await ada.page.getByRole('button', { name: 'Save' }).click()
  await expect(raised).toContainText('Within')
  await ada.open(`/projects/${projectId}/chats/${chatId}`)
  await expect(banner).toHaveCount(0)
  await ada.send('model say: Cheap enough.')
  await expect(ada.said('Cheap enough.')).toBeVisible()
  await followChat(api, chatId).untilView((view) => view.usage.requests === 1, 'one metered request')
  const usage = await ada.openPanel('Usage')
  await expect(usage.getByRole('region', { name: 'Budgets' })).toContainText('today')
  await expect(usage.getByRole('region', { name: 'By model' })).toContainText('$')
})
