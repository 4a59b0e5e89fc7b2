/** Several people on one chat: its queue, its place in the lists, what is found of it, and what becomes of it. */
import { readFile } from 'node:fs/promises'
import { ChatPage } from '#e2e/chat-page.ts'
import { expect, test as base } from '#e2e/fixtures.ts'
import { gate, text } from '#e2e/world/fake-provider-scene.ts'
import { followChat, replyOf, type ChatFollower } from '#e2e/world/follow.ts'
import { connectFake } from '#e2e/world/world.ts'

const test = base.extend<{ chat: ChatFollower & { path: string }; ada: ChatPage }>({
  chat: async ({ world, project }, provide) => {
    const { api } = world.owner
    await connectFake({ api, provider: world.provider }, { projectId: project.projectId, harness: 'scripted', dialect: 'openai-responses' })
    const { chatId } = await api.chats.create.mutate({ projectId: project.projectId, harness: 'scripted' })
    await provide({ ...followChat(api, chatId), path: `/projects/${project.projectId}/chats/${chatId}` })
  },
  ada: async ({ world, pageOf, chat }, provide) => {
    const ada = new ChatPage(await pageOf(world.owner))
    await ada.open(chat.path)
    await provide(ada)
  },
})

test.describe.configure({ timeout: 90_000 })

test('the queue is put in another order by keys and buttons, and one prompt is sent now', async ({
  world,
  chat,
  ada,
  pageOf,
  isMobile,
}) => {
  const mei = new ChatPage(await pageOf(await world.addMember('Mei Lin')))
  await mei.open(chat.path)
  world.provider.play([text('Working. '), gate('never')])
  await ada.send('model work')
  await expect(ada.said('Working.')).toBeVisible()
  for (const each of ['say Second.', 'say Third.']) await ada.send(each)
  await mei.send('say Fourth.')
  const rows = (of: ChatPage) => of.queue.getByRole('listitem')
  await expect(rows(ada)).toContainText(['say Second.', 'say Third.', 'say Fourth.'])
  await mei.actOnQueued('Third.', 'Move up')
  for (const each of [ada, mei]) await expect(rows(each)).toContainText(['say Third.', 'say Second.', 'say Fourth.'])
  await mei.page.screenshot({ path: `.test/screens/queue-${test.info().project.name}.png` })
  // Where there are buttons, the focus stayed with the row, and the keys go on from there.
  if (isMobile) await mei.actOnQueued('Third.', 'Move down')
  else await mei.page.keyboard.press('Alt+ArrowDown')
  for (const each of [ada, mei]) await expect(rows(each)).toContainText(['say Second.', 'say Third.', 'say Fourth.'])
  await mei.actOnQueued('Fourth.', 'Send now')
  await expect(ada.said('Stopped by Mei Lin')).toBeVisible()
  const view = await chat.untilView((each) => each.turns.length === 4 && each.turns.every((turn) => turn.endedAt), 'four ended turns')
  expect(view.turns.map(replyOf)).toEqual(['Working. ', 'Fourth.', 'Second.', 'Third.'])
  expect(view.turns.map((turn) => turn.status)).toEqual(['cancelled', 'completed', 'completed', 'completed'])
})

test('a chat is pinned by one person, archived for all, and brought back', async ({ world, chat, ada, pageOf, project, isMobile }) => {
  const { api } = world.owner
  await api.chats.rename.mutate({ chatId: chat.chatId, title: 'The old one' })
  await api.chats.create.mutate({ projectId: project.projectId, harness: 'scripted', title: 'The young one' })
  const menu = async (act: string) => {
    await ada.button('More about this chat').click()
    await ada.page.getByRole('menuitem', { name: act }).click()
  }
  const links = async (page: typeof ada.page) => {
    await page.goto(`/projects/${project.projectId}`)
    return page.getByRole('main').getByRole('link', { name: /The (old|young) one/ })
  }
  const pinned = ada.page.waitForResponse(/chats\.setPinned/)
  await menu('Pin to the top')
  await pinned
  await expect(await links(ada.page)).toContainText(['The old one', 'The young one'])
  const mei = await pageOf(await world.addMember('Mei Lin'))
  await expect(await links(mei)).toContainText(['The young one', 'The old one'])

  await ada.open(chat.path)
  await menu('Archive…')
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Archive' }).click()
  await expect(ada.said('This chat is archived, so it takes no prompts.')).toBeVisible()
  await expect(await links(mei)).toContainText(['The young one'])
  await mei.getByRole('button', { name: 'Archived chats' }).click()
  await expect(mei.getByRole('region', { name: 'Archived chats' }).getByRole('link', { name: /The old one/ })).toBeVisible()
  await mei.screenshot({ path: `.test/screens/archived-${isMobile ? 'phone' : 'desktop'}.png` })
  await ada.button('Bring back').click()
  await ada.send('say Back again.')
  await expect(ada.said('Back again.')).toBeVisible()
})

