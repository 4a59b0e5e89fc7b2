/**
 * `npm run bench -- live`: from an agent's piece of text to every viewer. A real server with its database and daemon, real
 * processes of the scripted agent that say the time in many chats at once, viewers that apply what they get, and a few
 * pages in a real Chromium up to the paint. All of them share the machine's cores.
 */
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Page } from '@playwright/test'
import { UsageError, type Benchmark } from '#bin/bench/benchmark.ts'
import { openBrowser, openPage } from '#bin/bench/browser.ts'
import { answerOf, startHelper, stop } from '#bin/bench/children.ts'
import { readNumbers } from '#bin/bench/flags.ts'
import { measureAppend, type Appending } from '#bin/bench/live/append.ts'
import { takePainted, watchPainting, type Painted } from '#bin/bench/live/painted.ts'
import { report } from '#bin/bench/live/report.ts'
import type { Viewed, ViewersJob } from '#bin/bench/live/viewers-process.ts'
import { describeMachine, machineLine } from '#bin/bench/machine.ts'
import { cpuOf, type Costs } from '#bin/bench/world-cost.ts'
import { inDatabase } from '#e2e/world/database.ts'
import { connectFake, startWorld, type World } from '#e2e/world/world.ts'
import { closeDatabase, openDatabase } from '#server/db/client.ts'
import { embeddedUrl } from '#server/db/postgres.ts'

const usual = { chats: 20, viewers: 50, pages: 4, seconds: 30, 'every-ms': 20 }
export type Measured = {
  plan: typeof usual
  /** Of the viewers without a screen, and of the pages: milliseconds of each piece. */
  applied: number[]
  painted: number[]
  frames: Omit<Painted, 'delaysMs'>
  events: number
  delivered: number
  live: number
  tookMs: number
  costs: Costs
  appending: Appending[]
}

const WARM_UP_MS = 6_000
/** A person has only so many sockets. */
const VIEWERS_EACH = 10
const APPEND_SECONDS = 5

async function startChats(world: World, count: number): Promise<{ projectId: string; chats: string[] }> {
  const { api } = world.owner
  const { projectId } = await api.projects.create.mutate({ name: 'Live' })
  await connectFake({ api, provider: world.provider }, { projectId, harness: 'scripted', dialect: 'openai-responses' })
  const chats: string[] = []
  for (let at = 0; at < count; at += 1) chats.push((await api.chats.create.mutate({ projectId, harness: 'scripted' })).chatId)
  return { projectId, chats }
}

/** Resolves when an agent runs in each chat and has said something. */
async function warm(world: World, chats: readonly string[]): Promise<void> {
  for (const chatId of chats) await say(world, chatId, 'say Ready.')
  await inDatabase(world.server.home, async (client) => {
    for (;;) {
      const { rows } = await client.query(
        `select count(*)::int as n from chat_head where "lastOutcome" is not null and "chatId" = any($1)`,
        [chats],
      )
      if (rows[0].n === chats.length) return
      await pause(200)
    }
  })
}

const say = (world: World, chatId: string, text: string) =>
  world.owner.api.chats.sendPrompt.mutate({ chatId, turnId: randomUUID(), prompt: [{ type: 'text', text }] })

const headsOf = (world: World, chats: readonly string[]): Promise<number> =>
  inDatabase(world.server.home, async (client) => {
    const { rows } = await client.query('select sum(head)::int as heads from chat_head where "chatId" = any($1)', [chats])
    return rows[0].heads as number
  })

