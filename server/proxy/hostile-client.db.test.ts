/**
 * Clients that ask slowly, too much or too often. For each: that it ends, that nobody upstream
 * hears of what was refused, and that others are served as ever.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { chunked, rawClient, requestHead, writeEach, type Misbehaviour, type RawUpstream } from '#server/proxy/testing-sockets.ts'
import { openStage, openStreamOf, streamOf, type Stage } from '#server/proxy/testing-stage.ts'
import { ask, pathOf, question } from '#server/proxy/testing.ts'

const DIALECT = 'openai-chat'

let stage: Stage
beforeAll(async () => {
  stage = await openStage({
    dialect: DIALECT,
    limits: { bodyMs: 1_000, bodyBytes: 100_000, stalledClientMs: 400, perRun: 3, perProcess: 4, origins: 1 },
    // As `main.ts`, with less patience.
    patience: { headersTimeout: 200, requestTimeout: 2_000, connectionsCheckingInterval: 50 },
  })
  stage.upstream.does(answering)
})
afterEach(() => {
  stage.upstream.does(answering)
  stage.assertNothingLogged()
})
afterAll(() => stage.close())

const DONE = 'data: {"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\ndata: [DONE]\n\n'
const answering: Misbehaviour = (socket) => writeEach(socket, streamOf(DONE))

const expectServedAsEver = async () => {
  stage.upstream.does(answering)
  expect((await stage.send()).status).toBe(200)
}

describe('slowness', () => {
  it('ends a head that comes byte by byte', async () => {
    const client = rawClient(stage.origin)
    const drip = setInterval(() => client.socket.write('x'), 20)
    client.socket.write(`POST ${stage.path} HTTP/1.1\r\nx-`)
    await client.closed
    clearInterval(drip)
    expect(client.said().toString()).toMatch(/^HTTP\/1.1 408 /)
    await expectServedAsEver()
  })

  it('ends a body that comes byte by byte, in the words of the dialect', async () => {
    const before = stage.upstream.heads.length
    const client = rawClient(stage.origin)
    client.socket.write(requestHead(stage.path, { length: stage.body.length }))
    const drip = setInterval(() => client.socket.write(' '), 20)
    await client.closed
    clearInterval(drip)
    expect(client.said().toString()).toMatch(/^HTTP\/1.1 408 [^]*"code":"gatehouse.body"/)
    expect(stage.upstream.heads.length).toBe(before)
    await expectServedAsEver()
  })

  it('lets a body come in its own time, within that', async () => {
    const client = rawClient(stage.origin)
    await writeEach(client.socket, [
      requestHead(stage.path, { length: stage.body.length, more: ['connection: close'] }),
      ...stage.body.split(''),
    ])
    await client.closed
    expect(client.said().toString()).toContain('data: [DONE]')
    expect(stage.upstream.bodies.at(-1)!.toString()).toContain(stage.body.slice(1))
  })

  it.each([
    ['while the upstream speaks', true],
    ['when the upstream has said everything', false],
  ])('ends an answer that nobody reads, %s', async (_when, goesOn) => {
    const much = chunked(`data: ${'x'.repeat(512 * 1024)}\n\n`)
    let upstreamClosed = false
    stage.upstream.does(async (socket) => {
      socket.once('close', () => (upstreamClosed = true))
      await writeEach(socket, openStreamOf())
      for (let sent = 0; sent < 24 && !socket.destroyed; sent += 1)
        if (!socket.write(much)) await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve))
      if (!goesOn && !socket.destroyed) await writeEach(socket, [chunked(DONE), '0\r\n\r\n'])
    })
    const client = rawClient(stage.origin)
    client.socket.pause()
    client.socket.write(requestHead(stage.path, { length: stage.body.length }) + stage.body)
    await vi.waitFor(() => expect(upstreamClosed).toBe(true), { timeout: 10_000 })
    client.socket.destroy()
    await vi.waitFor(async () => expect(await stage.newestRecords(1)).toMatchObject([{ outcome: 'aborted', status: 200, source: 'none' }]))
    await expectServedAsEver()
  })
})

describe('size', () => {
  it('answers a head that is too large with 431', async () => {
    expect(await stage.answerTo(requestHead(stage.path, { length: 2, more: [`x-much: ${'x'.repeat(20_000)}`] }), '{}')).toMatch(
      /^HTTP\/1.1 431 /,
    )
    expect(
      await stage.answerTo(
        requestHead(stage.path, { length: 2, more: Array.from({ length: 101 }, (_, at) => `x-${at}: 1`) }).replace(
          'host:',
          'connection: close\r\nhost:',
        ),
        '{}',
      ),
    ).toMatch(/^HTTP\/1.1 431 [^]*more than 100 headers/)
  })

  it.each([
    ['says so', `content-length: ${1e9}`],
    ['does not', 'transfer-encoding: chunked'],
  ])('answers a body that is too large before it is there, whether it %s', async (_how, framing) => {
    const client = rawClient(stage.origin)
    const head = requestHead(stage.path, { length: 0 }).replace('content-length: 0', framing)
    client.socket.write(head)
    const piece = framing.startsWith('content') ? Buffer.alloc(10_000, 32) : chunked(Buffer.alloc(10_000, 32))
    const pour = setInterval(() => client.socket.write(piece), 1)
    await client.closed
    clearInterval(pour)
    expect(client.said().toString()).toMatch(/^HTTP\/1.1 413 [^]*larger than 100000 bytes/)
    await expectServedAsEver()
  })
})

describe('numbers', () => {
  const held = () => {
    const gate = Promise.withResolvers<void>()
    stage.upstream.does(async (socket, request) => {
      await gate.promise
      await answering(socket, request)
    })
    return gate
  }
  /** Until so many requests wait at an stage.upstream. */
  const arrived = (at: RawUpstream, count: number) => vi.waitFor(() => expect(at.heads.length).toBe(count))

  it('has places for so many requests of a run, and of everybody; what is over may come again', async () => {
    const seeded = await stage.seed('anthropic-messages')
    const another = (body = question('anthropic-messages')) =>
      ask({ origin: stage.origin, path: pathOf('anthropic-messages'), token: seeded.token, body })
    const before = stage.upstream.heads.length
    const gate = held()
    const waiting = [stage.send(), stage.send(), stage.send()]
    await arrived(stage.upstream, before + 3)
    const refused = await stage.send()
    expect([refused.status, refused.headers['retry-after'], refused.headers['x-should-retry']]).toEqual([429, '1', undefined])
    expect(JSON.parse(refused.text)).toMatchObject({ error: { type: 'rate_limit_error', code: 'gatehouse.too-many-requests' } })
    waiting.push(another())
    await arrived(stage.upstream, before + 4)
    const full = await another()
    expect([full.status, JSON.parse(full.text)]).toMatchObject([429, { type: 'error', error: { type: 'rate_limit_error' } }])
    gate.resolve()
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
    await expectServedAsEver()
  })

  it('gives a place back, however a request ends', async () => {
    for (let at = 0; at < 8; at += 1) {
      const breaks = at % 2 === 0
      stage.upstream.does((socket) => (breaks ? socket.destroy() : writeEach(socket, openStreamOf('data: {"choices":[{}]}\n\n'))))
      // The other half leaves with the first bytes.
      expect((await stage.send({ onChunk: () => true })).status).toBe(breaks ? 502 : 200)
    }
    await expectServedAsEver()
  })

  it('keeps connections to so many upstreams, and cuts no stream for that', async () => {
    const seeded = await stage.seed(DIALECT, stage.elsewhere.origin)
    stage.elsewhere.does(answering)
    const before = stage.upstream.heads.length
    const gate = held()
    const waiting = stage.send()
    await arrived(stage.upstream, before + 1)
    // With room for one, this puts the other's pool out.
    expect((await ask({ origin: stage.origin, path: pathOf(DIALECT), token: seeded.token, body: stage.body })).status).toBe(200)
    gate.resolve()
    expect((await waiting).status).toBe(200)
    await vi.waitFor(() => expect(stage.upstream.open()).toBe(0))
    await expectServedAsEver()
    await vi.waitFor(() => expect(stage.elsewhere.open()).toBe(0))
  })
})

describe('a websocket', () => {
  it.each([
    ['openai/v1/responses', { error: { code: 'gatehouse.no-websocket', param: null } }],
    ['anthropic/v1/messages', { type: 'error', error: { message: expect.any(String) } }],
    ['gemini/v1beta/models/x:streamGenerateContent', { error: { code: 426, status: 'FAILED_PRECONDITION' } }],
  ])('is answered 426 on %s, so that a client takes the plain way', async (path, words) => {
    const answer = await stage.answerTo(
      `GET /ai/proxy/${stage.run.token}/${path} HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    )
    const [head, body] = answer.split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1.1 426 Upgrade Required\r\n/)
    expect(head).toContain('x-should-retry: false')
    expect(JSON.parse(body!)).toMatchObject(words)
    await expectServedAsEver()
  })
})