test('what was said is found by whoever may read it, and opened at its place', async ({ world, chat, ada, pageOf, isMobile }) => {
  const word = `Zebra${Math.random().toString(36).slice(2, 8)}`
  await chat.untilEnded(await chat.send(`say The <b>${word}</b> stands here.`))
  for (let n = 0; n < 5; n += 1) await chat.untilEnded(await chat.send(`say Many lines follow, ${n}.`))
  const { search } = world.owner.api
  await expect.poll(async () => (await search.chats.query({ query: word })).hits.length).toBe(2)
  const { page } = ada
  await page.goto('/search')
  await page.getByLabel('Search for').fill(`stands ${word.toLowerCase()}`)
  const hit = page.getByRole('main').getByRole('link', { name: /Reply of Scripted agent/ })
  await expect(hit.locator('mark')).toHaveText([word, 'stands'])
  await expect(hit).toContainText(`The <b>${word}</b> stands here.`)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: `.test/screens/search-${isMobile ? 'phone' : 'desktop'}-${colorScheme}.png` })
  }
  await hit.click()
  // Neither the chat's name nor the prompt, which keep the mark-up as it was typed.
  const reply = `The ${word} stands here.`
  await expect(ada.said(reply)).toBeInViewport()
  await expect(ada.promptBy('Ada Owner').last()).not.toBeInViewport()
  await page.screenshot({ path: `.test/screens/search-opened-${isMobile ? 'phone' : 'desktop'}.png` })

  const mei = await pageOf(await world.addMember('Mei Lin'))
  await mei.goto('/')
  if (isMobile) await mei.getByRole('button', { name: 'Go to…' }).click()
  else await mei.keyboard.press('Control+k')
  await mei.getByPlaceholder('Project, chat, page, or what was said').fill(word.slice(0, -2))
  await expect(mei.getByRole('option', { name: new RegExp(word) }).first()).toBeVisible()
  await mei.screenshot({ path: `.test/screens/palette-${isMobile ? 'phone' : 'desktop'}.png` })
  // Of what was found the reply; the chat itself, which is named after its first prompt, would open at its end.
  await mei.getByRole('group', { name: 'Said in chats' }).getByRole('option', { name: /^The/ }).click()
  await expect(new ChatPage(mei).said(reply)).toBeInViewport()
})

test('a chat is saved as Markdown', async ({ chat, ada }) => {
  await chat.untilEnded(await chat.send('write notes.md: ```\nsay Written down.'))
  await ada.button('More about this chat').click()
  const saving = ada.page.waitForEvent('download')
  await ada.page.getByRole('menuitem', { name: 'Export as Markdown' }).click()
  const file = await saving
  expect(file.suggestedFilename()).toBe(`chat-${chat.chatId}.md`)
  const text = await readFile(await file.path(), 'utf8')
  expect(text).toContain('## Ada Owner')
  expect(text).toContain('> Written down.')
  expect(text).toMatch(/^- added `notes\.md` \(\+1 −0\)$/m)
})

