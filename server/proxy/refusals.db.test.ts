/** What the proxy does not let through, and what it says then. */
import { beforeAll, describe, expect, it } from 'vitest'
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import { gate, text, usage } from '#e2e/world/fake-provider-scene.ts'
import { setEnabled } from '#server/connections/service.ts'
import { disconnect } from '#server/connections/undo-service.ts'
import { pool, prisma } from '#server/db/client.ts'
import { createProxyHandler } from '#server/proxy/handler.ts'
import { recheckRuns } from '#server/proxy/kept-runs.ts'
import { factsOf, provider, proxy, seed, send, tokens, talkThroughProxy } from '#server/proxy/testing-talk.ts'
import { ask, pathOf, question, serveOnLoopback, type SeededRun } from '#server/proxy/testing.ts'

talkThroughProxy()

describe('what the proxy refuses before it asks anybody', () => {
  let run: SeededRun
  let arrivals: number
  beforeAll(async () => {
    run = await seed('openai-chat')
    arrivals = provider.received.length
  })
  const body = question('openai-chat')
  const path = pathOf('openai-chat')
  const SENTINEL = `Bearer ${SENTINEL_KEY}`
  const manyHeaders = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-${index}`, '1']))
  const cases: [name: string, status: number, asking: Omit<Parameters<typeof ask>[0], 'origin'> & { useToken?: boolean }][] = [
    ['an unknown path', 404, { path: 'openai/v1/files', useToken: true, body }],
    ['an unknown segment', 404, { path: 'v1/chat/completions', useToken: true, body }],
    ['dots in the path', 404, { path: 'openai/v1/../v1/chat/completions', useToken: true, body }],
    ['an encoded path', 404, { path: 'openai/v1/chat%2fcompletions', useToken: true, body }],
    ['another method', 404, { path, method: 'PUT', useToken: true, body }],
    ['no token', 401, { path: `/ai/proxy/-/${path}`, body }],
    ['a token that is none', 401, { path, token: 'wst_short', body }],
    ['an unknown token', 401, { path, token: `wst_${'A'.repeat(43)}`, body }],
    ['a key of its own', 403, { path, useToken: true, body, headers: { authorization: 'Bearer sk-ant-oat01-somebodys-login' } }],
    ['a second key beside the sentinel', 403, { path, useToken: true, body, headers: { 'x-api-key': 'sk-another' } }],
    ['a cookie', 403, { path, useToken: true, body, headers: { cookie: 'a=b' } }],
    ['a web page', 403, { path, useToken: true, body, headers: { origin: 'https://example.org' } }],
    ['a strange query', 400, { path: `${path}?upstream=http://evil`, useToken: true, body }],
    ['a key in the query', 403, { path: `${path}?key=AIzaSomebodysKey`, useToken: true, body }],
    ['a key in the query in another spelling', 403, { path: `${path}?k%65y=AIzaSomebodysKey`, useToken: true, body }],
    [
      'a second login behind the sentinel',
      403,
      { path, useToken: true, body, headers: { authorization: [SENTINEL, 'Bearer sk-another'] } },
    ],
    ['a hundred headers', 431, { path, useToken: true, body, headers: manyHeaders }],
    ['work in the background', 400, { path, useToken: true, body: { ...body, background: true } }],
    ['a list of models to fall back to', 400, { path, useToken: true, body: { ...body, models: ['claude-opus-5-5'] } }],
    ['a compressed body', 415, { path, useToken: true, body, headers: { 'content-encoding': 'gzip' } }],
    ['a form', 415, { path, useToken: true, body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['an empty body', 400, { path, useToken: true, body: '' }],
    ['no JSON', 400, { path, useToken: true, body: '{' }],
    ['a list', 400, { path, useToken: true, body: '[]' }],
    [
      'a byte order mark',
      400,
      { path, useToken: true, body: Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify(body))]) },
    ],
    ['bad UTF-8', 400, { path, useToken: true, body: Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xff]), Buffer.from('"}')]) }],
    ['bytes behind the body', 400, { path, useToken: true, body: `${JSON.stringify(body)}{"model":"gpt-6.1-sol"}` }],
    ['two models', 400, { path, useToken: true, body: '{"model":"gpt-6.1-sol","messages":[],"model":"other"}' }],
    [
      'a second model in another spelling',
      400,
      { path, useToken: true, body: '{"model":"gpt-6.1-sol","messages":[],"mod\\u0065l":"other"}' },
    ],
    [
      'a wish for a stream in capitals',
      400,
      { path, useToken: true, body: { ...body, stream: false, STREAM_options: {}, Background: true } },
    ],
    ['a second model in capitals', 400, { path, useToken: true, body: '{"model":"gpt-6.1-sol","messages":[],"Model":"other"}' }],
    ['no model', 400, { path, useToken: true, body: '{"messages":[{"model":"gpt-6.1-sol"}]}' }],
    ['a model that is no word', 400, { path, useToken: true, body: '{"model":["gpt-6.1-sol"]}' }],
  ]
  it.each(cases)('%s: %i', async (_name, status, { useToken, ...asking }) => {
    const answer = await ask({ origin: proxy.origin, ...(useToken && { token: run.token }), ...asking })
    expect(answer.status).toBe(status)
    expect(JSON.parse(answer.text)).toHaveProperty('error.message')
    expect(answer.headers['x-should-retry']).toBe('false')
    expect(provider.received.length).toBe(arrivals)
  })

  it('answers unknown, ended and revoked tokens alike', async () => {
    const ended = await seed('openai-chat')
    await prisma().run.update({ where: { id: ended.runId }, data: { endedAt: new Date() } })
    const moved = await seed('openai-chat')
    await pool().query('update chat_head set epoch = 2 where "chatId" = $1', [moved.chatId])
    const lapsed = await seed('openai-chat')
    await pool().query(`update chat_head set "leaseUntil" = now() - interval '1 second' where "chatId" = $1`, [lapsed.chatId])
    const removed = await seed('openai-chat')
    await prisma().member.deleteMany({ where: { teamId: removed.scope.teamId } })
    const replaced = await seed('openai-chat')
    await prisma().credential.update({ where: { id: replaced.credentialId }, data: { version: 2 } })
    const disabled = await seed('openai-chat')
    await setEnabled(disabled.scope, { connectionId: disabled.connectionId, isEnabled: false })
    const disconnected = await seed('openai-chat')
    await disconnect(disconnected.scope, { connectionId: disconnected.connectionId })
    const unknown = await ask({ origin: proxy.origin, path, token: `wst_${'B'.repeat(43)}`, body })
    for (const each of [ended, moved, lapsed, removed, replaced, disabled, disconnected]) {
      const answer = await send(each, 'openai-chat')
      expect([answer.status, answer.text, answer.headers]).toEqual([
        401,
        unknown.text,
        { ...unknown.headers, date: answer.headers['date'] },
      ])
    }
  })

  it('cuts a stream whose member was removed', async () => {
    const removed = await seed('openai-chat')
    provider.play([text('Before the door.'), gate('removed')])
    const answer = await send(removed, 'openai-chat', {
      onChunk: (chunk) => {
        if (chunk.includes('door'))
          void prisma()
            .member.deleteMany({ where: { teamId: removed.scope.teamId } })
            .then(recheckRuns)
      },
    })
    expect(answer.text).toContain('has ended')
    arrivals = provider.received.length
  })

  it('refuses a body that is too large, said so or not', async () => {
    const small = createProxyHandler({ limits: { bodyBytes: 1_000 } })
    const served = await serveOnLoopback(small)
    const large = JSON.stringify({ ...body, padding: 'x'.repeat(2_000) })
    expect((await ask({ origin: served.origin, path, token: run.token, body: large })).status).toBe(413)
    await served.close()
    await small.close()
  })
})

