import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { io as connectTo, type Socket } from 'socket.io-client'
import { fold, standing } from '#core/chat/fold.ts'
import { emptyChat, type ChatView } from '#core/chat/view.ts'
import type { ChatId, TeamId, UserId } from '#core/ids.ts'
import { BROWSER_NAMESPACE, browserEvents, Heartbeat, PAGE_MAX_EVENTS, Page, Presence, SubscribeReply } from '#core/links/browser.ts'
import { SOCKET_PATH } from '#core/links/daemon.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { createToken } from '#server/accounts/tokens-service.ts'
import { recordServerFacts } from '#server/chats/append.ts'
import { readEventsAfter } from '#server/chats/events.ts'
import { foldHistory } from '#server/chats/retention.ts'
import { indexChat } from '#server/search/indexer.ts'
import { openSocketServer } from '#server/daemons/testing.ts'
import { databaseUrl, pool } from '#server/db/client.ts'
import { seedChat, seedTeamScope } from '#server/db/testing.ts'
import { hintMembership, joinBus, leaveBus, onHint, onReconnected, publish, type Hint } from '#server/realtime/bus.ts'

let server: Awaited<ReturnType<typeof openSocketServer>>
const viewers: Viewer[] = []
beforeAll(async () => {
  // Nobody is given up here for being slow, however busy the machine.
  server = await openSocketServer({ pace: { acknowledgeMs: 600_000, heartbeatMs: 50, standingMs: 100 } })
})
afterAll(() => server.close())
afterEach(() => viewers.splice(0).forEach((viewer) => viewer.socket.disconnect()))

/** A browser that counts what it gets and checks that nothing is missing. */
class Viewer {
  readonly socket: Socket
  view: ChatView = emptyChat
  pages: Page[] = []
  people: Presence['people'] = []
  heads: [string, number][] = []
  beats = 0
  /** Called before a page is acknowledged. */
  gate: () => Promise<void> = () => Promise.resolve()
  readonly #waiting = new Set<() => void>()

  private constructor(token: string, url: string) {
    this.socket = connectTo(`${url}${BROWSER_NAMESPACE}`, {
      path: SOCKET_PATH,
      transports: ['websocket'],
      forceNew: true,
      auth: { token },
    })
    this.socket.on(browserEvents.page, async (input: unknown, acknowledge: (received: { applied: number }) => void) => {
      const page = Page.parse(input)
      this.pages.push(page)
      for (const event of page.events) {
        if (standing(this.view, event) === 'gap') throw new Error(`gap before ${event.seq}`)
        this.view = fold(this.view, event)
      }
      await this.gate()
      acknowledge({ applied: this.view.seq })
      this.wake()
    })
    this.socket.on(browserEvents.people, (input: unknown) => {
      this.people = Presence.parse(input).people
      this.wake()
    })
    this.socket.on(browserEvents.heartbeat, (input: unknown) => {
      this.heads = Heartbeat.parse(input).heads
      this.beats += 1
      this.wake()
    })
    this.socket.on('disconnect', () => this.wake())
    this.socket.on('connect', () => this.wake())
    viewers.push(this)
  }

  static async open(scope: TeamScope, { url }: { url: string } = server): Promise<Viewer> {
    const { token } = await createToken(scope, { name: 'test', days: 1 })
    const viewer = new Viewer(token, url)
    await viewer.until(() => viewer.socket.connected)
    return viewer
  }

  async follow(chatId: ChatId, after = this.view.seq, logId: number | null = null) {
    return SubscribeReply.parse(await this.socket.timeout(5_000).emitWithAck(browserEvents.subscribe, { chatId, after, logId }))
  }

  /** What the server knows to be followed from here, by a heartbeat that began after now. */
  async nextHeads() {
    const { beats } = this
    await this.until(() => this.beats > beats)
    return this.heads
  }

  async until(isMet: () => boolean): Promise<void> {
    while (!isMet()) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake)
          resolve()
        }
        this.#waiting.add(wake)
      })
    }
  }

  wake(): void {
    for (const wake of this.#waiting) wake()
  }
}

