/** The board of a project: a task from an issue's text to its end, with an agent that does what it is told, in both sizes. */
import type { Page } from '@playwright/test'
import { expect, test } from '#e2e/fixtures.ts'
import { connectFake, unique } from '#e2e/world/world.ts'

test.describe.configure({ timeout: 120_000 })

const issue = `# ask May I mend the bridge?

- [ ] Look at the piers
- [x] Close the road
- [ ] Tell the town`

/** A column of the board: on a phone the one that is chosen. */
async function column(page: Page, name: string) {
  if (test.info().project.name === 'phone') await page.getByRole('radio', { name: new RegExp(`^${name}`) }).click()
  return page.getByRole('region', { name, exact: true })
}

test('an issue becomes a task, an agent does it, somebody answers and accepts it', async ({ world, project, pageOf }) => {
  const { api } = world.owner
  const mei = await world.addMember(unique('Mei Lin'))
  await connectFake({ api, provider: world.provider }, { projectId: project.projectId, harness: 'scripted', dialect: 'openai-responses' })
  const page = await pageOf(world.owner)
  const shot = (name: string) => page.screenshot({ path: `.test/screens/tasks-${name}-${test.info().project.name}.png` })
  const board = `/projects/${project.projectId}?tab=tasks`

  await page.goto(board)
  await expect(page.getByText('No tasks yet')).toBeVisible()
  await page.getByRole('button', { name: 'New task' }).click()
  const making = page.getByRole('dialog', { name: 'New task' })
  await making.getByRole('radio', { name: 'From an issue' }).click()
  await making.getByLabel('Issue text').fill(issue)
  await expect(making.getByLabel('Title')).toHaveValue('ask May I mend the bridge?')
  await expect(making.getByRole('checkbox', { name: 'Close the road' })).not.toBeChecked()
  await making.getByRole('checkbox', { name: 'Tell the town' }).click()
  await shot('issue')
  await making.getByRole('button', { name: 'Create task' }).click()
  await expect(making).toHaveCount(0)

  const card = (of: Awaited<ReturnType<typeof column>>, title = 'ask May I mend the bridge?') =>
    of.getByRole('listitem').filter({ has: page.getByRole('link', { name: title, exact: true }) })
  const toDo = await column(page, 'To do')
  await expect(card(toDo)).toContainText('0 of 1 sub-tasks closed')
  await expect(card(toDo, 'Look at the piers')).toContainText('Part of')

  // By the menu, which keyboards and fingers have too.
  await card(toDo)
    .getByRole('button', { name: /^Move or open/ })
    .click()
  await page.getByRole('menuitem', { name: 'Start…' }).click()
  const starting = page.getByRole('dialog', { name: /^Start/ })
  await starting.getByRole('combobox', { name: 'Agent' }).click()
  await page.getByRole('option', { name: /Scripted/ }).click()
  await starting.getByRole('button', { name: 'Start', exact: true }).click()
  await page.waitForURL(/\/chats\//)
  const question = page.getByRole('region', { name: 'Scripted agent asks to run a command' })
  await expect(question).toBeVisible()

  await page.goto(board)
  const needsYou = await column(page, 'Needs you')
  await expect(card(needsYou)).toContainText('Asks you')
  await shot('board')

  // The page of the task: assigned, commented, and its chat answered, all while somebody else looks at the board.
  const other = await pageOf(mei)
  await other.goto(board)
  await card(needsYou).getByRole('link').first().click()
  await expect(page.getByRole('heading', { level: 1, name: 'ask May I mend the bridge?' })).toBeVisible()
  await page.getByRole('combobox', { name: 'Assigned to' }).click()
  await page.getByRole('option', { name: mei.name }).click()
  await page.getByRole('textbox', { name: 'Comment' }).fill('Have a look at the **middle**.')
  await page.getByRole('button', { name: 'Comment', exact: true }).click()
  await expect(page.getByText('middle', { exact: true })).toBeVisible()
  await shot('task')
  await page.getByRole('link', { name: 'Answer in its chat' }).click()
  await question.getByRole('button', { name: 'Allow once' }).click()

  const review = await column(other, 'Review')
  await expect(review.getByRole('listitem').filter({ hasText: 'ask May I mend' })).toContainText('Ready for review')
  await other.goto('/')
  const mine = other
    .getByRole('region', { name: 'Tasks that need you' })
    .or(other.locator('section').filter({ hasText: 'Tasks that need you' }))
  await expect(mine.getByRole('link', { name: /ask May I mend/ })).toBeVisible()
  await other.screenshot({ path: `.test/screens/tasks-home-${test.info().project.name}.png` })
  await mine.getByRole('link', { name: /ask May I mend/ }).click()
  await other.getByRole('link', { name: /^1 file/ }).click()
  await expect(other.getByRole('complementary', { name: 'Changes, plan, usage and details' })).toContainText('greeting.md')
  await other.goBack()
  await other.getByRole('button', { name: 'Accept as done' }).click()
  await expect(other.getByText('Done', { exact: true })).toBeVisible()
  await other.screenshot({ path: `.test/screens/tasks-done-${test.info().project.name}.png`, fullPage: true })

  await page.goto(board)
  const done = await column(page, 'Done')
  await expect(card(done)).toBeVisible()
})

test('a card is dragged where a person may put it, and nowhere else', async ({ world, project, pageOf, isMobile }) => {
  test.skip(isMobile, 'Fingers have the menu')
  const { taskId } = await world.owner.api.tasks.create.mutate({ projectId: project.projectId, title: 'Sweep the yard' })
  const page = await pageOf(world.owner)
  await page.goto(`/projects/${project.projectId}?tab=tasks`)
  const cardIn = (name: string) =>
    page.getByRole('region', { name, exact: true }).getByRole('listitem').filter({ hasText: 'Sweep the yard' })
  await cardIn('To do').dragTo(page.getByRole('region', { name: 'Review', exact: true }))
  await expect(cardIn('To do')).toBeVisible()
  await cardIn('To do').dragTo(page.getByRole('region', { name: 'Done', exact: true }))
  await expect(cardIn('Done')).toBeVisible()
  await cardIn('Done').dragTo(page.getByRole('region', { name: 'To do', exact: true }))
  await expect(cardIn('To do')).toBeVisible()
  await cardIn('To do').dragTo(page.getByRole('region', { name: 'Running', exact: true }))
  await expect(page.getByRole('dialog', { name: 'Start “Sweep the yard”' })).toBeVisible()
  expect((await world.owner.api.tasks.get.query({ projectId: project.projectId, taskId })).history.map((each) => each.sentence)).toEqual([
    'reopened the task “Sweep the yard”',
    'closed the task “Sweep the yard” as done',
    'made the task “Sweep the yard”',
  ])
})
