/**
 * `npm run bench -- transcript`: a long chat in a real Chromium, with a real server and its database. How soon its end is
 * on the screen, whether it scrolls, what it holds of the memory when all of it was scrolled through, and what is sent to
 * somebody who comes back after a sleep.
 */
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { CDPSession, Page } from '@playwright/test'
import type { Benchmark } from '#bin/bench/benchmark.ts'
import { openBrowser, openPage } from '#bin/bench/browser.ts'
import { readNumbers } from '#bin/bench/flags.ts'
import { describeMachine, loadAverage, machineLine } from '#bin/bench/machine.ts'
import { median, spreadOf } from '#bin/bench/statistics.ts'
import { number, table } from '#bin/bench/table.ts'
import { scrollUp, type Scrolled } from '#bin/bench/transcript/scrolling.ts'
import { inDatabase } from '#e2e/world/database.ts'
import { lastWordsOf, loadLongChat } from '#e2e/world/long-chat.ts'
import { connectFake, startWorld, type World } from '#e2e/world/world.ts'

const usual = { items: 10_000, megabytes: 100, rounds: 7, 'scroll-seconds': 60, 'px-per-frame': 80 }
type Plan = typeof usual

type Measured = {
  log: { events: number; bytes: number }
  /** Milliseconds. */
  foldedMs: number
  openedMs: number[]
  loadedMs: number[]
  scrolled: Scrolled
  heapBytes: { opened: number; scrolled: number }
  catchUp: { events: number; bytes: number; missed: number }
}

async function seed(
  world: World,
  plan: Plan,
): Promise<{ path: string; chatId: string; other: string; lastWords: string; log: Measured['log'] }> {
  const { api } = world.owner
  const { projectId } = await api.projects.create.mutate({ name: 'Long' })
  await connectFake({ api, provider: world.provider }, { projectId, harness: 'scripted', dialect: 'openai-responses' })
  const create = (title: string) => api.chats.create.mutate({ projectId, harness: 'scripted', title })
  const { chatId } = await create('The long one')
  const { chatId: otherId } = await create('The short one')
  const { user } = await api.me.get.query()
  const log = await inDatabase(world.server.home, (client) =>
    loadLongChat(client, chatId, { items: plan.items, bytes: plan.megabytes * 1_000_000, by: user.userId }),
  )
  const chats = `/projects/${projectId}/chats`
  return { path: `${chats}/${chatId}`, chatId, other: `${chats}/${otherId}`, lastWords: lastWordsOf(Math.ceil(plan.items / 40) - 1), log }
}

/** From the click on its name to the frame that shows its last words, in a page that has all its code. */
const openByClick = (page: Page, path: string, words: string): Promise<number> =>
  page.evaluate(
    ({ href, text }) =>
      new Promise<number>((done) => {
        const startedAt = performance.now()
        const look = (): void => {
          if (!document.querySelector('[role=log]')?.textContent?.includes(text)) return void requestAnimationFrame(look)
          const { port1, port2 } = new MessageChannel()
          port1.addEventListener('message', () => done(performance.now() - startedAt))
          port1.start()
          port2.postMessage(null)
        }
        document.querySelector<HTMLAnchorElement>(`a[href="${href}"]`)!.click()
        requestAnimationFrame(look)
      }),
    { href: path, text: words },
  )

const heapOf = async (cdp: CDPSession): Promise<number> => {
  await cdp.send('HeapProfiler.collectGarbage')
  const { usedSize } = await cdp.send('Runtime.getHeapUsage')
  return usedSize
}

/** What comes in over the wire from now on. */
function watchBytes(cdp: CDPSession): { bytes: number; events: number } {
  const seen = { bytes: 0, events: 0 }
  cdp.on('Network.webSocketFrameReceived', ({ response }) => {
    seen.bytes += response.payloadData.length
    seen.events += [...response.payloadData.matchAll(/"seqFrom":/g)].length
  })
  cdp.on('Network.dataReceived', ({ dataLength }) => void (seen.bytes += dataLength))
  return seen
}