const rename = (by: UserId, number: number) => ({ type: 'chat.renamed', by, title: `Title ${number}` }) as const
async function seedLongChat(count: number) {
  const scope = await seedTeamScope()
  const chatId = await seedChat(scope)
  if (count > 0)
    await recordServerFacts(
      chatId,
      Array.from({ length: count }, (_, at) => rename(scope.userId, at + 1)),
    )
  return { scope, chatId, say: (number: number) => recordServerFacts(chatId, [rename(scope.userId, number)]) }
}

it('catches a client up in pages, and goes on live without a seam', async () => {
  const { scope, chatId, say } = await seedLongChat(450)
  const viewer = await Viewer.open(scope)
  expect(await viewer.follow(chatId)).toEqual({ is: 'following', mode: 'tail', head: 450, logId: 1, floor: 0 })
  // Committed while it still catches up.
  await Promise.all([451, 452, 453].map(say))
  await viewer.until(() => viewer.view.seq === 453)
  expect(viewer.pages.every((page) => page.events.length <= PAGE_MAX_EVENTS)).toBe(true)
  await say(454)
  await viewer.until(() => viewer.view.seq === 454)
  expect(viewer.view.title).toBe('Title 454')
  await viewer.until(() => viewer.heads.some(([id, head]) => id === chatId && head === 454))
})

it('shows many viewers the same, whenever they come', async () => {
  const { scope, chatId, say } = await seedLongChat(10)
  const early = await Promise.all([Viewer.open(scope), Viewer.open(scope)])
  for (const viewer of early) await viewer.follow(chatId)
  const writing = (async () => {
    for (let number = 11; number <= 60; number += 1) await say(number)
  })()
  const late = await Viewer.open(scope)
  await late.follow(chatId)
  await writing
  for (const viewer of [...early, late]) await viewer.until(() => viewer.view.seq === 60)
  for (const viewer of early) expect(viewer.view).toEqual(late.view)
})

it('sends a slow client one page at a time', async () => {
  const { scope, chatId, say } = await seedLongChat(0)
  const viewer = await Viewer.open(scope)
  const gates: (() => void)[] = []
  viewer.gate = () => {
    const gate = Promise.withResolvers<void>()
    gates.push(gate.resolve)
    viewer.wake()
    return gate.promise
  }
  await viewer.follow(chatId)
  await say(1)
  await viewer.until(() => gates.length > 0)
  for (const number of [2, 3, 4, 5]) await say(number)
  // The first page is not acknowledged: whatever was committed since waits in the log.
  expect(viewer.pages).toHaveLength(1)
  gates.shift()!()
  await viewer.until(() => gates.length > 0)
  expect(viewer.pages.map((page) => page.events.map((event) => event.seq))).toEqual([[1], [2, 3, 4, 5]])
})

it('gives up a client that acknowledges nothing, which goes on from its cursor at another server', async () => {
  const { scope, chatId, say } = await seedLongChat(0)
  const strict = await openSocketServer({ pace: { acknowledgeMs: 50, heartbeatMs: 50, standingMs: 100 } })
  const stuck = await Viewer.open(scope, strict)
  stuck.gate = () => new Promise<never>(() => {})
  await stuck.follow(chatId)
  const cut = new Promise((resolve) => stuck.socket.once('disconnect', resolve))
  await say(1)
  await cut
  stuck.socket.disconnect()

  const again = await Viewer.open(scope)
  again.view = stuck.view
  await say(2)
  await again.follow(chatId)
  await again.until(() => again.view.seq === 2)
  expect(again.pages.map((page) => page.events.map((event) => event.seq))).toEqual([[2]])
  await strict.close()
})

