/** Many browsers at once: those that do not read, and those that all come back in the same moment. */
import type { Socket as NetSocket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { io as connectTo, type Socket } from 'socket.io-client'
import type { ChatId } from '#core/ids.ts'
import { BROWSER_NAMESPACE, browserEvents, PAGE_MAX_BYTES, type Page } from '#core/links/browser.ts'
import { SOCKET_PATH } from '#core/links/daemon.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { createToken } from '#server/accounts/tokens-service.ts'
import { recordServerFacts } from '#server/chats/append.ts'
import { openSocketServer } from '#server/daemons/testing.ts'
import { pool } from '#server/db/client.ts'
import { seedChat, seedTeamScope } from '#server/db/testing.ts'

/** As many as one person may have. */
const SOCKETS_EACH = 20

vi.setConfig({ testTimeout: 120_000 })

let server: Awaited<ReturnType<typeof openSocketServer>>
const sockets: Socket[] = []
beforeAll(async () => {
  // Nothing but pages is written.
  server = await openSocketServer({ pace: { acknowledgeMs: 600_000, heartbeatMs: 600_000, standingMs: 600_000 } })
})
afterAll(() => server.close())
afterEach(() => sockets.splice(0).forEach((socket) => socket.disconnect()))

/** Follows from wherever it is, at each connection anew. */
class Follower {
  readonly socket: Socket
  seq = 0
  #wake = () => {}

  constructor(token: string, chatId: ChatId) {
    const options = { path: SOCKET_PATH, transports: ['websocket'], forceNew: true, auth: { token }, reconnectionDelay: 10 }
    this.socket = connectTo(`${server.url}${BROWSER_NAMESPACE}`, options)
    sockets.push(this.socket)
    this.socket.on('connect', () => void this.socket.emit(browserEvents.subscribe, { chatId, after: this.seq, logId: null }, () => {}))
    this.socket.on(browserEvents.page, (page: Page, acknowledge: (received: { applied: number }) => void) => {
      this.seq = page.events.at(-1)!.seq
      acknowledge({ applied: this.seq })
      this.#wake()
    })
  }

  async until(seq: number): Promise<void> {
    while (this.seq < seq) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  /** As a phone in a tunnel: the connection stands, and nobody reads. */
  stall(): void {
    const { transport } = this.socket.io.engine as unknown as { transport: { ws: { pause(): void } } }
    transport.ws.pause()
  }
}

async function seedCrowd(people: number) {
  const owner = await seedTeamScope()
  const chatId = await seedChat(owner)
  const scopes: TeamScope[] = [owner]
  while (scopes.length < people) scopes.push(await seedTeamScope({ teamId: owner.teamId, role: 'member' }))
  const tokens: string[] = []
  for (const scope of scopes) tokens.push((await createToken(scope, { name: 'test', days: 1 })).token)
  const say = (title: string) => recordServerFacts(chatId, [{ type: 'chat.renamed', by: owner.userId, title }])
  return { chatId, tokens, say }
}

it('holds a page at most for each of those that do not read, however long the log grows', async () => {
  const { chatId, tokens, say } = await seedCrowd(2)
  await say('first')
  const reader = new Follower(tokens[0]!, chatId)
  const stalled = tokens.slice(1).flatMap((token) => Array.from({ length: SOCKETS_EACH }, () => new Follower(token, chatId)))
  for (const each of [reader, ...stalled]) await each.until(1)
  for (const each of stalled) each.stall()
  const written = (socket: NetSocket) => socket.bytesWritten + socket.writableLength
  const before = new Map([...server.connections].map((socket) => [socket, written(socket)]))

  for (let at = 2; at <= 41; at += 1) await say('x'.repeat(100_000))
  await reader.until(41)
  const grown = [...server.connections].map((socket) => written(socket) - (before.get(socket) ?? 0)).toSorted((a, b) => b - a)
  // One has read all four megabytes; of the others each was sent what it has not answered, and no more.
  expect(grown).toHaveLength(1 + stalled.length)
  expect(grown[0]).toBeGreaterThan(4_000_000)
  expect(grown[1]).toBeLessThan(1.1 * PAGE_MAX_BYTES)
  expect(grown[1]).toBeGreaterThan(0)
})

it('brings everybody back when all lose their connection at once, with no more connections to the database than ever', async () => {
  const { chatId, tokens, say } = await seedCrowd(3)
  await say('first')
  const crowd = tokens.flatMap((token) => Array.from({ length: SOCKETS_EACH }, () => new Follower(token, chatId)))
  for (const each of crowd) await each.until(1)
  for (const connection of server.connections) connection.resetAndDestroy()
  for (const title of ['second', 'third']) await say(title)
  for (const each of crowd) await each.until(3)
  expect(crowd).toHaveLength(60)
  expect(pool().totalCount).toBeLessThanOrEqual(20)
  // And they follow: what is said now reaches all.
  await say('fourth')
  for (const each of crowd) await each.until(4)
  expect(pool().waitingCount).toBe(0)
})
