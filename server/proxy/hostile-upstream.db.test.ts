/**
 * Upstreams that speak HTTP, events or JSON badly, by mistake or on purpose. For each: what the
 * client gets, what is recorded, that the exchange ends, and that the next one is served as ever.
 */
import { randomBytes } from 'node:crypto'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { pool, prisma } from '#server/db/client.ts'
import { log } from '#server/log.ts'
import { createProxyHandler, type ProxyHandler } from '#server/proxy/handler.ts'
import { chunked, rawUpstream, writeEach, type Misbehaviour, type RawUpstream } from '#server/proxy/testing-sockets.ts'
import { ask, pathOf, question, seedRun, serveOnLoopback, type Answer, type SeededRun, type Served } from '#server/proxy/testing.ts'
import { drainUsage } from '#server/usage/service.ts'

const KEY = `sk-real-${randomBytes(12).toString('hex')}`
const DIALECT = 'anthropic-messages'

let upstream: RawUpstream
let elsewhere: RawUpstream
let hasty: RawUpstream
let handler: ProxyHandler
let proxy: Served
let run: SeededRun
const written: string[] = []

beforeAll(async () => {
  upstream = await rawUpstream()
  elsewhere = await rawUpstream()
  hasty = await rawUpstream({ isHasty: true })
  process.env['GATEHOUSE_PRIVATE_UPSTREAMS'] = [upstream, elsewhere, hasty].map(({ host }) => host).join(',')
  handler = createProxyHandler({ limits: { upstreamHeadMs: 1_000, upstreamIdleMs: 500 } })
  proxy = await serveOnLoopback(handler)
  run = await seedRun({ dialect: DIALECT, baseUrl: upstream.origin, key: KEY })
  log.level = 'trace'
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => Boolean(written.push(String(text))))
})
afterAll(async () => {
  vi.restoreAllMocks()
  log.level = 'silent'
  await drainUsage()
  await proxy.close()
  await handler.close()
  await upstream.close()
  await elsewhere.close()
  await hasty.close()
  const everything = written.join('')
  expect([KEY, run.token].map((secret) => everything.includes(secret))).toEqual([false, false])
})

const event = (type: string, data: object, end = '\n') => [`event: ${type}`, `data: ${JSON.stringify({ type, ...data })}`, '', ''].join(end)
const start = (end?: string) => event('message_start', { message: { usage: { input_tokens: 10, output_tokens: 1 } } }, end)
const words = (end?: string) => event('content_block_delta', { delta: { type: 'text_delta', text: 'Grüße 🎉' } }, end)
const usage = (counts: object, end?: string) => event('message_delta', { delta: {}, usage: counts }, end)
const last = (end?: string) => event('message_stop', {}, end)
const whole = (end?: string) => `${start(end)}${words(end)}${usage({ output_tokens: 5 }, end)}${last(end)}`
const counted = { inputTokens: 10, outputTokens: 5 }
/** Nothing was reported: which is not nothing. */
const uncounted = { outcome: 'completed', source: 'none', inputTokens: 0, outputTokens: 0, costMicros: null }

