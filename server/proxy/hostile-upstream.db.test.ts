/**
 * Upstreams that speak HTTP, events or JSON badly, by mistake or on purpose. For each: what the
 * client gets, what is recorded, that the exchange ends, and that the next one is served as ever.
 */
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { prisma } from '#server/db/client.ts'
import { createProxyHandler } from '#server/proxy/handler.ts'
import { chunked, writeEach, type Misbehaviour } from '#server/proxy/testing-sockets.ts'
import { openStage, openStreamOf, streamOf, type Stage } from '#server/proxy/testing-stage.ts'
import { ask, pathOf, question, serveOnLoopback } from '#server/proxy/testing.ts'

const DIALECT = 'anthropic-messages'

let stage: Stage
beforeAll(async () => {
  stage = await openStage({ dialect: DIALECT, limits: { upstreamHeadMs: 1_000, upstreamIdleMs: 500 } })
})
afterAll(() => stage.close())

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
const JSON_OK = JSON.stringify({ type: 'message', usage: { input_tokens: 10, output_tokens: 5 } })
const jsonHead = (length: number) => `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`

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

const newestRecord = async () => (await stage.newestRecords(1))[0]!

/** Whatever went before: the next exchange is as ever, on a connection that carries nothing of it. */
async function expectServedAsEver(): Promise<void> {
  stage.upstream.does(saying(...streamOf(whole())))
  const answer = await stage.send()
  expect([answer.status, answer.text, answer.isWhole]).toEqual([200, whole(), true])
  expect(await newestRecord()).toMatchObject({ outcome: 'completed', source: 'provider', ...counted })
}

type Expected = { status: number; text: string | RegExp; isWhole?: boolean; record: Record<string, unknown> }
const cases: Record<string, [Misbehaviour, Expected]> = {}

const it502 = (code: string, says: string): Expected => ({
  status: 502,
  text: new RegExp(`^{"type":"error","error":{"type":"api_error","message":"[^"]*${says}[^"]*"}}$`),
  record: { outcome: 'failed', failureCode: code, source: 'none', costMicros: null },
})
const unreachable = it502('provider.unreachable', 'cannot be reached')
const passes = (text: string, record: Record<string, unknown> = { outcome: 'completed', source: 'provider', ...counted }): Expected => ({
  status: 200,
  text,
  record,
})
const breaksOff = (text: string): Expected => ({
  status: 200,
  text: new RegExp(`^${text.replaceAll(/[{}[\]().*+?^$|\\]/g, '\\$&')}\n\nevent: error\ndata: {"type":"error".*broke off.*}\n\n$`),
  record: { outcome: 'failed', failureCode: 'provider.failed', source: 'partial', inputTokens: 10 },
})

// --- HTTP --------------------------------------------------------------------------------------------------

for (const status of [301, 302, 303, 307, 308])
  cases[`a redirect, ${status}`] = [
    // To a server that we may call, so that nothing but our not following keeps the key from it.
    (socket) =>
      socket.write(
        `HTTP/1.1 ${status} Moved\r\nlocation: ${stage.elsewhere.origin}/v1/messages\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n`,
      ),
    it502('provider.failed', 'redirect'),
  ]
