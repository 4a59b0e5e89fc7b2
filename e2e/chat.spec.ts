/**
 * The chat screen with an agent that does what its prompt says, so that each test can
 * make happen what real agents do at their own time. Runs on desktop and phone.
 */
import { devices } from '@playwright/test'
import { ChatPage } from '#e2e/chat-page.ts'
import { expect, test as base } from '#e2e/fixtures.ts'
import { error, gate, text } from '#e2e/world/fake-provider-scene.ts'
import { followChat, replyOf, type ChatFollower } from '#e2e/world/follow.ts'
import { processesOf } from '#e2e/world/processes.ts'
import { connectFake } from '#e2e/world/world.ts'

const { defaultBrowserType: _, ...phone } = devices['iPhone 15']

const test = base.extend<{ chat: ChatFollower & { path: string }; ada: ChatPage }>({
  /** A chat of the owner with the scripted agent. */
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

test('a second browser, on a phone, sees each piece as it is written, once', async ({ world, chat, ada, pageOf }) => {
  const mei = new ChatPage(await pageOf(await world.addMember('Mei Lin'), phone))
  await mei.open(chat.path)
  world.provider.play([text('First words. '), gate('middle'), text('Middle words. '), gate('end'), text('Last words.')])
  await ada.send('model speak')
  for (const each of [ada, mei]) {
    await expect(each.promptBy('Ada Owner')).toBeVisible()
    await expect(each.said('First words.')).toBeVisible()
    await expect(each.said('Middle words.')).toHaveCount(0)
  }
  world.provider.open('middle')
  for (const each of [ada, mei]) await expect(each.said('First words. Middle words.')).toBeVisible()
  world.provider.open('end')
  for (const each of [ada, mei]) {
    await expect(each.said('First words. Middle words. Last words.')).toHaveCount(1)
    await expect(each.said(/^Done$/)).toBeVisible()
  }
})

test('thought, plan and a change of a file with its diff', async ({ chat, ada }) => {
  await ada.send(
    'think A thought that nobody must read.\nplan Look around; Write it down\nwrite notes/hello.txt: Hello there\nsay All done.',
  )
  await expect(ada.said('All done.')).toBeVisible()
  await expect(ada.said('A thought that nobody must read.')).toHaveCount(0)
  await ada.button(/^Thought/).click()
  await expect(ada.said('A thought that nobody must read.')).toBeVisible()
  await ada
    .button(/hello\.txt/)
    .first()
    .click()
  await expect(ada.timeline.getByText('Hello there').last()).toBeVisible()
  const plan = await ada.openPanel('Plan')
  await expect(plan.getByText('Write it down')).toBeVisible()
  const changes = await ada.openPanel('Changes')
  await expect(changes.getByText('hello.txt').first()).toBeVisible()
  await chat.catchUp()
  expect(chat.view().changes?.files).toMatchObject([{ path: 'notes/hello.txt', status: 'added', added: 1 }])
})

test('a question is answered in the browser, and everybody sees by whom', async ({ world, chat, ada, pageOf }) => {
  const mei = new ChatPage(await pageOf(await world.addMember('Mei Lin')))
  await mei.open(chat.path)
  await ada.send('ask rm -rf build\nsay Going on.')
  for (const each of [ada, mei]) {
    const card = each.page.getByRole('region', { name: 'Scripted agent asks to run a command' })
    await expect(card.getByText('rm -rf build')).toBeVisible()
  }
  await mei.page.getByRole('region', { name: 'Scripted agent asks to run a command' }).getByRole('button', { name: 'Allow once' }).click()
  for (const each of [ada, mei]) {
    await expect(each.said(/^Allowed once by Mei Lin, /)).toBeVisible()
    await expect(each.said('You chose allow. Going on.')).toBeVisible()
  }
})

test('what the agent wants to know is asked of everybody, looked through, and told once', async ({ world, chat, ada, pageOf }) => {
  const mei = new ChatPage(await pageOf(await world.addMember('Mei Lin')))
  await mei.open(chat.path)
  await ada.send('elicit form\nelicit secret\nelicit url https://sign-in.example.test/consent?next=here\nsay Going on.')
  const [asked, askedMei] = [ada, mei].map((each) => each.page.getByRole('region', { name: 'Scripted agent asks you something' }))
  for (const card of [asked!, askedMei!]) {
    await expect(card.getByText('Before I set up the service, I need to know a few things.')).toBeVisible()
    await expect(card.getByRole('timer')).toHaveText(/left$/)
  }
  await askedMei!.getByRole('button', { name: 'Answer' }).click()
  await expect(askedMei!.getByText('This is needed.')).toHaveCount(2)
  await askedMei!.getByLabel('Name of the service').fill('api')
  await askedMei!.getByText('Frankfurt').click()
  await askedMei!.getByLabel('Replicas').fill('12')
  await askedMei!.getByText('backups').click()
  await expect(askedMei!.getByText('At most 9.')).toBeVisible()
  await askedMei!.getByLabel('Replicas').fill('3')
  await askedMei!.getByRole('button', { name: 'Answer' }).click()
  for (const each of [ada, mei]) {
    await expect(each.said(/^Answered by Mei Lin, /)).toBeVisible()
    await expect(each.said('Frankfurt')).toBeVisible()
    await expect(
      each.said('You said accept. {"name":"api","region":"eu","features":["backups"],"isPublic":false,"replicas":3}'),
    ).toBeVisible()
  }

  // A form must not ask for a secret: it is warned of, and nobody reads it afterwards.
  await expect(asked!.getByText(/asks for something secret/)).toBeVisible()
  await asked!.getByLabel('Password').fill('hunter2')
  await asked!.getByRole('button', { name: 'Answer' }).click()
  await expect(mei.said('••••••')).toBeVisible()

  const page = ada.page.getByRole('region', { name: 'Scripted agent asks you to open a page' })
  await expect(page.getByText('sign-in.example.test', { exact: true })).toBeVisible()
  await page.getByRole('button', { name: 'Decline' }).click()
  await expect(mei.said(/^Declined by Ada Owner, /)).toBeVisible()
  // One reply that went on after each question.
  await expect(mei.said(/You said decline\. Going on\.$/)).toBeVisible()
  await chat.catchUp()
  expect(JSON.stringify(chat.events.filter((each) => each.type === 'elicitation.answered'))).not.toContain('hunter2')
})

test('a refusal carries a note, and the agent obeys it', async ({ chat, ada }) => {
  await ada.send('ask drop the database')
  await ada.button('Deny with a note…').click()
  await ada.page.getByLabel('What should it do instead?').fill('run echo renamed-instead')
  await ada.button('Deny').click()
  await expect(ada.said(/^Denied by Ada Owner, /)).toBeVisible()
  await expect(ada.said('“run echo renamed-instead”')).toBeVisible()
  await expect(ada.said('You chose reject.')).toBeVisible()
  await expect.poll(async () => (await chat.catchUp(), chat.view().turns.map((turn) => turn.status))).toEqual(['completed', 'completed'])
  expect(chat.events.find((each) => each.type === 'permission.answered')).toMatchObject({
    optionId: 'reject',
    note: 'run echo renamed-instead',
  })
  expect(chat.view().turns[1]).toMatchObject({
    prompt: [{ type: 'text', text: 'run echo renamed-instead' }],
    items: [
      { is: 'tool', status: 'completed' },
      { is: 'reply', text: 'renamed-instead\n' },
    ],
  })
})

test('Stop keeps what was said, and nothing of the old prompt comes back', async ({ chat, ada }) => {
  await ada.send('say Before the stop.\nwait-for-cancel\nsay After the stop.')
  await expect(ada.said('Before the stop.')).toBeVisible()
  await ada.button(/^Stop/).click()
  await expect(ada.said('Stopped by Ada Owner')).toBeVisible()
  await ada.send('say A new turn.')
  await expect(ada.said('A new turn.')).toBeVisible()
  await expect(ada.said(/^After the stop/)).toHaveCount(0)
  const view = await chat.untilView((each) => each.turns[1]?.endedAt != null, 'an ended turn')
  expect(view.turns.map((each) => each.status)).toEqual(['cancelled', 'completed'])
})

test('an agent that does not obey a stop is ended, and the next prompt finds a new one', async ({ chat, ada }) => {
  await ada.send('say Deaf.\nignore-cancel')
  await expect(ada.said('Deaf.')).toBeVisible()
  await ada.button(/^Stop/).click()
  await expect(ada.said('Stopped by Ada Owner')).toBeVisible({ timeout: 30_000 })
  await ada.send('say Back again.')
  await expect(ada.said('Back again.')).toBeVisible({ timeout: 30_000 })
  await chat.catchUp()
  expect(chat.events.filter((each) => each.type === 'run.started')).toHaveLength(2)
})

test('prompts queue while a turn runs: edited, taken out, and sent in order', async ({ world, chat, ada }) => {
  world.provider.play([text('Working. '), gate('go on'), text('Ready.')])
  await ada.send('model work')
  await expect(ada.said('Working.')).toBeVisible()
  await ada.send('say Second.')
  await ada.send('say Never.')
  await ada.send('say Third.')
  await expect(ada.queue.getByRole('listitem')).toHaveCount(3)
  await ada.actOnQueued('Never.', 'Remove from the queue')
  await ada.actOnQueued('Second.', 'Edit this prompt')
  await ada.queue.getByLabel('Waiting prompt').fill('say Second, better.')
  await ada.queue.getByRole('button', { name: 'Save' }).click()
  // The field holds the words before they are saved.
  await expect(ada.queue.getByLabel('Waiting prompt')).toHaveCount(0)
  await expect(ada.queue.getByRole('listitem').filter({ hasText: 'Second, better.' })).toBeVisible()
  world.provider.open('go on')
  const view = await chat.untilView((each) => each.turns.length === 3 && each.turns.every((turn) => turn.endedAt), 'three ended turns')
  expect(view.turns.map(replyOf)).toEqual(['Working. Ready.', 'Second, better.', 'Third.'])
  await expect(ada.queue).toHaveCount(0)
})

test('a crash is said, what was written is kept, the agent comes back by itself, and the next prompt goes on', async ({ chat, ada }) => {
  await ada.send('crash out of memory')
  await expect(ada.said('Last words.')).toBeVisible()
  await expect(ada.said('Recovered: Scripted agent is running again, and knows what was said before.')).toBeVisible({ timeout: 30_000 })
  await expect(
    ada.said('Scripted agent stopped unexpectedly while it worked. What it did is kept; nothing is sent again by itself.'),
  ).toBeVisible()
  await expect(ada.button('Send again')).toBeVisible()
  await ada.send('say Risen.')
  await expect(ada.said('Risen.')).toBeVisible({ timeout: 30_000 })
  const view = await chat.untilView((each) => each.turns[1]?.endedAt != null, 'an ended turn')
  expect(view.turns.map((each) => each.status)).toEqual(['interrupted', 'completed'])
  expect(chat.events.filter((each) => each.type === 'run.started').map((each) => each.how)).toEqual(['new', 'resumed'])
})

test('what nobody has a word for is kept', async ({ chat, ada }) => {
  await ada.send('unknown-update\nmalformed-update\nsay After the unknown.')
  await expect(ada.said('After the unknown.')).toBeVisible()
  await chat.catchUp()
  const kept = chat.events.filter((each) => each.type === 'agent.said').map((each) => JSON.stringify(each.raw))
  expect(kept.some((each) => each.includes('brand_new_thing') && each.includes('42'))).toBe(true)
  expect(chat.view().unknownMessages).toBe(kept.length)
  const details = await ada.openPanel('Details')
  await expect(details.getByText(`${kept.length}, kept in the log`)).toBeVisible()
})

test('a turn that ends well although its model failed says so', async ({ world, chat, ada }) => {
  world.provider.play([error(529, { message: 'Overloaded.' })])
  await ada.send('model hello')
  await expect(ada.said(/had a failure of its own \(status 529\)\. Send the prompt again in a moment\./)).toHaveCount(1)
  const view = await chat.untilView((each) => each.turns[0]?.endedAt != null, 'an ended turn')
  expect(view.turns[0]).toMatchObject({ status: 'failed', failure: { code: 'provider.failed' } })
  await ada.button('Send again').click()
  await expect(ada.promptBy('Ada Owner')).toHaveCount(2)
})

test('reload, lost connection and another browser lose and repeat nothing', async ({ world, chat, ada, pageOf }) => {
  const mei = new ChatPage(await pageOf(await world.addMember('Mei Lin')))
  await mei.open(chat.path)
  world.provider.play([text('One. '), gate('two'), text('Two. '), gate('three'), text('Three.')])
  await ada.send('model count')
  await expect(ada.said('One.')).toBeVisible()
  await ada.page.reload()
  await expect(ada.said('One.')).toHaveCount(1)
  await ada.page.context().setOffline(true)
  world.provider.open('two')
  await expect(mei.said('One. Two.')).toBeVisible()
  await expect(ada.said('Two.')).toHaveCount(0)
  await ada.page.context().setOffline(false)
  await expect(ada.said('One. Two.')).toHaveCount(1, { timeout: 30_000 })
  world.provider.open('three')
  for (const each of [ada, mei]) {
    await expect(each.said('One. Two. Three.')).toHaveCount(1)
    await expect(each.said(/^Done$/)).toHaveCount(1)
  }
  const late = new ChatPage(await pageOf(world.owner))
  await late.open(chat.path)
  await expect(late.said('One. Two. Three.')).toHaveCount(1)
})

test('a prompt that was sent offline goes out once, by itself, when the connection is back', async ({ chat, ada }) => {
  await ada.send('say Warm.')
  // Otherwise it would wait in the queue of the running turn.
  await expect(ada.said(/^Done$/)).toBeVisible()
  await ada.page.context().setOffline(true)
  await ada.send('say From the tunnel.')
  await expect(ada.promptBy('Ada Owner').last()).toContainText('say From the tunnel.')
  await expect(ada.said('Goes out when the connection is back.')).toBeVisible()
  await ada.page.context().setOffline(false)
  await expect(ada.said(/^From the tunnel\.$/)).toHaveCount(1, { timeout: 30_000 })
  await chat.catchUp()
  expect(chat.view().turns).toHaveLength(2)
})

test('a draft survives a reload', async ({ ada }) => {
  await ada.field.fill('Half a thought')
  await ada.page.reload()
  await expect(ada.field).toHaveValue('Half a thought')
})

test('people see each other, who types, and who wrote what', async ({ world, chat, ada, pageOf }) => {
  const mei = new ChatPage(await pageOf(await world.addMember('Mei Lin')))
  await mei.open(chat.path)
  await mei.field.pressSequentially('say Hello')
  await expect(ada.said('Mei Lin is typing…')).toBeVisible()
  await mei.button('Send').click()
  await expect(ada.promptBy('Mei Lin')).toContainText('say Hello')
  await expect(mei.said(/^Hello$/)).toBeVisible()
  await ada.send('say Hello yourself')
  await expect(mei.promptBy('Ada Owner')).toContainText('say Hello yourself')
})

test('tokens and cost of a turn and of the chat', async ({ chat, ada }) => {
  await ada.send('model say: Cheap words.')
  await expect(ada.said('Cheap words.')).toBeVisible()
  await expect(ada.said(/\bin, .*\bout$/)).toBeVisible()
  await expect(ada.said(/^(<\s?)?\$0?\.?\d*/).first()).toBeVisible()
  await chat.untilView((view) => view.usage.requests === 1 && view.usage.costMicros > 0, 'a metered request')
  const usage = await ada.openPanel('Usage')
  await expect(usage).toContainText('$')
})

test('the model is chosen for the turns to come', async ({ world, project, pageOf }) => {
  const { api } = world.owner
  await connectFake(
    { api, provider: world.provider },
    { projectId: project.projectId, harness: 'scripted', dialect: 'openai-responses', models: ['alpha-1', 'beta-2'] },
  )
  const { chatId } = await api.chats.create.mutate({ projectId: project.projectId, harness: 'scripted', model: 'alpha-1' })
  const ada = new ChatPage(await pageOf(world.owner))
  await ada.open(`/projects/${project.projectId}/chats/${chatId}`)
  await ada.send('model say: By alpha.')
  await expect(ada.said('By alpha.')).toBeVisible()
  expect(world.provider.received.at(-1)?.ask?.model).toBe('alpha-1')
  await ada.timeline.getByLabel('Model').click()
  await ada.page.getByRole('option', { name: /beta-2/ }).click()
  await expect(ada.timeline.getByLabel('Model')).toContainText('beta-2')
  await ada.send('model say: By beta.')
  await expect(ada.said('By beta.')).toBeVisible()
  expect(world.provider.received.at(-1)?.ask?.model).toBe('beta-2')
})

test('a chat is renamed, and the list says so', async ({ ada, chat }) => {
  await ada.page.getByRole('button', { name: /Rename/ }).click()
  await ada.page.getByLabel('Name of the chat').fill('A better name')
  await ada.page.keyboard.press('Enter')
  await expect(ada.page.getByRole('heading', { name: 'A better name' })).toBeVisible()
  await chat.untilView((view) => view.title === 'A better name', 'the new name')
  await ada.page.goto('/')
  await expect(ada.page.getByText('A better name').filter({ visible: true }).first()).toBeVisible()
})

test('an agent that is stopped leaves no process behind, grandchildren included', async ({ world, chat, ada }) => {
  await ada.send('spawn-grandchild')
  await expect(ada.said(/^grandchild \d+/)).toBeVisible()
  const sleepers = () => processesOf(world.server.home).filter((each) => each.command.includes('sleep 86400'))
  expect(sleepers().length).toBeGreaterThan(0)
  await ada.send('crash')
  await expect(ada.button('Send again')).toBeVisible({ timeout: 30_000 })
  await expect(async () => expect(sleepers()).toEqual([])).toPass()
  await chat.catchUp()
})