it('finds what no hint told it', async () => {
  const { scope, chatId } = await seedLongChat(1)
  const viewer = await Viewer.open(scope)
  await viewer.follow(chatId)
  await viewer.until(() => viewer.view.seq === 1)
  // Another server committed, and its hint was lost.
  const elsewhere = new pg.Client({ connectionString: databaseUrl() })
  await elsewhere.connect()
  await elsewhere.query(
    `with h as (update chat_head set head = head + 1 where "chatId" = $1 returning head)
     insert into chat_event ("chatId", seq, "seqFrom", type, payload) select $1, head, head, 'chat.renamed', $2 from h`,
    [chatId, JSON.stringify({ by: scope.userId, title: 'From elsewhere' })],
  )
  await elsewhere.end()
  await viewer.until(() => viewer.view.title === 'From elsewhere')
  expect(viewer.view.seq).toBe(2)
})

it('says plainly when a cursor is of another history', async () => {
  const { scope, chatId } = await seedLongChat(3)
  const viewer = await Viewer.open(scope)
  const following = { is: 'following', head: 3, logId: 1, floor: 0 }
  expect(await viewer.follow(chatId, 4)).toEqual({ ...following, mode: 'snapshot' })
  // Nothing comes until it has read the end, and asks again from there.
  expect(await viewer.nextHeads()).toEqual([])
  expect(viewer.pages).toEqual([])
  viewer.view = { ...emptyChat, seq: 2 }
  expect(await viewer.follow(chatId, 2, 1)).toEqual({ ...following, mode: 'tail' })
  await viewer.until(() => viewer.view.seq === 3)
  expect(viewer.pages.flatMap((page) => page.events.map((event) => event.seq))).toEqual([3])
  expect(await viewer.follow(chatId, 3, 2)).toEqual({ ...following, mode: 'snapshot' })
  expect(await viewer.follow(chatId, 3, 1)).toEqual({ ...following, mode: 'tail' })
  // The log was restored from a backup: whoever follows it has to begin again.
  const cut = new Promise((resolve) => viewer.socket.once('disconnect', resolve))
  await pool().query('update chat_head set "logId" = 2, head = 2 where "chatId" = $1', [chatId])
  await cut
  viewer.socket.connect()
  await viewer.until(() => viewer.socket.connected)
  expect(await viewer.follow(chatId, 3, 1)).toEqual({ ...following, mode: 'snapshot', head: 2, logId: 2 })
})

it('follows nothing for whoever has left while it was looked into', async () => {
  const { scope, chatId, say } = await seedLongChat(3)
  const viewer = await Viewer.open(scope)
  const following = viewer.follow(chatId)
  viewer.socket.emit(browserEvents.unsubscribe, { chatId })
  await following
  await say(4)
  expect(await viewer.nextHeads()).toEqual([])
  expect(viewer.pages).toEqual([])
  // Whoever asks again meanwhile is followed once.
  await Promise.all([viewer.follow(chatId), viewer.follow(chatId)])
  await viewer.until(() => viewer.view.seq === 4)
  expect(await viewer.nextHeads()).toEqual([[chatId, 4]])
})

it('lets go of whoever follows a log that is shorter than it was, although it goes by the same id', async () => {
  const { scope, chatId, say } = await seedLongChat(3)
  const viewer = await Viewer.open(scope)
  await viewer.follow(chatId)
  await viewer.until(() => viewer.view.seq === 3)
  const cut = new Promise((resolve) => viewer.socket.once('disconnect', resolve))
  await pool().query('update chat_head set head = 1 where "chatId" = $1', [chatId])
  await pool().query('delete from chat_event where "chatId" = $1 and seq > 1', [chatId])
  await cut
  viewer.socket.connect()
  await viewer.until(() => viewer.socket.connected)
  viewer.view = emptyChat
  expect(await viewer.follow(chatId, 3, 1)).toMatchObject({ mode: 'snapshot', head: 1 })
  await viewer.follow(chatId)
  await say(7)
  await viewer.until(() => viewer.view.seq === 2)
  expect(viewer.view.title).toBe('Title 7')
})

