/**
 * Another machine as a node, by the command that the page gives: a real daemon in a home of its own. It joins, is labelled
 * and chosen for it, drains, is copied, gets a new key, and goes.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { ChatPage } from '#e2e/chat-page.ts'
import { expect, test } from '#e2e/fixtures.ts'
import { newHome, removeHome, root, worldEnvironment } from '#e2e/world/server.ts'
import { connectFake, unique } from '#e2e/world/world.ts'

test.setTimeout(240_000)

/** Runs a command of ours with a home that is another machine's. */
function onMachine(home: string, args: readonly string[]): { child: ChildProcess; ended: Promise<number | null>; said: () => string } {
  const child = spawn(process.execPath, ['bin/gatehouse.mjs', ...args], {
    cwd: root,
    env: worldEnvironment({ home, port: 3000, env: { GATEHOUSE_CAPACITY: '2', GATEHOUSE_LOG: 'info' } }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece: string) => (said += piece))
  return { child, said: () => said, ended: once(child, 'exit').then(([code]) => code as number | null) }
}

const argumentsOf = (command: string): string[] => {
  expect(command).toMatch(/^npm run gatehouse -- node join --url http\S+ --token njt_\S+$/)
  return command.split(' -- ')[1]!.split(' ')
}
const commandIn = async (page: Page): Promise<string[]> => argumentsOf(await page.getByRole('dialog').locator('code').innerText())

test('a machine joins by the copied command, works where its label is asked for, drains, and its copy is found out', async ({
  world,
  project,
  pageOf,
}) => {
  const page = await pageOf(world.owner)
  const [home, copy] = [newHome(), newHome()]
  const machines: ReturnType<typeof onMachine>[] = []
  const name = unique('attic')
  try {
    await page.goto('/nodes')
    await page.getByRole('button', { name: 'Add a node' }).click()
    await page.getByLabel('Name').fill(name)
    await page.getByRole('button', { name: 'Make the command' }).click()
    await expect(page.getByText(`Waiting for ${name}…`)).toBeVisible()
    const args = await commandIn(page)
    const machine = onMachine(home, args)
    machines.push(machine)
    await expect(page.getByText(`${name} has joined.`)).toBeVisible({ timeout: 30_000 })
    await page.getByRole('button', { name: 'Done' }).click()
    const card = page.getByRole('region', { name, exact: true })
    await expect(card.getByText('Ready', { exact: true })).toBeVisible({ timeout: 30_000 })
    await expect(card.getByText(/free$/).first()).toBeVisible()

    // The token is spent: another machine does not get in by it.
    const late = onMachine(copy, args)
    expect(await late.ended).toBe(1)
    expect(late.said()).toContain('unknown, used or older than 15 minutes')

    // A project asks for a label that no node has.
    await connectFake(
      { api: world.owner.api, provider: world.provider },
      { projectId: project.projectId, harness: 'scripted', dialect: 'openai-responses', models: ['alpha'] },
    )
    const chatPage = await pageOf(world.owner)
    await chatPage.goto(`/projects/${project.projectId}?tab=settings`)
    await chatPage.getByLabel(/Runs on nodes labelled/).fill('gpu')
    await expect(chatPage.getByText('No node has this label: chats wait until one does.')).toBeVisible()
    await chatPage.getByRole('button', { name: 'Save', exact: true }).click()
    await expect(chatPage.getByText('Saved').first()).toBeVisible()
    const { chatId } = await world.owner.api.chats.create.mutate({ projectId: project.projectId, harness: 'scripted' })
    const chat = new ChatPage(chatPage)
    await chat.open(`/projects/${project.projectId}/chats/${chatId}`)
    await chat.send('say hello from afar')
    await expect(chat.timeline.getByText('No node with label gpu is online')).toBeVisible()

    await card.getByRole('button', { name: `Change ${name}` }).click()
    await page.getByRole('menuitem', { name: 'Labels…' }).click()
    await page.getByLabel('Labels', { exact: true }).fill('GPU, eu')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await expect(card.getByText('gpu', { exact: true })).toBeVisible()
    await expect(chat.said('hello from afar')).toBeVisible({ timeout: 30_000 })
    const { node } = await world.owner.api.chats.get.query({ chatId })
    expect(node?.name).toBe(name)

    // Its warm agent leaves, and nothing new comes.
    await card.getByRole('button', { name: 'Drain', exact: true }).click()
    await expect(card.getByText(/^Drained: safe to stop/)).toBeVisible({ timeout: 30_000 })
    await chat.send('say again')
    await expect(chat.timeline.getByText(`${name} is being drained`)).toBeVisible()
    await card.getByRole('button', { name: 'End the drain' }).click()
    await expect(chat.said('again')).toBeVisible({ timeout: 30_000 })

    // Somebody copies the machine's folder and starts a daemon from it.
    mkdirSync(join(copy, 'node'), { recursive: true })
    for (const file of ['identity.json', 'boots.json']) cpSync(join(home, 'node', file), join(copy, 'node', file))
    const thief = onMachine(copy, ['node', 'run'])
    machines.push(thief)
    await expect(card.getByText('Used in two places', { exact: true })).toBeVisible({ timeout: 30_000 })
    await expect(card.getByText(/^This identity is used in two places/)).toBeVisible()
    expect(await Promise.all([machine.ended, thief.ended])).toEqual([78, 78])

    // The right machine gets a new key; the copy stays out.
    await card.getByRole('button', { name: 'Give it a new key' }).click()
    await page.getByRole('button', { name: 'Withdraw the key' }).click()
    await expect(page.getByText(`Waiting for ${name}…`)).toBeVisible()
    const again = onMachine(home, await commandIn(page))
    machines.push(again)
    await expect(page.getByText(`${name} has joined.`)).toBeVisible({ timeout: 30_000 })
    await page.getByRole('button', { name: 'Done' }).click()
    await expect(card.getByText('Ready', { exact: true })).toBeVisible({ timeout: 30_000 })
    expect(await onMachine(copy, ['node', 'run']).ended).toBe(78)
    await expect(card.getByText('Ready', { exact: true })).toBeVisible()

    // The machine drains itself, from its own command line.
    const drained = onMachine(home, ['node', 'drain'])
    expect(await drained.ended).toBe(0)
    expect(drained.said()).toContain('Drained: safe to stop.')
    expect(await again.ended).toBe(0)
    await expect(card.getByText('Offline', { exact: true })).toBeVisible()

    await card.getByRole('button', { name: `Change ${name}` }).click()
    await page.getByRole('menuitem', { name: 'Remove…' }).click()
    const removed = page.waitForResponse(/nodes\.remove/)
    await page.getByRole('button', { name: 'Remove', exact: true }).click()
    await expect(card).toHaveCount(0)
    await removed
  } finally {
    for (const { child } of machines) child.kill('SIGKILL')
    for (const each of await world.owner.api.nodes.list.query())
      if (each.name === name) await world.owner.api.nodes.remove.mutate({ nodeId: each.nodeId })
    for (const each of [home, copy]) removeHome(each)
  }
})