it('calls no private address that the owner did not name', async () => {
  const run = await seed('openai-chat')
  const careful = createProxyHandler({ guard: { privateUpstreams: [] } })
  const served = await serveOnLoopback(careful)
  const answer = await ask({ origin: served.origin, path: pathOf('openai-chat'), token: run.token, body: question('openai-chat') })
  expect(answer.status).toBe(502)
  expect((await factsOf(run)).map(({ payload }) => payload['code'])).toEqual(['upstream.unsafe'])
  await served.close()
  await careful.close()
})

it.each([
  ['nobody listens', (gone: string) => gone],
  ['nobody knows its name', () => 'https://nobody.invalid'],
])('says that a provider cannot be reached: %s', async (_case, addressOf) => {
  const gone = await serveOnLoopback(() => {})
  await gone.close()
  const reaching = createProxyHandler({ guard: { privateUpstreams: [provider.host, gone.host] } })
  const served = await serveOnLoopback(reaching)
  const run = await seed('anthropic-messages')
  await prisma().credential.update({ where: { id: run.credentialId }, data: { baseUrl: addressOf(gone.origin) } })
  const answer = await ask({
    origin: served.origin,
    path: pathOf('anthropic-messages'),
    token: run.token,
    body: question('anthropic-messages'),
  })
  expect(answer.status).toBe(502)
  expect(JSON.parse(answer.text)).toMatchObject({
    type: 'error',
    error: { type: 'api_error', message: expect.stringContaining('cannot be reached') },
  })
  expect((await factsOf(run)).map(({ payload }) => payload['code'])).toEqual(['provider.unreachable'])
  await served.close()
  await reaching.close()
})

it('asks the database about no more strange tokens than an address may guess, and serves a run that is known all the same', async () => {
  const wary = createProxyHandler({ limits: { guesses: 2 } })
  const served = await serveOnLoopback(wary)
  const run = await seed('openai-chat')
  const guess = (letter: string) =>
    ask({ origin: served.origin, path: pathOf('openai-chat'), token: `wst_${letter.repeat(43)}`, body: question('openai-chat') })
  try {
    provider.play([text('Hello.'), usage(tokens)])
    expect((await send(run, 'openai-chat', { origin: served.origin })).status).toBe(200)
    const statuses = []
    for (const letter of ['B', 'C', 'D']) statuses.push((await guess(letter)).status)
    expect(statuses).toEqual([401, 401, 429])
    provider.play([text('Hello again.'), usage(tokens)])
    expect((await send(run, 'openai-chat', { origin: served.origin })).status).toBe(200)
  } finally {
    await served.close()
    await wary.close()
  }
})

it('names the successor of a retired model, and says not to ask again', async () => {
  const run = await seed('openai-responses')
  const answer = await send(run, 'openai-responses', { model: 'o1-mini' })
  expect([answer.status, answer.headers['x-should-retry']]).toEqual([403, 'false'])
  expect(answer.text).toContain('Its successor is gpt-6.1-terra.')
})