async function measure(plan: Plan, tell: (line: string) => void): Promise<Measured> {
  const world = await startWorld({ env: { GATEHOUSE_LOG: 'warn' } })
  const browser = await openBrowser()
  try {
    tell(`${plan.megabytes} MB are written`)
    const { path, chatId, other, lastWords, log } = await seed(world, plan)
    const startedAt = performance.now()
    await world.owner.api.chats.last.query({ chatId })
    const foldedMs = performance.now() - startedAt

    const page = await openPage(browser, { url: world.url, cookie: world.owner.cookie })
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Network.enable')
    const openedMs: number[] = []
    const loadedMs: number[] = []
    tell('it is opened')
    for (let round = 0; round <= plan.rounds; round += 1) {
      await page.goto(other)
      await page.getByLabel(/^Message to/).waitFor()
      await page.waitForLoadState('networkidle')
      const opened = await openByClick(page, path, lastWords)
      const loadedAt = performance.now()
      await page.goto(path)
      await page.getByText(lastWords).waitFor()
      // The first round warms what is to be warm.
      if (round > 0) {
        openedMs.push(opened)
        loadedMs.push(performance.now() - loadedAt)
      }
    }
    await page.waitForLoadState('networkidle')
    const opened = await heapOf(cdp)
    tell('it is scrolled through')
    const scrolled = await scrollUp(page, { pxPerFrame: plan['px-per-frame'], maxMs: plan['scroll-seconds'] * 1_000 })
    await pause(500)
    const heapBytes = { opened, scrolled: await heapOf(cdp) }

    tell('it sleeps')
    await page.goto(path)
    await page.getByText(lastWords).waitFor()
    await page.waitForLoadState('networkidle')
    await page.context().setOffline(true)
    const before = await headOf(world, chatId)
    const turnId = randomUUID()
    await world.owner.api.chats.sendPrompt.mutate({ chatId, turnId, prompt: [{ type: 'text', text: 'say Said meanwhile.' }] })
    while (!(await hasEnded(world, chatId))) await pause(100)
    const missed = (await headOf(world, chatId)) - before
    const seen = watchBytes(cdp)
    await page.context().setOffline(false)
    await page.getByText('Said meanwhile.', { exact: true }).waitFor()
    await pause(1_000)
    return { log, foldedMs, openedMs, loadedMs, scrolled, heapBytes, catchUp: { ...seen, missed } }
  } finally {
    await browser.close()
    await world.close()
  }
}

const ask = async <T>(world: World, chatId: string, column: string): Promise<T> =>
  inDatabase(world.server.home, async (client) => {
    const { rows } = await client.query(`select ${column} as value from chat_head where "chatId" = $1`, [chatId])
    return rows[0].value as T
  })
const headOf = async (world: World, chatId: string): Promise<number> => Number(await ask(world, chatId, 'head'))
const hasEnded = (world: World, chatId: string): Promise<boolean> =>
  ask(world, chatId, `"lastOutcome" is not null and "activeTurn" is null`)

const mb = (bytes: number): string => number(bytes / 1_000_000, ' MB')
const share = (values: readonly number[], limit: number): number =>
  (100 * values.filter((each) => each > limit).length) / Math.max(1, values.length)

function report(plan: Plan, { log, foldedMs, openedMs, loadedMs, scrolled, heapBytes, catchUp }: Measured): string {
  const { deltasMs, px, isAtStart } = scrolled
  const frames = spreadOf(deltasMs)
  const aim = (says: string, value: string, isMet: boolean) => [says, value, isMet ? 'met' : 'missed']
  return [
    `Load average after: ${loadAverage()}`,
    `${plan.items} items in ${log.events} events, ${mb(log.bytes)} of log; folded once, in ${number(foldedMs / 1_000, ' s')}.`,
    table([
      ['', 'median', 'slowest'],
      ['by a click, to the last screen', number(median(openedMs), ' ms'), number(Math.max(...openedMs), ' ms')],
      ['by its address, the page included', number(median(loadedMs), ' ms'), number(Math.max(...loadedMs), ' ms')],
    ]),
    `Scrolled ${number(px)} px${isAtStart ? ', to the beginning' : ''}: ${deltasMs.length} frames\n${table([
      ['', 'p50', 'p90', 'p99', 'longest', 'over 20 ms', 'over 50 ms'],
      [
        'a frame',
        ...[frames.p50, frames.p90, frames.p99, frames.max].map((each) => number(each, ' ms')),
        number(share(deltasMs, 20), ' %'),
        number(share(deltasMs, 50), ' %'),
      ],
    ])}`,
    `JavaScript's heap: ${mb(heapBytes.opened)} when it was opened, ${mb(heapBytes.scrolled)} when it was scrolled through.`,
    `After a sleep in which ${catchUp.missed} events were stored: ${catchUp.events} events and ${number(catchUp.bytes / 1_000, ' KB')} in all came in.`,
    table([
      ['aims', 'measured', ''],
      aim('last screen within 300 ms from warm', number(median(openedMs), ' ms'), median(openedMs) < 300),
      aim('60 frames a second: p50 of a frame within 17.5 ms', number(frames.p50, ' ms'), frames.p50 < 17.5),
      aim('heap at most doubles', mb(heapBytes.scrolled), heapBytes.scrolled < 2 * heapBytes.opened),
      aim('only what is new after a sleep', `${catchUp.events} of ${catchUp.missed}`, catchUp.events <= 2 * catchUp.missed),
    ]),
  ].join('\n\n')
}

async function run(args: string[]): Promise<void> {
  const { jsonFile, ...plan } = readNumbers(args, usual)
  const machine = describeMachine()
  console.log(`${machineLine(machine)}\nLoad average before: ${machine.loadAverage}`)
  const measured = await measure(plan, (line) => console.error(`  ${line}`))
  console.log(report(plan, measured))
  if (jsonFile) writeFileSync(jsonFile, JSON.stringify({ machine, plan, ...measured }, null, 1))
}

export const transcript: Benchmark = {
  name: 'transcript',
  says: 'a chat of 10,000 items: opening, scrolling, memory, coming back after a sleep',
  run,
}