async function measure(plan: typeof usual, tell: (line: string) => void): Promise<Measured> {
  const world = await startWorld({ env: { GATEHOUSE_CAPACITY: String(plan.chats + 2), GATEHOUSE_LOG: 'warn' } })
  const browser = await openBrowser()
  const { child: viewers } = await startHelper('bin/bench/live/viewers-process.ts')
  try {
    const { projectId, chats } = await startChats(world, plan.chats)
    tell(`${plan.chats} agents start`)
    await warm(world, chats)
    const ask = async (job: ViewersJob): Promise<unknown> => {
      viewers.send(job)
      return answerOf(viewers)
    }
    const people = await Promise.all(
      Array.from({ length: Math.ceil(plan.viewers / VIEWERS_EACH) }, (_, at) => world.addMember(`Member ${at + 1}`)),
    )
    const tokens = people.map(({ token }) => token)
    await ask({ do: 'follow', url: world.url, tokens, chats, viewers: plan.viewers - plan.pages })
    const pages: Page[] = []
    for (let at = 0; at < plan.pages; at += 1) {
      const page = await openPage(browser, { url: world.url, cookie: world.owner.cookie })
      await watchPainting(page)
      await page.goto(`/projects/${projectId}/chats/${chats[at % chats.length]}`)
      await page.getByText('Ready.', { exact: true }).first().waitFor()
      pages.push(page)
    }
    const pieces = Math.ceil((WARM_UP_MS * 2 + plan.seconds * 1_000) / plan['every-ms'])
    for (const chatId of chats) await say(world, chatId, `clock ${pieces} ${plan['every-ms']}`)
    tell(`${plan.chats} chats stream to ${plan.viewers} viewers`)
    await pause(WARM_UP_MS)
    const before = (await ask({ do: 'report' })) as Viewed
    await Promise.all(pages.map(takePainted))
    const [headsBefore, costsBefore, startedAt] = [await headsOf(world, chats), cpuOf(world.server), performance.now()]
    await pause(plan.seconds * 1_000)
    const [heads, costs, tookMs] = [await headsOf(world, chats), cpuOf(world.server), performance.now() - startedAt]
    const after = (await ask({ do: 'report' })) as Viewed
    const painted = await Promise.all(pages.map(takePainted))
    for (const chatId of chats) await world.owner.api.chats.cancelTurn.mutate({ chatId }).catch(() => {})
    tell('append alone')
    const appending = await appendAlone(world)
    return {
      plan,
      applied: after.delaysMs.slice(before.delaysMs.length),
      painted: painted.flatMap((each) => each.delaysMs),
      frames: {
        frames: painted.reduce((sum, each) => sum + each.frames, 0),
        longFrames: painted.reduce((sum, each) => sum + each.longFrames, 0),
        longestFrameMs: Math.max(...painted.map((each) => each.longestFrameMs)),
      },
      events: heads - headsBefore,
      delivered: after.events - before.events,
      live: after.live,
      tookMs,
      costs: costs.map(({ part, ms }) => ({ part, ms: ms - (costsBefore.find((each) => each.part === part)?.ms ?? 0) })),
      appending,
    }
  } finally {
    await stop(viewers)
    await browser.close()
    await world.close()
  }
}

async function appendAlone(world: World): Promise<Appending[]> {
  await openDatabase(embeddedUrl(world.server.home)!)
  try {
    return [
      await measureAppend({ chats: 1, perBatch: 200, seconds: APPEND_SECONDS }),
      await measureAppend({ chats: 50, perBatch: 4, seconds: APPEND_SECONDS }),
    ]
  } finally {
    await closeDatabase()
  }
}

async function run(args: string[]): Promise<void> {
  const { jsonFile, ...plan } = readNumbers(args, usual)
  if (process.platform !== 'linux') throw new UsageError('The benchmark reads CPU from /proc: it runs on Linux.')
  if (plan.viewers <= plan.pages) throw new UsageError('The pages are among the viewers: there must be more of these.')
  const machine = describeMachine()
  console.log(`${machineLine(machine)}\nLoad average before: ${machine.loadAverage}`)
  const measured = await measure(plan, (line) => console.error(`  ${line}`))
  console.log(report(measured))
  if (jsonFile) writeFileSync(jsonFile, JSON.stringify({ machine, ...measured }, null, 1))
}

export const live: Benchmark = {
  name: 'live',
  says: "from an agent's piece of text to every viewer's screen: delay, CPU, the append alone",
  run,
}
