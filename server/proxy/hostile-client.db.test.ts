/**
 * Clients that ask badly, slowly, too often or with what is not theirs. For each: that nobody
 * upstream hears of it, that it ends, and that others are served meanwhile.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import { log } from '#server/log.ts'
import { createProxyHandler, type ProxyHandler } from '#server/proxy/handler.ts'
import { chunked, rawClient, rawUpstream, requestHead, writeEach, type RawUpstream } from '#server/proxy/testing-sockets.ts'
import { ask, modelOf, pathOf, question, seedRun, type SeededRun } from '#server/proxy/testing.ts'
import { refuseUpgrade } from '#server/proxy/upgrade.ts'
import { drainUsage, readRecords } from '#server/usage/service.ts'

const KEY = `sk-real-${randomBytes(12).toString('hex')}`
const FOREIGN = 'sk-ant-oat01-of-somebody-0123456789'
const DIALECT = 'openai-chat'

let upstream: RawUpstream
let other: RawUpstream
let handler: ProxyHandler
let server: Server
let origin: string
let run: SeededRun
const written: string[] = []

beforeAll(async () => {
  upstream = await rawUpstream()
  other = await rawUpstream()
  process.env['GATEHOUSE_PRIVATE_UPSTREAMS'] = `${upstream.host},${other.host}`
  handler = createProxyHandler({ limits: { bodyMs: 300, bodyBytes: 100_000, stalledClientMs: 400, perRun: 3, perProcess: 4, origins: 1 } })
  // As `main.ts`, with less patience.
  server = createServer({ headersTimeout: 200, requestTimeout: 2_000, connectionsCheckingInterval: 50 }, handler)
  server.on('upgrade', refuseUpgrade)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  run = await seedRun({ dialect: DIALECT, baseUrl: upstream.origin, key: KEY })
  log.level = 'trace'
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => Boolean(written.push(String(text))))
})
afterEach(() => upstream.does(answering))
afterAll(async () => {
  vi.restoreAllMocks()
  log.level = 'silent'
  await drainUsage()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await handler.close()
  await upstream.close()
  await other.close()
  const everything = written.join('')
  expect([KEY, FOREIGN, run.token].map((secret) => everything.includes(secret))).toEqual([false, false, false])
})

const DONE = 'data: {"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\ndata: [DONE]\n\n'
const STREAM = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
const answering: Parameters<RawUpstream['does']>[0] = (socket) => writeEach(socket, [STREAM, chunked(DONE), '0\r\n\r\n'])

const BODY = JSON.stringify(question(DIALECT))
const PATH = () => `/ai/proxy/${run.token}/${pathOf(DIALECT)}`
const send = (more: Partial<Parameters<typeof ask>[0]> = {}) =>
  ask({ origin, path: pathOf(DIALECT), token: run.token, body: BODY, ...more })
const expectServedAsEver = async () => {
  upstream.does(answering)
  expect((await send()).status).toBe(200)
}

/** What a request on a bare socket was answered, once the server has hung up. */
async function answerTo(...pieces: (string | Buffer)[]): Promise<string> {
  const client = rawClient(origin)
  await writeEach(client.socket, pieces)
  await client.closed
  return client.said().toString('utf8')
}

