import { describe, expect, it } from 'vitest'
import type { ChatEvent } from '#core/chat/events.ts'
import { foldAll } from '#core/chat/fold.ts'
import { emptyChat } from '#core/chat/view.ts'
import type { Stretch } from '#core/chat/window.ts'
import type { ChatId } from '#core/ids.ts'
import { HEARTBEAT_EVERY_MS, type Page } from '#core/links/browser.ts'
import { ChatFeed, type FeedClock, type FeedSocket } from '#components/chat/chat-feed.ts'

const chatId = '01931b6e-7b1c-7000-8000-000000000001' as ChatId
const turnId = '01931b6e-7b1c-7000-8000-0000000000aa'

/** Event 1 asks, every later one appends its own number to the reply. */
const event = (seq: number): ChatEvent => {
  const stamp = { chatId, seq, seqFrom: seq, at: '2026-11-21T08:17:00.000Z' }
  if (seq === 1) return { ...stamp, type: 'turn.requested', turnId, by: 'mei', prompt: [{ type: 'text', text: 'Count' }] } as ChatEvent
  return { ...stamp, type: 'reply.appended', turnId, messageId: 'm', offset: (seq - 2) * 2, text: `${seq} ` } as ChatEvent
}
const events = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => event(from + index))
const page = (from: number, to: number, over: Partial<Page> = {}): Page => ({
  chatId,
  logId: 1,
  events: events(from, to),
  head: to,
  ...over,
})

