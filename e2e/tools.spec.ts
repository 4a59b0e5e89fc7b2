/** The tools that Gatehouse offers to agents, as people meet them: in the settings of a project, and as a question in a chat. */
import { expect, test } from '#e2e/fixtures.ts'
import { followChat, replyOf } from '#e2e/world/follow.ts'
import { connectFake, NOBODY } from '#e2e/world/world.ts'

test('an agent asks, a person answers on the card, and the agent goes on', async ({ world, project, pageOf }) => {
  const { api } = world.owner
  await connectFake({ api, provider: world.provider }, { projectId: project.projectId, harness: 'scripted', dialect: 'openai-chat' })
  const { chatId } = await api.chats.create.mutate({ projectId: project.projectId, harness: 'scripted' })
  const chat = followChat(api, chatId)
  const page = await pageOf(world.owner)
  await page.goto(`/projects/${project.projectId}/chats/${chatId}`)

  const asking = { question: 'Which database shall the tests run on?', choices: ['A real PostgreSQL', 'SQLite in memory'] }
  const first = await chat.send(
    `call-tool report_progress {"note":"Reading what is there","fraction":0.4}\ncall-tool ask_person ${JSON.stringify(asking)}`,
  )
  const card = page.getByRole('region', { name: 'Scripted agent asks you' })
  await expect(card).toContainText(asking.question, { timeout: 60_000 })
  await expect(page).toHaveTitle(/Needs you/)
  await card.getByRole('button', { name: 'Another answer…' }).click()
  await card.getByLabel('Your answer').fill('Both, one after the other')
  await card.getByRole('button', { name: 'Answer', exact: true }).click()
  await expect(page.getByText(`Answered by ${world.owner.name}`)).toBeVisible()
  const turn = await chat.untilEnded(first)
  expect(replyOf(turn)).toContain('Both, one after the other')
  await chat.catchUp()
  expect(chat.events.flatMap((each) => (each.type === 'mcp.called' ? [each.tool] : []))).toEqual(['report_progress', 'ask_person'])

  // Each call shows once, by the agent's own word.
  await expect(page.getByRole('button', { name: /gatehouse\.ask_person/ })).toHaveCount(1)

  await page.goto(`/projects/${project.projectId}?tab=settings`)
  const people = page.getByRole('checkbox', { name: /^People/ })
  await expect(people).toBeChecked()
  await people.click()
  await expect(people).not.toBeChecked()
  await expect(async () => expect(await api.projects.tools.query({ projectId: project.projectId })).toEqual({ off: ['people'] })).toPass()
  await page.getByRole('button', { name: 'Add an MCP server' }).click()
  const dialog = page.getByRole('dialog', { name: 'Add an MCP server' })
  await dialog.getByLabel('Name', { exact: true }).fill('docs')
  await dialog.getByLabel('Address').fill(`http://${NOBODY}/mcp`)
  await dialog.getByLabel('Value of header 1').fill('Bearer of-the-docs')
  await dialog.getByRole('button', { name: 'Add', exact: true }).click()
  await expect(page.getByText('Out of reach')).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText('It did not answer.')).toBeVisible()

  // At once, for the agent that is at work already.
  const second = await chat.send('call-tool report_progress {"note":"Once more"}')
  expect(replyOf(await chat.untilEnded(second))).toContain('not found')
})