it('sends what old parts came to, whole, to a cursor within them', async () => {
  const { scope, chatId, say } = await seedLongChat(6)
  await indexChat(chatId)
  await foldHistory(chatId)
  await say(7)
  const viewer = await Viewer.open(scope)
  const read = await readEventsAfter(chatId, { afterSeq: 0, maxEvents: 10, maxBytes: 1_000_000 })
  expect(read.map((event) => `${event.seqFrom}-${event.seq}`)).toEqual(['1-6', '7-7'])
  viewer.view = { ...emptyChat, seq: 4, title: 'Title 4' }
  expect(await viewer.follow(chatId, 4, 1)).toEqual({ is: 'following', mode: 'tail', head: 7, logId: 1, floor: 6 })
  await viewer.until(() => viewer.view.seq === 7)
  expect(viewer.pages.flatMap((page) => page.events)).toEqual(read)
})

it('refuses foreign, unknown and malformed alike, and strangers at the door', async () => {
  const { chatId } = await seedLongChat(1)
  const stranger = await Viewer.open(await seedTeamScope())
  expect(await stranger.follow(chatId)).toEqual({ is: 'refused' })
  expect(await stranger.follow(randomUUID() as ChatId)).toEqual({ is: 'refused' })
  expect(await stranger.follow('nonsense' as ChatId)).toEqual({ is: 'refused' })
  const socket = connectTo(`${server.url}${BROWSER_NAMESPACE}`, {
    path: SOCKET_PATH,
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
  })
  expect(await new Promise((resolve) => socket.once('connect_error', resolve))).toMatchObject({ message: 'session.missing' })
  socket.disconnect()
})

it('shows a removed member nothing that is committed after the removal', async () => {
  const { scope, chatId, say } = await seedLongChat(2)
  const member = await seedTeamScope({ teamId: scope.teamId as TeamId, role: 'member' })
  const viewer = await Viewer.open(member)
  await viewer.follow(chatId)
  await viewer.until(() => viewer.view.seq === 2)
  const cut = new Promise((resolve) => viewer.socket.once('disconnect', resolve))
  await pool().query('delete from member where "userId" = $1', [member.userId])
  hintMembership({ teamId: scope.teamId, userId: member.userId })
  await say(3)
  await cut
  viewer.socket.connect()
  await viewer.until(() => viewer.socket.connected)
  expect(await viewer.follow(chatId)).toEqual({ is: 'refused' })
  expect(viewer.view.seq).toBe(2)
})

it('cuts a socket whose token was revoked, although nobody told it', async () => {
  const { scope } = await seedLongChat(0)
  const viewer = await Viewer.open(scope)
  const cut = new Promise((resolve) => viewer.socket.once('disconnect', resolve))
  await pool().query('delete from personal_access_token where "userId" = $1', [scope.userId])
  expect(await cut).toBe('io server disconnect')
})

it('knows who is here and who types, each person once', async () => {
  const { scope, chatId } = await seedLongChat(0)
  const mei = await seedTeamScope({ teamId: scope.teamId, role: 'member', name: 'Mei' })
  const [first, second, other] = [await Viewer.open(scope), await Viewer.open(scope), await Viewer.open(mei)]
  for (const viewer of [first, second, other]) await viewer.follow(chatId)
  for (const viewer of [first, second, other]) viewer.socket.emit(browserEvents.presence, { chatId, isTyping: viewer === other })
  const named = (viewer: Viewer) => viewer.people.map(({ name, isTyping }) => `${name}${isTyping ? ' types' : ''}`).toSorted()
  for (const viewer of [first, second, other]) await viewer.until(() => named(viewer).join() === 'Ada,Mei types')
  first.socket.disconnect()
  other.socket.emit(browserEvents.unsubscribe, { chatId })
  await second.until(() => named(second).join() === 'Ada')
  expect(second.people).toEqual([{ userId: scope.userId, name: 'Ada', isTyping: false }])
})

it('tells the lists of the team, and of no other', async () => {
  const { scope, chatId, say } = await seedLongChat(0)
  const own = await Viewer.open(scope)
  const stranger = await Viewer.open(await seedTeamScope())
  const strangers: unknown[] = []
  stranger.socket.on(browserEvents.hint, (hint) => strangers.push(hint))
  const told = new Promise((resolve) => own.socket.once(browserEvents.hint, resolve))
  await say(1)
  expect(await told).toEqual({ topic: 'chats' })
  // A round trip after it: whatever was sent to the stranger before has arrived.
  await stranger.follow(chatId)
  expect(strangers).toEqual([])
})