/** Time that passes only when the test says so. */
class FakeClock implements FeedClock {
  time = 1_000_000
  #timers: { at: number; run: () => void }[] = []
  now = () => this.time
  after(ms: number, run: () => void) {
    const timer = { at: this.time + ms, run }
    this.#timers.push(timer)
    return () => void (this.#timers = this.#timers.filter((each) => each !== timer))
  }
  nextFrame = (run: () => void) => this.after(16, run)
  pass(ms: number) {
    const end = this.time + ms
    for (;;) {
      const next = this.#timers.filter((each) => each.at <= end).toSorted((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#timers = this.#timers.filter((each) => each !== next)
      this.time = Math.max(this.time, next.at)
      next.run()
    }
    this.time = end
  }
  /** The machine slept: time jumps, then one late timer runs. */
  sleep(ms: number) {
    this.time += ms
    this.pass(0)
  }
}

class FakeSocket implements FeedSocket {
  connected: boolean
  subscribed: { after: number; logId: number | null }[] = []
  acknowledged: number[] = []
  log: string[] = []
  /** What the server says to a subscription; null is no answer at all. */
  answer: (request: { after: number; logId: number | null }) => unknown = () => ({
    is: 'following',
    mode: 'tail',
    head: 0,
    logId: 1,
    floor: 0,
  })
  #listeners = new Map<string, Set<(...args: unknown[]) => void>>()
  constructor(connected: boolean) {
    this.connected = connected
  }
  on(name: string, listener: (...args: never[]) => void) {
    this.#listeners.set(name, (this.#listeners.get(name) ?? new Set()).add(listener as never))
  }
  off(name: string, listener: (...args: never[]) => void) {
    this.#listeners.get(name)?.delete(listener as never)
  }
  emit(name: string) {
    this.log.push(name)
  }
  timeout() {
    return {
      emitWithAck: async (_: string, request: unknown) => {
        const asked = request as { after: number; logId: number | null }
        this.subscribed.push({ after: asked.after, logId: asked.logId })
        const answer = this.answer(asked)
        if (answer === null) throw new Error('operation has timed out')
        return answer
      },
    }
  }
  connect() {
    this.log.push('connect')
  }
  disconnect() {
    this.log.push('disconnect')
    this.drop()
  }
  say(name: string, ...args: unknown[]) {
    for (const listener of this.#listeners.get(name) ?? []) listener(...args)
  }
  page(what: Page) {
    this.say('page', what, (received: { applied: number }) => this.acknowledged.push(received.applied))
  }
  open() {
    this.connected = true
    this.say('connect')
  }
  drop() {
    if (!this.connected) return
    this.connected = false
    this.say('disconnect', 'transport close')
  }
}

/** Lets every promise that is ready go on. */
const settle = async () => {
  for (let i = 0; i < 20; i += 1) await Promise.resolve()
}

/** `kept`: how far the server has folded the log that it answers with. */
async function following({ connected = true, head = 0, stored = 0, kept = 0 } = {}) {
  const clock = new FakeClock()
  const socket = new FakeSocket(connected)
  socket.answer = () => ({ is: 'following', mode: 'tail', head, logId: 1, floor: 0 })
  const log = { head: stored, isDown: false, reads: [] as number[], opened: [] as number[], logId: 1, stretch: null as Stretch | null }
  const feed = new ChatFeed({
    chatId,
    socket,
    clock,
    readLast: async (atLeast) => {
      log.opened.push(atLeast)
      if (log.isDown) throw new Error('fetch failed')
      return { logId: log.logId, before: 0, view: foldAll(emptyChat, events(1, Math.max(kept, atLeast))) }
    },
    readStretch: async () => {
      if (log.stretch === null) throw new Error('Nobody reads elsewhere')
      return log.stretch
    },
    readAfter: async (after) => {
      log.reads.push(after)
      if (log.isDown) throw new Error('fetch failed')
      return { events: events(after + 1, Math.min(log.head, after + 3)), headSeq: log.head, logId: log.logId }
    },
  })
  let notices = 0
  feed.subscribe(() => (notices += 1))
  feed.start()
  await settle()
  const seen = () => {
    clock.pass(16)
    const { view, link, isLoaded } = feed.getSnapshot()
    const reply = view.turns[0]?.items[0]
    return { seq: view.seq, text: reply?.is === 'reply' ? reply.text : '', link: link.is, isLoaded }
  }
  return { clock, socket, feed, log, seen, notices: () => notices }
}

const readsNothing = {
  readLast: async () => ({ logId: 1, before: 0, view: emptyChat }),
  readStretch: async () => ({ logId: 1, seq: 0, turns: [], before: 0, after: 0 }),
  readAfter: async () => ({ events: [], headSeq: 0, logId: 1 }),
}

describe('opening', () => {
  it('shows the end as the server keeps it at once, and follows from there', async () => {
    const { socket, seen } = await following({ head: 6, kept: 4 })
    expect(seen()).toEqual({ seq: 4, text: '2 3 4 ', link: 'live', isLoaded: true })
    expect(socket.subscribed).toEqual([{ after: 4, logId: 1 }])
    socket.page(page(5, 6))
    expect(seen()).toMatchObject({ seq: 6, text: '2 3 4 5 6 ' })
  })

  it('keeps what the socket brought while an older answer was on its way', async () => {
    const { socket, feed, log, seen } = await following({ head: 4, kept: 4, stored: 4 })
    const opened = log.opened.length
    const reading = feed.catchUp()
    socket.page(page(5, 6))
    await reading
    expect([seen().text, log.opened.length]).toEqual(['2 3 4 5 6 ', opened])
  })

  it('says why when it fails, follows nothing meanwhile, and tries again', async () => {
    const { socket, feed, log, clock, seen } = await following({ kept: 0 })
    log.isDown = true
    log.logId = 2
    socket.answer = ({ logId }) => ({ is: 'following', mode: logId === 2 ? 'tail' : 'snapshot', head: 3, logId: 2, floor: 0 })
    feed.wake()
    await settle()
    clock.pass(16)
    expect(feed.getSnapshot().openFailure).toEqual(new Error('fetch failed'))
    const before = socket.subscribed.length
    log.isDown = false
    clock.pass(1_500)
    await settle()
    expect(socket.subscribed.slice(before)).toEqual([{ after: 0, logId: 2 }])
    socket.page(page(1, 3, { logId: 2 }))
    expect([seen().text, feed.getSnapshot().openFailure]).toEqual(['2 3 ', null])
  })

  it('forgets the beginning of a chat that grows while its end is read', async () => {
    const { socket, feed, clock } = await following()
    const calls = Array.from({ length: 400 }, (_, at) => ({
      ...event(2 + at),
      type: 'tool.called',
      toolCallId: `c${at}`,
      title: '',
      kind: 'read',
      status: 'completed',
      content: [],
      locations: [],
    })) as unknown as ChatEvent[]
    socket.page(page(1, 1))
    for (let at = 0; at < 400; at += 100) socket.page({ chatId, logId: 1, events: calls.slice(at, at + 100), head: 401 })
    clock.pass(16)
    const { view, before } = feed.getSnapshot()
    const { items, part } = view.turns[0]!
    expect(items.length).toBeLessThanOrEqual(240)
    expect([part?.count, part?.to, part?.from]).toEqual([400, 400, 400 - items.length])
    // The prompt is an entry too.
    expect(before).toBe(400 - items.length + 1)
  })
})

describe('pages', () => {
  it('applies pages in order and tells the server how far it is', async () => {
    const { socket, seen } = await following({ head: 4 })
    expect(seen()).toEqual({ seq: 0, text: '', link: 'live', isLoaded: false })
    socket.page(page(1, 3, { head: 4 }))
    // Nothing is drawn before the head is reached.
    expect(seen()).toEqual({ seq: 0, text: '', link: 'live', isLoaded: false })
    socket.page(page(4, 4))
    expect(seen()).toEqual({ seq: 4, text: '2 3 4 ', link: 'live', isLoaded: true })
    expect(socket.acknowledged).toEqual([3, 4])
  })

  it('ignores what it has: a page twice, an overlapping page, an old page', async () => {
    const { socket, seen } = await following({ head: 4 })
    for (const each of [page(1, 3), page(1, 3), page(2, 4), page(1, 2)]) socket.page(each)
    expect(seen()).toMatchObject({ seq: 4, text: '2 3 4 ' })
    expect(socket.acknowledged).toEqual([3, 3, 4, 4])
    expect(socket.subscribed).toHaveLength(1)
  })

  it('does not apply past a gap, but asks again from its cursor', async () => {
    const { socket, seen } = await following({ head: 6 })
    socket.page(page(1, 2))
    socket.page(page(4, 6))
    await settle()
    expect(seen()).toMatchObject({ seq: 2, text: '2 ' })
    expect(socket.acknowledged).toEqual([2, 2])
    expect(socket.subscribed).toEqual([
      { after: 0, logId: 1 },
      { after: 2, logId: 1 },
    ])
    socket.page(page(3, 6))
    expect(seen()).toMatchObject({ seq: 6, text: '2 3 4 5 6 ' })
  })

  it('leaves pages of other chats to their feeds', async () => {
    const { socket, seen } = await following()
    socket.page(page(1, 2, { chatId: '01931b6e-7b1c-7000-8000-000000000002' as ChatId }))
    expect([seen().seq, socket.acknowledged]).toEqual([0, []])
  })

  it('tells React once per frame', async () => {
    const { socket, notices, clock } = await following({ head: 9 })
    clock.pass(100)
    const before = notices()
    for (let seq = 1; seq <= 9; seq += 1) socket.page(page(seq, seq))
    clock.pass(16)
    expect(notices() - before).toBe(1)
  })
})

describe('what is read above the end', () => {
  it('goes when the end is read anew, since nobody knows what lies between', async () => {
    const { socket, feed, log, clock } = await following({ head: 4, kept: 4 })
    clock.pass(16)
    log.stretch = { seq: 4, logId: 1, turns: feed.getSnapshot().view.turns, before: 0, after: 0 }
    feed.setAtEnd(false)
    await feed.transcript.loadBefore()
    clock.pass(16)
    expect(feed.getSnapshot().reading).toMatchObject({ isJoined: true })
    const folded = { ...event(90), seqFrom: 1, type: 'history.folded', order: [], turns: [], around: {} } as unknown as ChatEvent
    socket.page({ chatId, logId: 1, events: [folded], head: 90 })
    await settle()
    clock.pass(16)
    expect(log.opened).toEqual([0, 90])
    expect([feed.getSnapshot().view.seq, feed.getSnapshot().reading]).toEqual([90, null])
    expect(socket.subscribed.at(-1)).toEqual({ after: 90, logId: 1 })
  })
})

describe('another log', () => {
  it('starts over when the server cannot serve the cursor', async () => {
    const { socket, feed, log, seen } = await following({ head: 3, kept: 1 })
    socket.page(page(2, 3))
    log.logId = 2
    socket.answer = ({ logId }) => ({ is: 'following', mode: logId === 2 ? 'tail' : 'snapshot', head: 2, logId: 2, floor: 0 })
    feed.wake()
    await settle()
    socket.page(page(2, 2, { logId: 2 }))
    expect(seen()).toMatchObject({ seq: 2, text: '2 ' })
    expect(socket.subscribed.slice(1)).toEqual([
      { after: 3, logId: 1 },
      // From the place at which the end was read anew: until then the server sends nothing.
      { after: 1, logId: 2 },
    ])
  })

  it('does not go on from another log when it reads pages, although that one is longer', async () => {
    const { socket, feed, log, seen } = await following({ head: 3 })
    socket.page(page(1, 3))
    socket.drop()
    Object.assign(log, { head: 5, logId: 2 })
    await feed.catchUp()
    expect(seen()).toMatchObject({ seq: 5 })
    expect(log.reads).toEqual([3, 0, 3])
  })

  it('never mixes two logs', async () => {
    const { socket, log, seen } = await following({ head: 3 })
    socket.page(page(1, 3))
    log.logId = 2
    socket.page(page(4, 5, { logId: 2 }))
    await settle()
    expect(seen()).toMatchObject({ seq: 0 })
    expect(socket.subscribed.at(-1)).toEqual({ after: 0, logId: 2 })
  })

  it('says so when the chat is not ours to read', async () => {
    const clock = new FakeClock()
    const socket = new FakeSocket(true)
    socket.answer = () => ({ is: 'refused' })
    const feed = new ChatFeed({ chatId, socket, clock, ...readsNothing })
    feed.start()
    await settle()
    clock.pass(16)
    expect(feed.getSnapshot().link).toEqual({ is: 'refused' })
  })
})

describe('a lost connection', () => {
  it('reads the log over tRPC for the first paint', async () => {
    const { seen, log, socket } = await following({ connected: false, stored: 7 })
    expect(seen()).toMatchObject({ seq: 7, text: '2 3 4 5 6 7 ', isLoaded: true })
    expect(log.reads).toEqual([0, 3, 6])
    socket.open()
    await settle()
    expect(socket.subscribed).toEqual([{ after: 7, logId: 1 }])
    expect(seen().link).toBe('live')
  })

  it('is quiet for two seconds, then says that it reconnects, then that it is offline since when', async () => {
    const { clock, socket, feed, log, seen } = await following({ stored: 0 })
    log.isDown = true
    const lostAt = clock.time
    socket.drop()
    expect(seen().link).toBe('blinking')
    clock.pass(2_000)
    expect(seen().link).toBe('reconnecting')
    clock.pass(8_000)
    await settle()
    clock.pass(16)
    expect(feed.getSnapshot().link).toEqual({ is: 'offline', lastUpdateAtMs: lostAt })
  })

  it('goes on from its cursor when the connection is back, whatever it missed', async () => {
    const { socket, clock, seen } = await following({ head: 3 })
    socket.page(page(1, 3))
    socket.drop()
    clock.pass(1_000)
    socket.answer = () => ({ is: 'following', mode: 'tail', head: 5, logId: 1, floor: 0 })
    socket.open()
    await settle()
    expect(socket.subscribed.at(-1)).toEqual({ after: 3, logId: 1 })
    socket.page(page(4, 5))
    expect(seen()).toEqual({ seq: 5, text: '2 3 4 5 ', link: 'live', isLoaded: true })
  })

  it('keeps up by reading while only the socket is down, and is not called offline', async () => {
    const { socket, clock, log, seen } = await following({ stored: 2 })
    socket.drop()
    for (let i = 0; i < 6; i += 1) {
      log.head += 1
      clock.pass(5_000)
      await settle()
    }
    expect(seen()).toMatchObject({ seq: 8, link: 'reconnecting' })
  })
})

describe('silence', () => {
  it('asks again when a heartbeat knows of a tail that never came', async () => {
    const { socket, clock } = await following({ head: 2 })
    socket.page(page(1, 2))
    socket.say('heartbeat', { now: '', heads: [[chatId, 5]] })
    clock.pass(1_900)
    expect(socket.subscribed).toHaveLength(1)
    clock.pass(200)
    expect(socket.subscribed.at(-1)).toEqual({ after: 2, logId: 1 })
  })

  it('subscribes again when a heartbeat does not know this chat', async () => {
    const { socket } = await following()
    socket.say('heartbeat', { now: '', heads: [] })
    expect(socket.subscribed).toHaveLength(2)
  })

  it('does not trust an open socket after a sleep: no answer means a fresh connection', async () => {
    const { socket, clock } = await following()
    socket.answer = () => null
    clock.sleep(600_000)
    await settle()
    expect(socket.log).toEqual(['disconnect', 'connect'])
  })

  it('asks when nothing is heard for longer than two heartbeats', async () => {
    const { socket, clock } = await following()
    clock.pass(3 * HEARTBEAT_EVERY_MS)
    await settle()
    expect(socket.subscribed.length).toBeGreaterThan(1)
  })
})

describe('leaving', () => {
  it('listens to nothing afterwards, and can come back', async () => {
    const { socket, feed, seen } = await following({ head: 2 })
    socket.page(page(1, 2))
    seen()
    feed.stop()
    socket.page(page(3, 4))
    expect([socket.log, socket.acknowledged, feed.position.view.seq]).toEqual([['unsubscribe'], [2], 2])
    feed.start()
    await settle()
    expect(socket.subscribed.at(-1)).toEqual({ after: 2, logId: 1 })
  })
})
