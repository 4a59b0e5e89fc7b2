import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { afterEach, expect, it } from 'vitest'
import { randomUUID } from 'node:crypto'
import { ChatId, NodeId } from '#core/ids.ts'
import { DAEMON_NAMESPACE, DAEMON_PROTOCOL, SOCKET_PATH, type CallReply, type CallRequest } from '#core/links/daemon.ts'
import { openUplink, type Uplink } from '#agent/uplink.ts'

const hello = (nonce: string): CallRequest<'hello'> => ({
  protocol: DAEMON_PROTOCOL,
  proof: { nodeId: NodeId.parse('node-1'), boot: { id: randomUUID(), count: 1, greeting: 1 }, signature: btoa(nonce) },
  version: '0.1.0',
  platform: 'linux-x64',
  capacity: 1,
  sandbox: { level: 'none', reason: null },
  harnesses: [],
  health: null,
  logins: [],
  held: [],
})
const welcome: CallReply<'hello'> = { ok: true, leaseTtlMs: 15_000 }

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** A server whose line breaks at each of the first greetings, before it has answered. */
async function serve({ brokenGreetings, misunderstands = 0 }: { brokenGreetings: number; misunderstands?: number }) {
  const http = createServer()
  const io = new Server(http, { path: SOCKET_PATH })
  let greetings = 0
  const released: string[] = []
  const signed: boolean[] = []
  io.of(DAEMON_NAMESPACE).on('connection', (socket) => {
    let asked = ''
    socket.on('challenge', (_: unknown, answer: (given: unknown) => void) => {
      asked = randomUUID()
      answer({ reply: { nonce: asked } })
    })
    socket.on('hello', ({ proof }: CallRequest<'hello'>, answer: (given: unknown) => void) => {
      greetings += 1
      signed.push(proof?.signature === btoa(asked))
      if (greetings <= brokenGreetings) socket.conn.close()
      else if (greetings <= brokenGreetings + misunderstands) answer({ error: 'malformed' })
      else answer({ reply: welcome })
    })
    socket.on('release', ({ chatId }: { chatId: string }, answer: (given: unknown) => void) => {
      released.push(chatId)
      answer({ reply: {} })
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  closing.push(() => io.close())
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, released, signed, greetings: () => greetings }
}

function open(url: string): Uplink {
  const uplink = openUplink({ url, hello, onGreeted: () => {}, onRefused: () => {}, onHint: () => {} })
  closing.push(() => uplink.close())
  return uplink
}

it('makes a call that has waited through lines which broke before they were greeted', async () => {
  const server = await serve({ brokenGreetings: 2 })
  const chatId = ChatId.parse(randomUUID())
  await open(server.url).call('release', { chatId, epoch: 1 })
  expect(server.released).toEqual([chatId])
  expect(server.greetings()).toBe(3)
  // Each over the nonce of its own connection.
  expect(server.signed).toEqual([true, true, true])
})

it('pauses before it greets a server again that did not understand it', async () => {
  const server = await serve({ brokenGreetings: 0, misunderstands: 1 })
  const startedAt = performance.now()
  await open(server.url).call('release', { chatId: ChatId.parse(randomUUID()), epoch: 1 })
  expect(server.greetings()).toBe(2)
  expect(performance.now() - startedAt).toBeGreaterThan(500)
})

it('ends a call that waits when it is closed itself', async () => {
  const server = await serve({ brokenGreetings: Number.POSITIVE_INFINITY })
  const uplink = open(server.url)
  const waiting = uplink.call('release', { chatId: ChatId.parse(randomUUID()), epoch: 1 })
  uplink.close()
  await expect(waiting).rejects.toThrow('the uplink is closed')
})