it('joins processes by NOTIFY, in few payloads, and sweeps when the line was lost', async () => {
  const other = new pg.Client({ connectionString: databaseUrl() })
  await other.connect()
  const payloads: { from: string; hints: Hint[] }[] = []
  const heads = () => payloads.flatMap(({ hints }) => hints).filter((hint) => hint.about === 'log')
  const arrived = Promise.withResolvers<void>()
  other.on('notification', ({ payload }) => {
    payloads.push(JSON.parse(payload!))
    if (heads().length === 100) arrived.resolve()
  })
  await other.query('listen gatehouse_hints')
  let reconnections = 0
  let reconnected = Promise.withResolvers<void>()
  const stops = [
    onReconnected(() => {
      reconnections += 1
      reconnected.resolve()
    }),
  ]
  try {
    joinBus({ databaseUrl: databaseUrl(), redisUrl: null })
    await reconnected.promise
    const { chatId, scope } = await seedLongChat(0)
    const chats = await Promise.all(Array.from({ length: 99 }, () => seedChat(scope)))
    for (const each of [chatId, ...chats]) for (const head of [5, 6]) publish({ about: 'log', chatId: each, head })
    await arrived.promise
    expect(payloads.length).toBeLessThan(5)
    // Of each chat the highest head alone; in which order they come is promised to nobody.
    const byChat = (one: { chatId: ChatId }, other: { chatId: ChatId }) => (one.chatId < other.chatId ? -1 : 1)
    expect(heads().toSorted(byChat)).toEqual([chatId, ...chats].map((each) => ({ about: 'log', chatId: each, head: 6 })).toSorted(byChat))

    const foreign: Hint = { about: 'log', chatId, head: 9 }
    const came = new Promise<void>((resolve) => stops.push(onHint((hint) => hint.about === 'log' && hint.head === 9 && resolve())))
    await other.query('select pg_notify($1, $2)', ['gatehouse_hints', JSON.stringify({ from: 'another', hints: [foreign] })])
    await came

    reconnected = Promise.withResolvers<void>()
    await other.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gatehouse bus' and datname = current_database()`,
    )
    await reconnected.promise
    expect(reconnections).toBe(2)
  } finally {
    for (const stop of stops) stop()
    await leaveBus()
    await other.end()
  }
})

it('shuts out whoever watches a chat that becomes private, and whoever asks for it then', async () => {
  const { scope, chatId, say } = await seedLongChat(1)
  const colleague = await seedTeamScope({ teamId: scope.teamId })
  const close = () => pool().query('update chat set "isPrivate" = true where id = $1', [chatId])
  const [own, others] = [await Viewer.open(scope), await Viewer.open(colleague)]
  const isFollowing = (viewer: Viewer) => viewer.heads.some(([id]) => id === chatId)
  for (const viewer of [own, others]) {
    await viewer.follow(chatId)
    viewer.socket.emit(browserEvents.presence, { chatId, isTyping: false })
  }
  await own.until(() => own.people.length === 2)
  // As a run on a login does: committed, told, and only then anything that the login brought.
  await close()
  publish({ about: 'privacy', chatId, createdBy: scope.userId })
  await say(2)
  await own.until(() => own.view.seq === 2 && own.people.length === 1)
  await others.until(() => !isFollowing(others))
  expect(others.view.seq).toBe(1)
  expect(await others.follow(chatId)).toEqual({ is: 'refused' })
  others.socket.emit(browserEvents.presence, { chatId, isTyping: true })
  expect(await own.follow(chatId)).toMatchObject({ is: 'following' })
  expect(own.people.map((each) => each.userId)).toEqual([scope.userId])

  // Also when nobody told: the sweep finds out.
  await pool().query('update chat set "isPrivate" = false where id = $1', [chatId])
  expect(await others.follow(chatId)).toMatchObject({ is: 'following' })
  await others.until(() => isFollowing(others))
  await close()
  await others.until(() => !isFollowing(others))
  expect(await own.follow(chatId)).toMatchObject({ is: 'following' })
})