test('who may not prompt forks the chat, and takes over what is handed to them', async ({ world, project, pageOf, isMobile }) => {
  const mine = async (api: typeof world.owner.api) =>
    api.connections.connect.mutate({
      harness: 'scripted',
      scope: 'user',
      secret: {
        kind: 'api-key',
        provider: 'custom',
        key: world.provider.key,
        baseUrl: world.provider.baseUrl('openai-responses'),
        dialect: 'openai-responses',
      },
    })
  const [cleo, mei] = [await world.addMember('Cleo Own'), await world.addMember('Mei Lin')]
  await mine(cleo.api)
  await mine(mei.api)
  const { chatId } = await cleo.api.chats.create.mutate({ projectId: project.projectId, harness: 'scripted', title: 'The bridge' })
  const chat = followChat(cleo.api, chatId)
  await chat.untilEnded(await chat.send('write bridge.md: It stands.\nsay The bridge is mended.'))
  const path = `/projects/${project.projectId}/chats/${chatId}`
  const seen = new ChatPage(await pageOf(mei))
  await seen.open(path)
  await seen.button('Fork').click()
  const dialog = seen.page.getByRole('dialog', { name: 'Fork this chat' })
  await seen.page.screenshot({ path: `.test/screens/fork-dialog-${isMobile ? 'phone' : 'desktop'}.png` })
  await dialog.getByRole('button', { name: 'Fork' }).click()
  await expect(seen.page.getByRole('heading', { name: 'Fork of The bridge' })).toBeVisible()
  await seen.page.getByText('What it carries over').click()
  await expect(seen.page.getByText('- added bridge.md (+1 −0)')).toBeVisible()
  await seen.page.screenshot({ path: `.test/screens/fork-${isMobile ? 'phone' : 'desktop'}.png` })
  await seen.send('What is left to do?')
  await expect(seen.said(/^Done$/)).toBeVisible()
  const told = world.provider.received.map((each) => each.body.toString()).findLast((each) => each.includes('What is left to do?'))
  expect(told).toContain('The bridge is mended.')
  await expect(seen.promptBy('Mei Lin')).not.toContainText('carries over')
  await seen.page.getByRole('link', { name: 'The bridge', exact: true }).first().click()
  await expect(seen.promptBy('Cleo Own')).toBeVisible()
  await expect((await seen.openPanel('Details')).getByRole('link', { name: 'Fork of The bridge' })).toBeVisible()

  const owner = new ChatPage(await pageOf(cleo))
  await owner.open(path)
  await owner.button('More about this chat').click()
  await owner.page.getByRole('menuitem', { name: 'Hand over…' }).click()
  await owner.page.getByRole('dialog').getByLabel('To').click()
  await owner.page.getByRole('option', { name: new RegExp(mei.email) }).click()
  await owner.page.screenshot({ path: `.test/screens/hand-over-${isMobile ? 'phone' : 'desktop'}.png` })
  await owner.page.getByRole('dialog').getByRole('button', { name: 'Offer' }).click()
  await expect(owner.said(/^You offer this chat to Mei Lin/)).toBeVisible()
  await seen.open(path)
  await seen.page.screenshot({ path: `.test/screens/offer-${isMobile ? 'phone' : 'desktop'}.png` })
  await seen.button('Take over').click()
  await seen.send('say Mine now.')
  await expect(seen.said(/^Mine now\.$/)).toBeVisible()
  await expect(owner.said('This chat runs on Mei Lin’s personal credential, so only they may prompt it.')).toBeVisible()
})

test('a rule of the project answers, and people are asked for the rest', async ({ chat, ada, project, isMobile }) => {
  const { page } = ada
  await page.goto(`/projects/${project.projectId}?tab=settings`)
  await page.getByRole('button', { name: 'Add a rule' }).click()
  await page.getByLabel('Pattern of rule 1').fill('ls*')
  await expect(page.getByText('Allowed: a command like ls*.')).toBeVisible()
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.getByRole('button', { name: 'Save rules' }).scrollIntoViewIfNeeded()
    await page.screenshot({ path: `.test/screens/rules-${isMobile ? 'phone' : 'desktop'}-${colorScheme}.png` })
  }
  await page.getByRole('button', { name: 'Save rules' }).click()
  await expect(page.getByText('Saved')).toBeVisible()
  await ada.open(chat.path)
  await expect(
    (await ada.openPanel('Details')).getByText('Reads nothing new: what you send waits for the end of the turn, or stops it.'),
  ).toBeVisible()
  await page.screenshot({ path: `.test/screens/abilities-${isMobile ? 'phone' : 'desktop'}.png` })
  if (isMobile) await page.getByRole('button', { name: 'Back to the chat' }).click()
  await ada.send('ask ls -la\nask ls; rm -rf .')
  await expect(ada.said(/^Allowed once by the project’s rule “allow execute ls\*”, /)).toBeVisible()
  const card = page.getByRole('region', { name: 'Scripted agent asks to run a command' })
  await expect(card.getByText('ls; rm -rf .')).toBeVisible()
  await card.getByRole('button', { name: 'Reject' }).click()
  await expect(ada.said('You chose reject.')).toBeVisible()
})