const SSE = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n'
const CHUNKED = `${SSE}transfer-encoding: chunked\r\n\r\n`
const END = '0\r\n\r\n'
const JSON_OK = JSON.stringify({ type: 'message', usage: { input_tokens: 10, output_tokens: 5 } })
const jsonHead = (length: number, more = '') =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n${more}\r\n`

/** An event stream of these bytes, properly framed. */
const streaming =
  (body: string | Buffer): Misbehaviour =>
  (socket) =>
    void socket.write(Buffer.concat([Buffer.from(CHUNKED), chunked(body), Buffer.from(END)]))
const saying =
  (...pieces: (string | Buffer)[]): Misbehaviour =>
  (socket) =>
    writeEach(socket, pieces)
const sayingThenClosing =
  (...pieces: (string | Buffer)[]): Misbehaviour =>
  async (socket) => {
    await writeEach(socket, pieces)
    socket.end()
  }

const send = (more: Partial<Parameters<typeof ask>[0]> = {}): Promise<Answer> =>
  ask({ origin: proxy.origin, path: pathOf(DIALECT), token: run.token, body: question(DIALECT), ...more })

async function newestRecords(limit: number): Promise<Record<string, unknown>[]> {
  await drainUsage()
  const { rows } = await pool().query(
    `select outcome, status, source, "failureCode", "inputTokens", "outputTokens", "costMicros" from usage_record
     where "chatId" = $1 order by "startedAt" desc, id desc limit $2`,
    [run.chatId, limit],
  )
  return rows
}
const newestRecord = async () => (await newestRecords(1))[0]!

/** Whatever went before: the next exchange is as ever, on a connection that carries nothing of it. */
async function expectServedAsEver(): Promise<void> {
  upstream.does(streaming(whole()))
  const answer = await send()
  expect([answer.status, answer.text, answer.isWhole]).toEqual([200, whole(), true])
  expect(await newestRecord()).toMatchObject({ outcome: 'completed', source: 'provider', ...counted })
}

type Expected = {
  status: number
  /** What the client reads; a function where only a part is promised. */
  text?: string | ((text: string) => void)
  isWhole?: boolean
  record: Record<string, unknown>
}
const cases: Record<string, [Misbehaviour, Expected]> = {}
const it502 = (code: string, says: string): Expected => ({
  status: 502,
  text: (text) => expect(JSON.parse(text)).toMatchObject({ type: 'error', error: { message: expect.stringContaining(says) } }),
  record: { outcome: 'failed', failureCode: code, source: 'none', costMicros: null },
})
const passes = (text: string, record: Record<string, unknown> = { outcome: 'completed', source: 'provider', ...counted }): Expected => ({
  status: 200,
  text,
  record,
})
const breaksOff = (text: string): Expected => ({
  status: 200,
  text: (got) => {
    expect(got.startsWith(text)).toBe(true)
    expect(got.slice(text.length)).toMatch(/^\n\nevent: error\ndata: \{"type":"error".*broke off.*\}\n\n$/)
  },
  record: { outcome: 'failed', failureCode: 'provider.failed', source: 'partial', inputTokens: 10 },
})

// --- HTTP --------------------------------------------------------------------------------------------------

for (const status of [301, 302, 303, 307, 308])
  cases[`a redirect, ${status}`] = [
    saying(`HTTP/1.1 ${status} Moved\r\nlocation: LOCATION\r\ncontent-length: 0\r\n\r\n`),
    it502('provider.failed', 'redirect'),
  ]
Object.assign(cases, {
  'early hints': [
    saying(`HTTP/1.1 103 Early Hints\r\nlink: <https://evil.example>\r\n\r\n${CHUNKED}`, chunked(whole()), END),
    passes(whole()),
  ],
  'a go-on that nobody asked for': [saying(`HTTP/1.1 100 Continue\r\n\r\n`), it502('provider.unreachable', 'cannot be reached')],
  'another protocol': [
    saying('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'),
    it502('provider.unreachable', 'cannot be reached'),
  ],
  trailers: [saying(CHUNKED, chunked(whole()), `0\r\nx-request-id: ${KEY}\r\nset-cookie: a=b\r\n\r\n`), passes(whole())],
  'a close in the middle of a stream': [sayingThenClosing(CHUNKED, chunked(start())), breaksOff(start())],
  'a close in the middle of a chunk': [
    sayingThenClosing(CHUNKED, chunked(start()), '400\r\ndata: {"ty'),
    breaksOff(`${start()}data: {"ty`),
  ],
  'a reset in the middle of a stream': [
    async (socket) => {
      await writeEach(socket, [CHUNKED, chunked(start())])
      // Until the proxy has read it: a reset discards what waits.
      setTimeout(() => socket.resetAndDestroy(), 50)
    },
    breaksOff(start()),
  ],
  'a close before the head': [(socket) => socket.end(), it502('provider.unreachable', 'cannot be reached')],
  'a reset before the head': [(socket) => socket.resetAndDestroy(), it502('provider.unreachable', 'cannot be reached')],
  'a close within the head': [sayingThenClosing('HTTP/1.1 200 OK\r\ncontent-ty'), it502('provider.unreachable', 'cannot be reached')],
  'no HTTP at all': [sayingThenClosing(`SSH-2.0-OpenSSH_9.9 ${KEY}\r\n`), it502('provider.unreachable', 'cannot be reached')],
  'no head in time': [() => {}, it502('provider.unreachable', 'UND_ERR_HEADERS_TIMEOUT')],
  'a head of 64 KiB': [saying(`${SSE}x-much: ${'x'.repeat(64 * 1024)}\r\n\r\n`), it502('provider.unreachable', 'UND_ERR_HEADERS_OVERFLOW')],
  'ten thousand headers': [saying(`${SSE}${'a: b\r\n'.repeat(10_000)}\r\n`), it502('provider.unreachable', 'UND_ERR_HEADERS_OVERFLOW')],
  'silence in the middle': [saying(CHUNKED, chunked(start())), breaksOff(start())],
  'a length and chunks at once': [
    saying(`${SSE}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n`, chunked(whole()), END),
    it502('provider.unreachable', 'cannot be reached'),
  ],
  'two lengths': [
    saying(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5\r\ncontent-length: ${JSON_OK.length}\r\n\r\n${JSON_OK}`),
    it502('provider.unreachable', 'cannot be reached'),
  ],
  'a length too long': [
    sayingThenClosing(jsonHead(JSON_OK.length + 9), JSON_OK),
    { status: 200, text: JSON_OK, isWhole: false, record: { outcome: 'failed', failureCode: 'provider.failed' } },
  ],
  'a length too short': [
    sayingThenClosing(jsonHead(JSON_OK.length - 9), JSON_OK),
    { status: 200, text: JSON_OK.slice(0, -9), record: { outcome: 'failed', failureCode: 'provider.garbled', source: 'none' } },
  ],
  'a chunk size that is none': [saying(CHUNKED, chunked(start()), 'zz\r\nxx\r\n'), breaksOff(start())],
  'no content at all': [
    saying('HTTP/1.1 204 No Content\r\n\r\n'),
    { status: 204, text: '', record: { outcome: 'failed', source: 'none' } },
  ],
  'an empty stream': [
    streaming(''),
    { status: 200, text: (text) => expect(text).toContain('event: error'), record: { outcome: 'failed', source: 'none' } },
  ],
  'a status of its own': [
    saying(`HTTP/1.1 799 Odd\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`),
    { status: 799, text: '{}', record: { outcome: 'failed', failureCode: 'provider.failed' } },
  ],
  'a head byte by byte': [saying(...CHUNKED.split(''), chunked(whole()), END), passes(whole())],
  'a body byte by byte': [saying(CHUNKED, ...[...Buffer.from(whole())].map((byte) => chunked(Buffer.from([byte]))), END), passes(whole())],
} satisfies typeof cases)

// --- encodings ---------------------------------------------------------------------------------------------

for (const [name, squeeze] of [
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
] as const) {
  const squeezed = squeeze(Buffer.from(whole()))
  cases[`${name} that nobody asked for`] = [
    saying(`${SSE}content-encoding: ${name}\r\ncontent-length: ${squeezed.length}\r\n\r\n`, squeezed),
    { status: 200, text: squeezed.toString('utf8'), record: uncounted },
  ]
  const bomb = squeeze(Buffer.alloc(64 * 1024 * 1024))
  cases[`a bomb of ${name}`] = [
    saying(`${SSE}content-encoding: ${name}\r\ncontent-length: ${bomb.length}\r\n\r\n`, bomb),
    { status: 200, text: bomb.toString('utf8'), record: uncounted },
  ]
  cases[`an error in ${name}`] = [
    saying(
      `HTTP/1.1 500 No\r\ncontent-type: application/json\r\ncontent-encoding: ${name}\r\ncontent-length: ${bomb.length}\r\n\r\n`,
      bomb,
    ),
    { status: 500, text: (text) => expect(JSON.parse(text).error.message).toContain('answered 500'), record: { outcome: 'failed' } },
  ]
}

// --- events ------------------------------------------------------------------------------------------------

const odd: Record<string, [stream: string, counts?: Record<string, unknown>]> = {
  'CR LF': [whole('\r\n')],
  'CR alone': [whole('\r')],
  'a byte order mark': [`\ufeff${whole()}`],
  comments: [`: hello\n\n:\n${whole().replaceAll('\n\n', '\n: {"usage":{"output_tokens":99}}\n\n')}`],
  'events without data': [`event: message_delta\n\n${whole()}event: message_delta\n\nid: 7\n\n`],
  'an event in several lines': [
    `${start()}event: message_delta\ndata: {"type":"message_delta",\ndata:  "usage":\ndata: {"output_tokens":5}}\n\n${last()}`,
  ],
  'no blank lines': [whole().replaceAll('\n\n', '\n')],
  'no end of its last line': [whole().trimEnd()],
  'no space behind the colon': [whole().replaceAll('data: ', 'data:')],
  'usage said twice': [`${start()}${usage({ output_tokens: 4 })}${usage({ output_tokens: 5 })}${last()}`],
  'usage behind the end': [`${start()}${last()}${usage({ output_tokens: 5 })}`],
  'no usage': [`${words()}${last()}`, uncounted],
  'usage where none belongs': [
    `${start()}${event('content_block_delta', { usage: { output_tokens: 999 } })}${usage({ output_tokens: 5 })}${last()}`,
  ],
  'usage that is no count': [
    `${event('message_start', { message: { usage: { input_tokens: -1, output_tokens: '7' } } })}${usage({ output_tokens: 1e300 })}${last()}`,
    uncounted,
  ],
  'usage nested without end': [
    `${start()}event: message_delta\ndata: {"type":"message_delta","usage":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}\n\n${usage({ output_tokens: 5 })}${last()}`,
  ],
  'usage with a zero byte and a prototype': [
    `${start()}event: message_delta\ndata: {"type":"message_delta","usage":{"output_tokens":5,"\\u0000":"\\u0000","__proto__":{"input_tokens":9}}}\n\n${last()}`,
  ],
  'JSON nested without end': [`${start()}data: {"usage":${'['.repeat(200_000)}\n\n${usage({ output_tokens: 5 })}${last()}`],
}
for (const [name, [stream, counts]] of Object.entries(odd))
  cases[`a stream with ${name}`] = [streaming(stream), passes(stream, { outcome: 'completed', source: 'provider', ...counted, ...counts })]

describe.each(Object.entries(cases))('%s', (name, [does, expected]) => {
  it('ends, is recorded, and leaves nothing behind', async () => {
    upstream.does(name.startsWith('a redirect') ? (socket) => writeEach(socket, [redirectTo(name)]) : does)
    const answer = await send()
    expect(answer.status).toBe(expected.status)
    if (typeof expected.text === 'string') expect(answer.text).toBe(expected.text)
    else expected.text?.(answer.text)
    expect(answer.isWhole).toBe(expected.isWhole ?? true)
    expect(JSON.stringify(answer.headers) + answer.text).not.toContain(KEY)
    for (const header of ['set-cookie', 'location', 'link', 'trailer']) expect(answer.headers[header]).toBeUndefined()
    expect(await newestRecord()).toMatchObject(expected.record)
    await expectServedAsEver()
    expect(elsewhere.seen()).toBe(0)
  })
})

/** To a server that we may call, so that nothing but our not following keeps the key from it. */
const redirectTo = (name: string) =>
  `HTTP/1.1 ${name.slice(-3)} Moved\r\nlocation: ${elsewhere.origin}/v1/messages\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n`

// --- single stories ----------------------------------------------------------------------------------------

it('passes headers by name, once each, and none that holds the key in any spelling', async () => {
  const body = whole()
  upstream.does(
    saying(
      [
        'HTTP/1.1 200 OK',
        'content-type: text/event-stream',
        'content-type: text/html',
        'x-request-id: 漢字',
        `request-id: ${Buffer.from(KEY).toString('base64')}`,
        `openai-model: ${KEY}`,
        'anthropic-ratelimit-requests-remaining: 7',
        'location: https://evil.example',
        'set-cookie: a=b',
        'x-api-key: other',
        'connection: x-should-retry, keep-alive',
        'server: secret/1.0',
        'alt-svc: h3=":443"',
        'access-control-allow-origin: *',
        `content-length: ${Buffer.byteLength(body)}`,
        '',
        body,
      ].join('\r\n'),
    ),
  )
  const { status, headers, text } = await send()
  expect([status, text]).toEqual([200, body])
  const own = ['date', 'connection', 'keep-alive', 'transfer-encoding']
  expect(Object.fromEntries(Object.entries(headers).filter(([name]) => !own.includes(name)))).toEqual({
    'content-type': 'text/event-stream',
    'anthropic-ratelimit-requests-remaining': '7',
  })
})

it('gives nobody the second answer to one question', async () => {
  const forged = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 6\r\n\r\nforged`
  upstream.does(saying(Buffer.concat([Buffer.from(CHUNKED), chunked(whole()), Buffer.from(END + forged)])))
  expect((await send()).text).toBe(whole())
  await expectServedAsEver()
})

it('takes an answer that comes before the question has been read', async () => {
  const { token } = await seedRun({ dialect: DIALECT, baseUrl: hasty.origin, key: KEY })
  const words = JSON.stringify({ type: 'error', error: { type: 'request_too_large', message: 'Too much' } })
  hasty.does(
    saying(`HTTP/1.1 413 No\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${words.length}\r\n\r\n${words}`),
  )
  // More than any buffer between us takes, so it is never all sent.
  const body = { ...question(DIALECT), padding: 'x'.repeat(8 * 1024 * 1024) }
  const before = hasty.seen()
  for (const _ of [1, 2]) {
    const answer = await send({ token, body })
    expect([answer.status, answer.text]).toEqual([413, words])
  }
  // A connection on which half a question lies takes no other.
  expect(hasty.seen()).toBe(before + 2)
})

it('ends a stream that never ends when its reader leaves', async () => {
  upstream.does(async (socket) => {
    await writeEach(socket, [CHUNKED, chunked(start())])
    while (!socket.destroyed) await writeEach(socket, [chunked(`data: ${'x'.repeat(1_000)}\n\n`)])
  })
  const before = upstream.open()
  await send({ onChunk: (chunk) => chunk.includes('xxx') })
  await vi.waitFor(() => expect(upstream.open()).toBeLessThanOrEqual(before))
  await vi.waitFor(async () => expect(await newestRecord()).toMatchObject({ outcome: 'aborted', source: 'partial', inputTokens: 10 }))
  await expectServedAsEver()
})

it('tells a stream cut at any byte from one that is whole', async () => {
  const bytes = Buffer.from(whole())
  for (let at = 1; at < bytes.length; at += 1) {
    upstream.does(saying(CHUNKED, chunked(bytes.subarray(0, at)), chunked(bytes.subarray(at)), END))
    const { body, isWhole } = await send()
    expect([isWhole, body.equals(bytes)]).toEqual([true, true])
  }
  const records = await newestRecords(bytes.length - 1)
  expect(new Set(records.map((record) => `${record.outcome} ${record.inputTokens} ${record.outputTokens}`))).toEqual(
    new Set(['completed 10 5']),
  )
})

it.each([
  ['only a private address', ['127.0.0.1']],
  ['a public and a private address', ['93.184.216.34', '127.0.0.1']],
  ['the metadata service', ['169.254.169.254']],
  ['loopback in IPv6 clothes', ['::ffff:127.0.0.1']],
])('dials nothing when a name points to %s by the time it is used', async (_name, addresses) => {
  const rebound = await seedRun({ dialect: DIALECT, baseUrl: upstream.origin, key: KEY })
  const port = new URL(upstream.origin).port
  await prisma().credential.update({ where: { id: rebound.credentialId }, data: { baseUrl: `https://rebound.example:${port}` } })
  const asked: string[] = []
  const careful = createProxyHandler({
    guard: { privateUpstreams: [], resolve: async (hostname) => (asked.push(hostname), addresses) },
  })
  const served = await serveOnLoopback(careful)
  const before = upstream.seen()
  for (const _ of [1, 2]) {
    const answer = await ask({ origin: served.origin, path: pathOf(DIALECT), token: rebound.token, body: question(DIALECT) })
    expect([answer.status, answer.text]).toEqual([502, expect.stringContaining('does not call (private-address)')])
  }
  // Asked anew for each connection: what was public a moment ago may not be now.
  expect(asked).toEqual(['rebound.example', 'rebound.example'])
  expect(upstream.seen()).toBe(before)
  await served.close()
  await careful.close()
})