Object.assign(cases, {
  'early hints': [saying('HTTP/1.1 103 Early Hints\r\nlink: <https://evil.example>\r\n\r\n', ...streamOf(whole())), passes(whole())],
  'a go-on that nobody asked for': [saying(`HTTP/1.1 100 Continue\r\n\r\n`), unreachable],
  'another protocol': [saying('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'), unreachable],
  trailers: [
    (socket) => writeEach(socket, [...openStreamOf(whole()), `0\r\nx-request-id: ${stage.key}\r\nset-cookie: a=b\r\n\r\n`]),
    passes(whole()),
  ],
  'a close in the middle of a stream': [sayingThenClosing(...openStreamOf(start())), breaksOff(start())],
  'a close in the middle of a chunk': [sayingThenClosing(...openStreamOf(start()), '400\r\ndata: {"ty'), breaksOff(`${start()}data: {"ty`)],
  'a reset in the middle of a stream': [
    async (socket) => {
      await writeEach(socket, openStreamOf(start()))
      // Until the proxy has read it: a reset discards what waits.
      setTimeout(() => socket.resetAndDestroy(), 50)
    },
    breaksOff(start()),
  ],
  'a close before the head': [(socket) => socket.end(), unreachable],
  'a reset before the head': [(socket) => socket.resetAndDestroy(), unreachable],
  'a close within the head': [sayingThenClosing('HTTP/1.1 200 OK\r\ncontent-ty'), unreachable],
  'no HTTP at all': [(socket) => socket.end(`SSH-2.0-OpenSSH_9.9 ${stage.key}\r\n`), unreachable],
  'no head in time': [() => {}, it502('provider.unreachable', 'UND_ERR_HEADERS_TIMEOUT')],
  'a head of 64 KiB': [saying(`${SSE}x-much: ${'x'.repeat(64 * 1024)}\r\n\r\n`), it502('provider.unreachable', 'UND_ERR_HEADERS_OVERFLOW')],
  'ten thousand headers': [saying(`${SSE}${'a: b\r\n'.repeat(10_000)}\r\n`), it502('provider.unreachable', 'UND_ERR_HEADERS_OVERFLOW')],
  'silence in the middle': [saying(...openStreamOf(start())), breaksOff(start())],
  'a length and chunks at once': [
    saying(`${SSE}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n`, chunked(whole()), '0\r\n\r\n'),
    unreachable,
  ],
  'two lengths': [
    saying(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5\r\ncontent-length: ${JSON_OK.length}\r\n\r\n${JSON_OK}`),
    unreachable,
  ],
  'a length too long': [
    sayingThenClosing(jsonHead(JSON_OK.length + 9), JSON_OK),
    { status: 200, text: JSON_OK, isWhole: false, record: { outcome: 'failed', failureCode: 'provider.failed' } },
  ],
  'a length too short': [
    sayingThenClosing(jsonHead(JSON_OK.length - 9), JSON_OK),
    { status: 200, text: JSON_OK.slice(0, -9), record: { outcome: 'failed', failureCode: 'provider.garbled', source: 'none' } },
  ],
  'a chunk size that is none': [saying(...openStreamOf(start()), 'zz\r\nxx\r\n'), breaksOff(start())],
  'no content at all': [
    saying('HTTP/1.1 204 No Content\r\n\r\n'),
    { status: 204, text: '', record: { outcome: 'failed', source: 'none' } },
  ],
  'an empty stream': [
    saying(...streamOf(Buffer.alloc(0))),
    { status: 200, text: /^\n\nevent: error\n/, record: { outcome: 'failed', source: 'none' } },
  ],
  'a status of its own': [
    saying(`HTTP/1.1 799 Odd\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`),
    { status: 799, text: '{}', record: { outcome: 'failed', failureCode: 'provider.failed' } },
  ],
  'a head byte by byte': [saying(...String(openStreamOf()[0]).split(''), chunked(whole()), '0\r\n\r\n'), passes(whole())],
  'a body byte by byte': [saying(...streamOf(...Array.from(Buffer.from(whole()), (byte) => Buffer.from([byte])))), passes(whole())],
} satisfies typeof cases)

/** Words that no column takes, said as an error and within a stream. */
const unwritable = String.raw`{"type":"error","error":{"type":"api_error","message":"a\u0000b\ud800c"}}`
Object.assign(cases, {
  'an error in words that cannot be written down': [
    saying(`HTTP/1.1 500 No\r\ncontent-type: application/json\r\ncontent-length: ${unwritable.length}\r\n\r\n${unwritable}`),
    { status: 500, text: unwritable, record: { outcome: 'failed', failureCode: 'provider.failed' } },
  ],
  'the same within a stream': [
    saying(...streamOf(start(), `data: ${unwritable}\n\n`)),
    {
      status: 200,
      text: `${start()}data: ${unwritable}\n\n`,
      record: { outcome: 'failed', failureCode: 'provider.failed', inputTokens: 10 },
    },
  ],
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
    { status: 500, text: /answered 500/, record: { outcome: 'failed' } },
  ]
}

// --- events ------------------------------------------------------------------------------------------------

const odd: Record<string, [stream: string, counts?: Record<string, unknown>]> = {
  'CR LF': [whole('\r\n')],
  'CR alone': [whole('\r')],
  'a byte order mark': [`\ufeff${whole().replace('event: message_start\n', '')}`],
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
  cases[`a stream with ${name}`] = [
    saying(...streamOf(stream)),
    passes(stream, { outcome: 'completed', source: 'provider', ...counted, ...counts }),
  ]

describe.each(Object.entries(cases))('%s', (_name, [does, expected]) => {
  it('ends, is recorded, and leaves nothing behind', async () => {
    stage.upstream.does(does)
    const { status, headers, text, isWhole } = await stage.send()
    expect([status, isWhole]).toEqual([expected.status, expected.isWhole ?? true])
    if (typeof expected.text === 'string') expect(text).toBe(expected.text)
    else expect(text).toMatch(expected.text)
    expect(JSON.stringify(headers) + text).not.toContain(stage.key)
    for (const header of ['set-cookie', 'location', 'link', 'trailer']) expect(headers[header]).toBeUndefined()
    expect(await newestRecord()).toMatchObject(expected.record)
    await expectServedAsEver()
    expect(stage.elsewhere.seen()).toBe(0)
    stage.assertNothingLogged()
  })
})

// --- single stories ----------------------------------------------------------------------------------------

it('passes headers by name, once each, and none that holds the key in any spelling', async () => {
  const body = whole()
  stage.upstream.does(
    saying(
      [
        'HTTP/1.1 200 OK',
        'content-type: text/event-stream',
        'content-type: text/html',
        'x-request-id: 漢字',
        `request-id: ${Buffer.from(stage.key).toString('base64')}`,
        `openai-model: ${stage.key}`,
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
  const { status, headers, text } = await stage.send()
  expect([status, text]).toEqual([200, body])
  const own = ['date', 'connection', 'keep-alive', 'transfer-encoding']
  expect(Object.fromEntries(Object.entries(headers).filter(([name]) => !own.includes(name)))).toEqual({
    'content-type': 'text/event-stream',
    'anthropic-ratelimit-requests-remaining': '7',
  })
})

it('gives nobody the second answer to one question', async () => {
  const forged = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 6\r\n\r\nforged`
  stage.upstream.does(saying(Buffer.concat([...streamOf(whole()), forged].map((each) => Buffer.from(each)))))
  expect((await stage.send()).text).toBe(whole())
  await expectServedAsEver()
})

it('takes an answer that comes before the question has been read', async () => {
  const { token } = await stage.seed(DIALECT, stage.hasty.origin)
  const words = JSON.stringify({ type: 'error', error: { type: 'request_too_large', message: 'Too much' } })
  stage.hasty.does(
    saying(`HTTP/1.1 413 No\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${words.length}\r\n\r\n${words}`),
  )
  // More than any buffer between us takes, so it is never all sent.
  const body = { ...question(DIALECT), padding: 'x'.repeat(8 * 1024 * 1024) }
  const before = stage.hasty.seen()
  for (const _ of [1, 2]) {
    const answer = await stage.send({ token, body })
    expect([answer.status, answer.text]).toEqual([413, words])
  }
  // A connection on which half a question lies takes no other.
  expect(stage.hasty.seen()).toBe(before + 2)
})

it('ends a stream that never ends when its reader leaves', async () => {
  stage.upstream.does(async (socket) => {
    await writeEach(socket, openStreamOf(start()))
    while (!socket.destroyed) await writeEach(socket, [chunked(`data: ${'x'.repeat(1_000)}\n\n`)])
  })
  const before = stage.upstream.open()
  await stage.send({ onChunk: (chunk) => chunk.includes('xxx') })
  await vi.waitFor(() => expect(stage.upstream.open()).toBeLessThanOrEqual(before))
  await vi.waitFor(async () => expect(await newestRecord()).toMatchObject({ outcome: 'aborted', source: 'partial', inputTokens: 10 }))
  await expectServedAsEver()
})

it('tells a stream cut at any byte from one that is whole', async () => {
  const bytes = Buffer.from(whole())
  for (let at = 1; at < bytes.length; at += 1) {
    stage.upstream.does(saying(...streamOf(bytes.subarray(0, at), bytes.subarray(at))))
    const { body, isWhole } = await stage.send()
    expect([isWhole, body.equals(bytes)]).toEqual([true, true])
  }
  const records = await stage.newestRecords(bytes.length - 1)
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
  const rebound = await stage.seed(DIALECT)
  const port = new URL(stage.upstream.origin).port
  await prisma().credential.update({ where: { id: rebound.credentialId }, data: { baseUrl: `https://rebound.example:${port}` } })
  const asked: string[] = []
  const careful = createProxyHandler({
    guard: { privateUpstreams: [], resolve: async (hostname) => (asked.push(hostname), addresses) },
  })
  const served = await serveOnLoopback(careful)
  const before = stage.upstream.seen()
  for (const _ of [1, 2]) {
    const answer = await ask({ origin: served.origin, path: pathOf(DIALECT), token: rebound.token, body: question(DIALECT) })
    expect([answer.status, answer.text]).toEqual([502, expect.stringContaining('does not call (private-address)')])
  }
  // Asked anew for each connection: what was public a moment ago may not be now.
  expect(asked).toEqual(['rebound.example', 'rebound.example'])
  expect(stage.upstream.seen()).toBe(before)
  await served.close()
  await careful.close()
})