describe('slowness', () => {
  it('ends a head that comes byte by byte', async () => {
    const client = rawClient(origin)
    const drip = setInterval(() => client.socket.write('x'), 20)
    client.socket.write(`POST ${PATH()} HTTP/1.1\r\nx-`)
    await client.closed
    clearInterval(drip)
    expect(client.said().toString()).toMatch(/^HTTP\/1.1 408 /)
    await expectServedAsEver()
  })

  it('ends a body that comes byte by byte, in the words of the dialect', async () => {
    const before = upstream.heads.length
    const client = rawClient(origin)
    client.socket.write(requestHead(PATH(), { length: BODY.length }))
    const drip = setInterval(() => client.socket.write(' '), 20)
    await client.closed
    clearInterval(drip)
    expect(client.said().toString()).toMatch(/^HTTP\/1.1 408 [^]*"code":"gatehouse.body"/)
    expect(upstream.heads.length).toBe(before)
    await expectServedAsEver()
  })

  it('lets a body come in its own time, within that', async () => {
    const client = rawClient(origin)
    await writeEach(client.socket, [requestHead(PATH(), { length: BODY.length, more: ['connection: close'] }), ...BODY.split('')])
    await client.closed
    expect(client.said().toString()).toContain('data: [DONE]')
    expect(upstream.bodies.at(-1)!.toString()).toContain(BODY.slice(1))
  })

  it.each([
    ['while the upstream speaks', true],
    ['when the upstream has said everything', false],
  ])('ends an answer that nobody reads, %s', async (_when, goesOn) => {
    const much = chunked(`data: ${'x'.repeat(512 * 1024)}\n\n`)
    let upstreamClosed = false
    upstream.does(async (socket) => {
      socket.once('close', () => (upstreamClosed = true))
      await writeEach(socket, [STREAM])
      for (let sent = 0; sent < 24 && !socket.destroyed; sent += 1)
        if (!socket.write(much)) await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve))
      if (!goesOn && !socket.destroyed) await writeEach(socket, [chunked(DONE), '0\r\n\r\n'])
    })
    const client = rawClient(origin)
    client.socket.pause()
    client.socket.write(requestHead(PATH(), { length: BODY.length }) + BODY)
    await vi.waitFor(() => expect(upstreamClosed).toBe(true), { timeout: 10_000 })
    client.socket.destroy()
    const [record] = await vi.waitFor(async () => {
      await drainUsage()
      const records = await readRecords(run.scope, { chatId: run.chatId, limit: 1 })
      expect(records[0]!.outcome).toBe('aborted')
      return records
    })
    expect(record).toMatchObject({ status: 200, source: 'none' })
    await expectServedAsEver()
  })
})

