/** A chat of two thousand items: it opens at its end, and is read wherever somebody wants to, piece by piece. */
import type { Locator, Page } from '@playwright/test'
import { ChatPage } from '#e2e/chat-page.ts'
import { expect, test as base } from '#e2e/fixtures.ts'
import { inDatabase } from '#e2e/world/database.ts'
import { followChat } from '#e2e/world/follow.ts'
import { lastMessageOf, lastWordsOf, loadLongChat, longTurnId } from '#e2e/world/long-chat.ts'
import { connectFake } from '#e2e/world/world.ts'

const ITEMS = 2_000
const TURNS = ITEMS / 40

const test = base.extend<{ path: string; chatId: string }>({
  chatId: async ({ world, project }, provide) => {
    const { api } = world.owner
    await connectFake({ api, provider: world.provider }, { projectId: project.projectId, harness: 'scripted', dialect: 'openai-responses' })
    const { chatId } = await api.chats.create.mutate({ projectId: project.projectId, harness: 'scripted', title: 'A long way' })
    const { user } = await api.me.get.query()
    await inDatabase(world.server.home, (client) => loadLongChat(client, chatId, { items: ITEMS, bytes: 8_000_000, by: user.userId }))
    await provide(chatId)
  },
  path: async ({ project, chatId }, provide) => provide(`/projects/${project.projectId}/chats/${chatId}`),
})

test.describe.configure({ timeout: 120_000 })

const logOf = (page: Page): Locator => page.getByRole('log', { name: 'Conversation' })
const positionOf = (log: Locator) =>
  log.evaluate((box) => ({ top: box.scrollTop, height: box.scrollHeight, fromEnd: box.scrollHeight - box.scrollTop - box.clientHeight }))
/** As a wheel or a finger does. */
const scrollBy = (log: Locator, px: number) => log.evaluate((box, by) => box.scrollBy({ top: by }), px)

/** Bytes that came in over sockets and calls since, and what was asked for. */
function watchTraffic(page: Page): { events: number; asked: string[] } {
  const seen = { events: 0, asked: [] as string[] }
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      for (const _ of payload.toString().matchAll(/"seqFrom":/g)) seen.events += 1
    }),
  )
  page.on('request', (request) => {
    if (/\/api\/trpc\/.*chats\.(last|stretch|eventsAfter)/.test(request.url())) seen.asked.push(request.url())
  })
  return seen
}

test('opens at the end, is scrolled up without a jump, and back', async ({ world, pageOf, path }, testInfo) => {
  const ada = new ChatPage(await pageOf(world.owner))
  const traffic = watchTraffic(ada.page)
  await ada.open(path)
  await expect(ada.said(lastWordsOf(TURNS - 1))).toBeVisible()
  // Of a log of thousands of events nobody was sent more than a few.
  expect(traffic.events).toBeLessThan(500)
  const log = logOf(ada.page)
  expect((await positionOf(log)).fromEnd).toBeLessThan(50)

  await expect(async () => {
    await scrollBy(log, -1_500)
    await expect(ada.said(lastWordsOf(TURNS - 4))).toBeVisible({ timeout: 500 })
  }).toPass({ timeout: 60_000 })
  const words = ada.said(lastWordsOf(TURNS - 4))
  const before = (await words.boundingBox())!
  // Whatever is read above it meanwhile, it stays where it is.
  await expect(ada.page.getByText('Loading earlier messages')).toHaveCount(0)
  await ada.page.waitForLoadState('networkidle')
  const after = (await words.boundingBox())!
  expect(Math.abs(after.y - before.y)).toBeLessThan(4)
  await testInfo.attach('above', { body: await ada.page.screenshot(), contentType: 'image/png' })

  await ada.button('To the end').click()
  await expect(ada.said(lastWordsOf(TURNS - 1))).toBeVisible()
  expect((await positionOf(log)).fromEnd).toBeLessThan(50)
})

test('dragged by its bar to the beginning, it shows the beginning', async ({ world, pageOf, path }) => {
  const ada = new ChatPage(await pageOf(world.owner))
  await ada.open(path)
  await expect(ada.said(lastWordsOf(TURNS - 1))).toBeVisible()
  await logOf(ada.page).evaluate((box) => (box.scrollTop = 0))
  await expect(ada.said('Please take step 0 of the plan.')).toBeVisible()
  await expect(ada.said('Please take step 0 of the plan.')).toBeInViewport()
})

test('opens at what was found deep inside, from where it is read on in both directions', async ({ world, pageOf, path }) => {
  const ada = new ChatPage(await pageOf(world.owner))
  const turn = 17
  const place = new URLSearchParams({ turn: longTurnId(turn), message: lastMessageOf(turn) })
  await ada.open(`${path}?${place}`)
  await expect(ada.said(lastWordsOf(turn))).toBeInViewport()
  const log = logOf(ada.page)
  // Never by more than is in sight, so that nothing is passed by unseen.
  const px = Math.floor((await log.boundingBox())!.height * 0.8)
  for (const [next, by] of [
    [turn + 2, px],
    [turn - 2, -px],
  ] as const) {
    await expect(async () => {
      await scrollBy(log, by)
      await expect(ada.said(lastWordsOf(next))).toBeInViewport({ timeout: 150 })
    }).toPass({ timeout: 60_000, intervals: [0] })
  }
  await ada.button('To the end').click()
  await expect(ada.said(lastWordsOf(TURNS - 1))).toBeInViewport()
})

test('away and back, it gets what is new and nothing else', async ({ world, pageOf, path, chatId }) => {
  const page = await pageOf(world.owner)
  const ada = new ChatPage(page)
  await ada.open(path)
  await expect(ada.said(lastWordsOf(TURNS - 1))).toBeVisible()
  const traffic = watchTraffic(page)
  await page.context().setOffline(true)
  const chat = followChat(world.owner.api, chatId)
  const turnId = await chat.send('say Said while nobody looked.')
  await chat.untilEnded(turnId)
  const missed = chat.events.findIndex((event) => event.type === 'turn.requested' && event.turnId === turnId)
  await page.context().setOffline(false)
  await expect(ada.said('Said while nobody looked.')).toBeVisible({ timeout: 30_000 })
  expect(traffic.events).toBeLessThanOrEqual(2 * (chat.events.length - missed))
  expect(traffic.asked.filter((url) => /chats\.(last|stretch)/.test(url))).toEqual([])
})

test('shows the end of a long output, and all of it when somebody asks', async ({ world, pageOf, path }) => {
  const ada = new ChatPage(await pageOf(world.owner))
  await ada.open(path)
  await expect(ada.said(lastWordsOf(TURNS - 1))).toBeVisible()
  await ada
    .button(/^Ran|^Read/)
    .last()
    .click()
  await ada
    .button(/npm test|part-/)
    .last()
    .click()
  const output = ada.page.getByRole('region', { name: /^(Output|Answer) of/ }).last()
  await expect(output).toBeVisible()
  const shown = (await output.innerText()).length
  await ada.button('Show all').last().click()
  await expect.poll(async () => (await output.innerText()).length).toBeGreaterThan(2 * shown)
})
