import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findRedis } from '#bin/ensure-redis.mjs'
import type { ChatId } from '#core/ids.ts'
import { databaseUrl, pool } from '#server/db/client.ts'
import { hearOf, joinBus, leaveBus, onHint, onReconnected, publish, type Hint } from '#server/realtime/bus.ts'
import type { HintLine } from '#server/realtime/hint-line.ts'
import { openRedisLine } from '#server/realtime/redis-line.ts'

const program = findRedis()
const PASSWORD = 'hush-hush'

let port = 0
let redis: ChildProcess | null = null
const url = () => `redis://:${PASSWORD}@127.0.0.1:${port}`

async function startRedis(): Promise<void> {
  const flags = { port, bind: '127.0.0.1', save: '', appendonly: 'no', requirepass: PASSWORD, dir: '/tmp' }
  const options = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
  redis = spawn(program!, options, { argv0: 'redis-server', stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const said of redis.stdout!) if (String(said).includes('eady to accept connections')) break
}
async function stopRedis(): Promise<void> {
  const stopping = redis
  redis = null
  if (!stopping || stopping.exitCode !== null) return
  stopping.kill('SIGKILL')
  await once(stopping, 'exit')
}

const closing: (() => unknown)[] = []
beforeEach(async () => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  port = (probe.address() as AddressInfo).port
  await new Promise((closed) => probe.close(closed))
})
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
  await stopRedis()
})

/** A line with what it heard; `up` resolves at its next connection. */
function open() {
  const heard: string[] = []
  let next = Promise.withResolvers<void>()
  const waiting = new Set<() => void>()
  const line: HintLine = openRedisLine(url(), {
    onPayload(payload) {
      heard.push(payload)
      for (const wake of waiting) wake()
      waiting.clear()
    },
    onUp() {
      next.resolve()
      next = Promise.withResolvers()
    },
  })
  closing.push(() => line.close())
  const until = async (payload: string) => {
    while (!heard.includes(payload)) await new Promise<void>((resolve) => waiting.add(resolve))
  }
  return { line, heard, until, up: () => next.promise }
}
/** What was asked of Redis last has been done, once it has answered this. */
async function untilHeard(channel: string, ears: number): Promise<void> {
  const client = await createClient({ url: url() }).connect()
  while ((await client.pubSubNumSub(channel))[channel] !== ears) await pause(10)
  client.destroy()
}

// Continuous integration has one, since `npm test` installs it there.
describe.skipIf(program === null)('a line over Redis', () => {
  it('waits for a server that is not there yet, and comes back to one that was killed, each time saying so', async () => {
    const [one, other] = [open(), open()]
    expect(one.line.isUp()).toBe(false)
    one.line.send('lost', null)
    let ups = Promise.all([one.up(), other.up()])
    await startRedis()
    await ups
    one.line.send('first', null)
    await other.until('first')

    ups = Promise.all([one.up(), other.up()])
    await stopRedis()
    while (one.line.isUp()) await pause(10)
    one.line.send('lost', null)
    await startRedis()
    await ups
    other.line.send('second', null)
    await Promise.all([one.until('second'), other.until('second')])
    expect(one.heard).toEqual(['first', 'second'])
  })

  it('brings what is said in one part to those alone who listen to it, also after a restart', async () => {
    const [one, other] = [open(), open()]
    let ups = Promise.all([one.up(), other.up()])
    await startRedis()
    await ups
    one.line.hear(7, true)
    await untilHeard('gatehouse:log:7', 1)
    other.line.send('of 7', 7)
    other.line.send('of 8', 8)
    other.line.send('for all', null)
    await Promise.all([one.until('of 7'), one.until('for all'), other.until('for all')])
    expect([one.heard.toSorted(), other.heard]).toEqual([['for all', 'of 7'], ['for all']])

    ups = Promise.all([one.up(), other.up()])
    await stopRedis()
    await startRedis()
    await ups
    other.line.send('of 7 again', 7)
    await one.until('of 7 again')
    one.line.hear(7, false)
    await untilHeard('gatehouse:log:7', 0)
  })

  it('is how the processes of one database reach one another where REDIS_URL says so, and sweeps at each connection', async () => {
    const peer = open()
    let reconnected = Promise.withResolvers<void>()
    closing.push(onReconnected(() => reconnected.resolve()))
    const chatId = '01931b6e-7b1c-7000-8000-000000000040' as ChatId
    // Before and after the bus is joined: what somebody watches is heard of.
    const unhear = hearOf(chatId)
    joinBus({ databaseUrl: databaseUrl(), redisUrl: url() })
    closing.push(leaveBus)
    const up = peer.up()
    await startRedis()
    await Promise.all([reconnected.promise, up])
    const shard = 0x40 % peer.line.shards
    await untilHeard(`gatehouse:log:${shard}`, 1)

    peer.line.hear(shard, true)
    await untilHeard(`gatehouse:log:${shard}`, 2)
    for (const head of [5, 6]) publish({ about: 'log', chatId, head })
    publish({ about: 'work', nodeId: null })
    while (peer.heard.length < 2) await pause(10)
    const hints = peer.heard.flatMap((payload) => (JSON.parse(payload) as { hints: Hint[] }).hints)
    expect(hints.toSorted((a, b) => (a.about < b.about ? -1 : 1))).toEqual([
      { about: 'log', chatId, head: 6 },
      { about: 'work', nodeId: null },
    ])

    const came = new Promise<void>((resolve) => closing.push(onHint((hint) => hint.about === 'log' && hint.head === 9 && resolve())))
    peer.line.send(JSON.stringify({ from: 'another', hints: [{ about: 'log', chatId, head: 9 }] }), shard)
    await came
    unhear()
    await untilHeard(`gatehouse:log:${shard}`, 1)

    // Nothing of it goes through PostgreSQL.
    const { rows } = await pool().query(
      `select 1 from pg_stat_activity where application_name = 'gatehouse bus' and datname = current_database()`,
    )
    expect(rows).toEqual([])
    reconnected = Promise.withResolvers()
    await stopRedis()
    await startRedis()
    await reconnected.promise
  })
})