describe('size', () => {
  it('answers a head that is too large with 431', async () => {
    expect(await answerTo(requestHead(PATH(), { length: 2, more: [`x-much: ${'x'.repeat(20_000)}`] }), '{}')).toMatch(/^HTTP\/1.1 431 /)
    expect(
      await answerTo(
        requestHead(PATH(), { length: 2, more: Array.from({ length: 101 }, (_, at) => `x-${at}: 1`) }).replace(
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
    const client = rawClient(origin)
    const head = requestHead(PATH(), { length: 0 }).replace('content-length: 0', framing)
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
    upstream.does(async (socket, request) => {
      await gate.promise
      await answering(socket, request)
    })
    return gate
  }
  /** Until so many requests wait at an upstream. */
  const arrived = (at: RawUpstream, count: number) => vi.waitFor(() => expect(at.heads.length).toBe(count))

  it('has places for so many requests of a run, and of everybody; what is over may come again', async () => {
    const seeded = await seedRun({ dialect: 'anthropic-messages', baseUrl: upstream.origin, key: KEY })
    const another = (body = question('anthropic-messages')) =>
      ask({ origin, path: pathOf('anthropic-messages'), token: seeded.token, body })
    const before = upstream.heads.length
    const gate = held()
    const waiting = [send(), send(), send()]
    await arrived(upstream, before + 3)
    const refused = await send()
    expect([refused.status, refused.headers['retry-after'], refused.headers['x-should-retry']]).toEqual([429, '1', undefined])
    expect(JSON.parse(refused.text)).toMatchObject({ error: { type: 'rate_limit_error', code: 'gatehouse.too-many-requests' } })
    waiting.push(another())
    await arrived(upstream, before + 4)
    const full = await another()
    expect([full.status, JSON.parse(full.text)]).toMatchObject([429, { type: 'error', error: { type: 'rate_limit_error' } }])
    gate.resolve()
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
    await expectServedAsEver()
  })

  it('gives a place back, however a request ends', async () => {
    for (let at = 0; at < 8; at += 1) {
      upstream.does((socket) => (at % 2 ? socket.destroy() : writeEach(socket, [STREAM, chunked('data: {"choices":[{}]}\n\n')])))
      if (at % 2) expect((await send()).status).toBe(502)
      else await send({ onChunk: () => true })
    }
    await expectServedAsEver()
  })

  it('keeps connections to so many upstreams, and cuts no stream for that', async () => {
    const seeded = await seedRun({ dialect: DIALECT, baseUrl: other.origin, key: KEY })
    other.does(answering)
    const before = upstream.heads.length
    const gate = held()
    const waiting = send()
    await arrived(upstream, before + 1)
    // With room for one, this puts the other's pool out.
    expect((await ask({ origin, path: pathOf(DIALECT), token: seeded.token, body: BODY })).status).toBe(200)
    gate.resolve()
    expect((await waiting).status).toBe(200)
    await vi.waitFor(() => expect(upstream.open()).toBe(0))
    await expectServedAsEver()
    await vi.waitFor(() => expect(other.open()).toBe(0))
  })
})

describe('what is not theirs', () => {
  it('tells the upstream what its table says, and nothing that a client adds', async () => {
    const answer = await answerTo(
      requestHead(PATH(), {
        length: BODY.length,
        more: [
          'connection: close, x-api-key, authorization, content-length',
          'x-forwarded-for: 10.0.0.1',
          'x-forwarded-host: evil.example',
          'forwarded: for=10.0.0.1',
          'via: 1.1 evil',
          'te: trailers',
          'keep-alive: timeout=900',
          'accept-encoding: gzip, br',
          'x-upstream: http://evil.example',
          'x-portkey-custom-host: http://evil.example',
          'helicone-target-url: http://evil.example',
          'openai-organization: org-mine',
          'openai-project: proj-mine',
          'x-http-method-override: DELETE',
          'referer: http://evil.example',
          'range: bytes=0-1',
          'if-none-match: "x"',
          'openai-beta: yes',
          'user-agent: Probe/1.0',
        ],
      }),
      BODY,
    )
    expect(answer).toContain('data: [DONE]')
    const [first, ...lines] = upstream.heads.at(-1)!.split('\r\n')
    expect(first).toBe('POST /v1/chat/completions HTTP/1.1')
    expect(lines.toSorted()).toEqual(
      [
        `host: ${upstream.host}`,
        'connection: keep-alive',
        'content-type: application/json',
        `content-length: ${upstream.bodies.at(-1)!.length}`,
        'accept-encoding: identity',
        'user-agent: Probe/1.0',
        'openai-beta: yes',
        `authorization: Bearer ${KEY}`,
      ].toSorted(),
    )
  })

  it.each([
    [`x-api-key: ${FOREIGN}`],
    [`x-api-key: ${SENTINEL_KEY}\r\nx-api-key: ${FOREIGN}`],
    [`X-API-Key: ${SENTINEL_KEY}, ${FOREIGN}`],
    [`x-goog-api-key: ${FOREIGN}`],
    [`api-key: ${FOREIGN}`],
    [`Authorization: Bearer ${FOREIGN}`],
    [`proxy-authorization: Basic ${FOREIGN}`],
    [`cookie: session=${FOREIGN}`],
    ['origin: null'],
  ])('forwards nothing that comes with %s', async (line) => {
    const before = upstream.heads.length
    const answer = await answerTo(requestHead(PATH(), { length: BODY.length, more: [line, 'connection: close'] }), BODY)
    expect(answer).toMatch(/^HTTP\/1.1 403 /)
    expect(answer).not.toContain(FOREIGN)
    expect(upstream.heads.length).toBe(before)
  })

  it('takes an upstream from nowhere but the connection', async () => {
    const body = JSON.stringify({
      ...question(DIALECT),
      base_url: other.origin,
      baseUrl: other.origin,
      api_base: other.origin,
      api_key: FOREIGN,
      upstream: other.origin,
    })
    const before = other.heads.length
    expect((await send({ body, headers: { host: other.host, 'x-base-url': other.origin } })).status).toBe(200)
    expect(other.heads.length).toBe(before)
    expect(upstream.heads.at(-1)).toContain(`host: ${upstream.host}`)
    expect(await answerTo(`POST ${other.origin}${PATH()} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 404 /,
    )
    expect(await answerTo(`CONNECT ${other.host} HTTP/1.1\r\nhost: ${other.host}\r\n\r\n`)).toBe('')
    expect(other.heads.length).toBe(before)
  })
})

describe('two readings of one request', () => {
  const smuggled = `POST ${'/x'} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n`
  it.each([
    ['a length and chunks', ['transfer-encoding: chunked']],
    ['two lengths', ['content-length: 5']],
    ['a coding that nobody knows', ['transfer-encoding: xchunked']],
    ['a space before the colon', ['x-odd : 1']],
    ['a folded line', ['x-odd: 1\r\n 2']],
    ['a zero byte', ['x-odd: \0']],
  ])('is refused: %s', async (_name, more) => {
    const before = upstream.heads.length
    const answer = await answerTo(requestHead(PATH(), { length: BODY.length, more }), BODY, smuggled)
    expect(answer).toMatch(/^HTTP\/1.1 400 /)
    expect(answer.split('HTTP/1.1').length).toBe(2)
    expect(upstream.heads.length).toBe(before)
  })

  it('serves two requests of one connection in their order', async () => {
    const one = requestHead(PATH(), { length: BODY.length }) + BODY
    const answer = await answerTo(one + one.replace('host:', 'connection: close\r\nhost:'))
    expect(answer.split('data: [DONE]').length).toBe(3)
  })
})

describe('a websocket', () => {
  it.each([
    ['openai/v1/responses', { error: { code: 'gatehouse.no-websocket', param: null } }],
    ['anthropic/v1/messages', { type: 'error', error: { message: expect.any(String) } }],
    ['gemini/v1beta/models/x:streamGenerateContent', { error: { code: 426, status: 'FAILED_PRECONDITION' } }],
  ])('is answered 426 on %s, so that a client takes the plain way', async (path, words) => {
    const answer = await answerTo(
      `GET /ai/proxy/${run.token}/${path} HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    )
    const [head, body] = answer.split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1.1 426 Upgrade Required\r\n/)
    expect(head).toContain('x-should-retry: false')
    expect(JSON.parse(body!)).toMatchObject(words)
    await expectServedAsEver()
  })
})

describe('anything at all', () => {
  it('reaches no path upstream but those of the table', async () => {
    const known = /^POST \/v1\/(chat\/completions|embeddings) HTTP\/1\.1$/
    const piece = fc.oneof(
      fc.constantFrom(
        'openai',
        'v1',
        'chat',
        'completions',
        'embeddings',
        'anthropic',
        'gemini',
        '..',
        '.',
        '%2e%2e',
        '%2f',
        '',
        '\\',
        ';',
        '%00',
        '#',
        '?key=x',
        '?x=',
        '*',
        '-',
        '//',
      ),
      fc.string({ unit: 'grapheme-ascii', maxLength: 6 }).map(encodeURI),
    )
    const before = upstream.heads.length
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 6 }),
        fc.constantFrom('POST', 'GET', 'PUT', 'HEAD', 'DELETE'),
        async (pieces, method) => {
          const path = `/ai/proxy/${run.token}/${pieces.join('/')}`.replaceAll(/[^\x21-\x7e]/g, '')
          const answer = await ask({ origin, path, method, body: BODY }).catch(() => null)
          expect(answer?.status ?? 400).not.toBe(500)
        },
      ),
      { numRuns: 150 },
    )
    expect(upstream.heads.slice(before).filter((head) => !known.test(head.split('\r\n')[0]!))).toEqual([])
  })

  it('brings no header upstream but those of the table, whatever a client sends', async () => {
    const token = fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz-_!#$&'), minLength: 1, maxLength: 12 })
    const name = fc.oneof(
      token,
      token.map((word) => `x-${word}`),
      fc.constantFrom('accept', 'User-Agent', 'openai-beta', 'anthropic-beta', 'te', 'trailer', 'x-real-ip'),
    )
    const value = fc.string({ unit: fc.constantFrom(...'abc XYZ;,=:"\'%é\t'), maxLength: 20 }).map((text) => text.trim())
    const allowed = new Set([
      'host',
      'connection',
      'content-type',
      'content-length',
      'accept-encoding',
      'authorization',
      'accept',
      'user-agent',
      'openai-beta',
      'anthropic-beta',
      'anthropic-version',
      'idempotency-key',
    ])
    const own = new Set([
      'host',
      'connection',
      'content-length',
      'content-type',
      'transfer-encoding',
      'expect',
      'upgrade',
      'origin',
      'cookie',
      'content-encoding',
      'authorization',
    ])
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 12 }), async (pairs) => {
        const before = upstream.heads.length
        const more = pairs.filter(([each]) => !own.has(each.toLowerCase())).map((pair) => pair.join(': '))
        const client = rawClient(origin)
        await writeEach(client.socket, [
          Buffer.from(requestHead(PATH(), { length: BODY.length, more: [...more, 'connection: close'] }), 'latin1'),
          BODY,
        ])
        await client.closed
        for (const head of upstream.heads.slice(before)) {
          const names = head
            .split('\r\n')
            .slice(1)
            .map((line) => line.slice(0, line.indexOf(':')).toLowerCase())
          expect(names.filter((each) => !allowed.has(each))).toEqual([])
          expect(head.match(/^authorization: .*$/gim)).toEqual([`authorization: Bearer ${KEY}`])
        }
      }),
      { numRuns: 60 },
    )
  })

  it('asks for the model that was checked, however the body says it', async () => {
    const key = fc.constantFrom(
      'model',
      'Model',
      'MODEL',
      'mod\\u0065l',
      '\\u006dodel',
      'models',
      'messages',
      'x',
      '__proto__',
      'constructor',
    )
    const value = fc.oneof(
      fc.constantFrom(`"${modelOf[DIALECT]}"`, '"gpt-99"', 'null', '[]', '{"model":"gpt-99"}', '"gpt-99\\u0000"', `" ${modelOf[DIALECT]}"`),
      fc.json({ maxDepth: 2 }),
    )
    const space = fc.constantFrom('', ' ', '\n', '\t', '\r\n')
    const body = fc
      .tuple(
        fc.array(fc.tuple(key, value, space), { maxLength: 5 }),
        fc.constantFrom('', '\ufeff', ' ', '{}', '//'),
        fc.constantFrom('', ' ', '{}', '\0', ','),
      )
      .map(
        ([pairs, before, behind]) => `${before}{${pairs.map(([name, given, gap]) => `${gap}"${name}"${gap}:${given}`).join(',')}}${behind}`,
      )
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const before = upstream.bodies.length
        await send({ body: text })
        for (const sent of upstream.bodies.slice(before)) {
          const read = JSON.parse(sent.toString('utf8')) as Record<string, unknown>
          expect(read['model']).toBe(modelOf[DIALECT])
          // The first of two, the last of two, in any letters: there is only one.
          expect(Object.keys(read).filter((each) => each.toLowerCase() === 'model')).toEqual(['model'])
          expect(text.match(/"(m|\\u006d)od(e|\\u0065)l"\s*:/gi)?.length ?? 0).toBeLessThanOrEqual(
            1 + (text.match(/\{"model":"gpt-99"\}/g)?.length ?? 0),
          )
        }
      }),
      { numRuns: 200 },
    )
  })
})
