import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import type { ProxiedDialect } from '#core/links/proxy-routes.ts'
import {
  cut,
  error,
  garbage,
  gate,
  headers,
  redirect,
  slow,
  stop,
  stopShort,
  text,
  toolCall,
  usage,
  thought,
} from '#e2e/world/fake-provider-scene.ts'
import { startFakeProvider, type FakeProvider } from '#e2e/world/fake-provider.ts'
import { setEnabled } from '#server/connections/service.ts'
import { disconnect } from '#server/connections/undo-service.ts'
import { pool, prisma } from '#server/db/client.ts'
import { setPolicy } from '#server/models/rule-service.ts'
import { createProxyHandler, forgetRun, type ProxyHandler } from '#server/proxy/handler.ts'
import { recheckRuns } from '#server/proxy/kept-runs.ts'
import { ask, modelOf, pathOf, question, seedRun, serveOnLoopback, type SeededRun, type Served } from '#server/proxy/testing.ts'
import { drainUsage, readRecords, summarise } from '#server/usage/service.ts'

const KEY = 'sk-real-4f0c2d7b9a6e1358'
const dialects: readonly ProxiedDialect[] = ['anthropic-messages', 'openai-chat', 'openai-responses', 'gemini-generate']
const tokens = { inputTokens: 120, outputTokens: 34, cacheReadTokens: 56, cacheWriteTokens: 7, reasoningTokens: 8 }
/** As far as the dialect can say it: Google's does not tell what was written to a cache from other input. */
const told = (dialect: ProxiedDialect) => (dialect === 'gemini-generate' ? { ...tokens, inputTokens: 127, cacheWriteTokens: 0 } : tokens)

const modelsPath: Record<ProxiedDialect, string> = {
  'anthropic-messages': 'anthropic/v1/models',
  'openai-chat': 'openai/v1/models',
  'openai-responses': 'openai/v1/models',
  'gemini-generate': 'gemini/v1beta/models',
}

let provider: FakeProvider
let handler: ProxyHandler
let proxy: Served

beforeAll(async () => {
  provider = await startFakeProvider({ key: KEY })
  process.env['GATEHOUSE_PRIVATE_UPSTREAMS'] = provider.host
  handler = createProxyHandler()
  proxy = await serveOnLoopback(handler)
})
afterAll(async () => {
  await proxy.close()
  await handler.close()
  await provider.close()
})
afterEach(async () => {
  await drainUsage()
  provider.assertClean()
})

const seed = (dialect: ProxiedDialect, settings?: Record<string, string>) =>
  seedRun({ dialect, baseUrl: provider.baseUrl(dialect), key: KEY, ...(settings && { settings }) })
type Sending = Partial<Parameters<typeof ask>[0]> & { model?: string; isStream?: boolean }
const send = (run: SeededRun, dialect: ProxiedDialect, { model, isStream, ...more }: Sending = {}) => {
  const how = { ...(model !== undefined && { model }), ...(isStream !== undefined && { isStream }) }
  return ask({ origin: proxy.origin, path: pathOf(dialect, how), token: run.token, body: question(dialect, how), ...more })
}

async function recordsOf(run: SeededRun) {
  await drainUsage()
  return readRecords(run.scope, { chatId: run.chatId, limit: 10 })
}
async function factsOf(run: SeededRun) {
  await drainUsage()
  const { rows } = await pool().query('select type, payload from chat_event where "chatId" = $1 order by seq', [run.chatId])
  return rows as { type: string; payload: Record<string, unknown> }[]
}

describe.each(dialects)('%s', (dialect) => {
  it('streams what the provider says and records what it reports', async () => {
    const run = await seed(dialect)
    provider.play([thought('Hm.'), text('Hello, you. Grüße! 🎉'), usage(tokens)])
    const answer = await send(run, dialect)
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toContain('text/event-stream')
    expect(answer.text).toContain('Gr')
    const [record] = await recordsOf(run)
    expect(record).toMatchObject({
      ...told(dialect),
      outcome: 'completed',
      status: 200,
      source: 'provider',
      model: modelOf[dialect],
      provider: 'custom',
      turnId: run.turnId,
      chatId: run.chatId,
      userName: 'Ada',
    })
    expect(record!.costMicros).toBeGreaterThan(0)
    expect(record!.firstByteMs).not.toBeNull()
    const facts = await factsOf(run)
    expect(facts.map((fact) => fact.type)).toEqual(['usage.metered'])
    expect(facts[0]!.payload).toMatchObject({
      turnId: run.turnId,
      usageRecordId: record!.usageRecordId,
      inputTokens: told(dialect).inputTokens,
      costMicros: record!.costMicros,
    })
  })

  it('does the same for an answer in one piece', async () => {
    const run = await seed(dialect)
    provider.play([text('Hello.'), usage(tokens)])
    const answer = await send(run, dialect, { isStream: false })
    expect(answer.status).toBe(200)
    expect(answer.text).toContain(modelOf[dialect])
    expect(await recordsOf(run)).toMatchObject([{ ...told(dialect), outcome: 'completed', source: 'provider' }])
  })

  it('takes the token from the header when the path has none', async () => {
    const run = await seed(dialect)
    provider.play([text('Hello.')])
    const answer = await ask({
      origin: proxy.origin,
      path: `/ai/proxy/-/${pathOf(dialect)}`,
      body: question(dialect),
      headers: { 'x-gatehouse-wstoken': run.token },
    })
    expect(answer.status).toBe(200)
  })

  it('keeps what is known when the client leaves, and tells the provider', async () => {
    const run = await seed(dialect)
    provider.play([text('Before the door.'), gate(`left-${dialect}`), text('Behind it.'), usage(tokens)])
    await send(run, dialect, { onChunk: (chunk) => chunk.includes('door') || chunk.includes('the ') })
    expect(await provider.received.at(-1)!.ended).toBe('client-left')
    await vi.waitFor(async () => expect(await recordsOf(run)).toMatchObject([{ outcome: 'aborted' }]))
    const [record] = await recordsOf(run)
    // Whose stream tells what was read before it tells anything else.
    const tellsFirst = dialect === 'anthropic-messages' || dialect === 'gemini-generate'
    expect(record!.source).toBe(tellsFirst ? 'partial' : 'none')
    const { inputTokens, cacheReadTokens, cacheWriteTokens } = told(dialect)
    if (tellsFirst) expect(record).toMatchObject({ inputTokens, cacheReadTokens, cacheWriteTokens })
    else expect(record!.costMicros).toBeNull()
    expect((await factsOf(run)).map((fact) => fact.type)).toEqual(['usage.metered'])
  })

  it('ends the upstream also when the client leaves before the first byte', async () => {
    const run = await seed(dialect)
    const before = provider.received.length
    provider.play([gate(`never-${dialect}`)])
    const asking = new AbortController()
    const pending = new Promise<void>((resolve) => {
      const url = `${proxy.origin}/ai/proxy/${run.token}/${pathOf(dialect)}`
      fetch(url, {
        method: 'POST',
        body: JSON.stringify(question(dialect)),
        headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
        signal: asking.signal,
      }).catch(() => resolve())
    })
    await vi.waitFor(() => expect(provider.received.length).toBe(before + 1))
    asking.abort()
    await pending
    expect(await provider.received.at(-1)!.ended).toBe('client-left')
    await vi.waitFor(async () => expect(await recordsOf(run)).toMatchObject([{ outcome: 'aborted', status: null, source: 'none' }]))
  })

  it('says in the dialect that the stream broke off, and records the failure', async () => {
    const run = await seed(dialect)
    provider.play([text('Half of it'), cut()])
    const answer = await send(run, dialect)
    expect(answer.text).toContain('broke off')
    const last = answer.text.trim().split('\n').at(-1)!
    expect(JSON.parse(last.slice('data: '.length))).toMatchObject(
      dialect === 'openai-responses' ? { type: 'error' } : { error: { message: expect.stringContaining('broke off') } },
    )
    expect(await recordsOf(run)).toMatchObject([{ outcome: 'failed', status: 200 }])
    expect((await factsOf(run)).find((fact) => fact.type === 'model.failed')!.payload).toMatchObject({
      code: 'provider.failed',
      turnId: run.turnId,
    })
  })

  it('does not take an answer for whole that stops short', async () => {
    const run = await seed(dialect)
    provider.play([text('Half of it'), stopShort()])
    const answer = await send(run, dialect)
    expect(answer.text).toContain('broke off')
    expect(await recordsOf(run)).toMatchObject([{ outcome: 'failed' }])
  })

  it('turns a page of HTML into a failure that the harness understands', async () => {
    const run = await seed(dialect)
    provider.play([garbage()])
    const answer = await send(run, dialect)
    expect(answer.status).toBe(502)
    expect(JSON.parse(answer.text)).toMatchObject({ error: { message: expect.stringContaining(dialect) } })
    expect((await factsOf(run)).map(({ type, payload }) => [type, payload['code']])).toEqual([['model.failed', 'provider.garbled']])
  })

  it('notices garbage in the form of a stream', async () => {
    const run = await seed(dialect)
    provider.play([garbage('data: what is this?\n\nneither this\n', 'text/event-stream')])
    const answer = await send(run, dialect)
    expect(answer.text).toContain('data: what is this?')
    expect(await recordsOf(run)).toMatchObject([{ outcome: 'failed', source: 'none', costMicros: null }])
    expect((await factsOf(run)).map(({ payload }) => payload['code'])).toEqual(['provider.garbled'])
  })

  it('answers a refused key with 403, marks the credential, and asks the provider no more', async () => {
    const run = await seed(dialect)
    provider.play([error(401, { message: `Incorrect API key provided: ${KEY}` })])
    const answer = await send(run, dialect)
    expect([answer.status, answer.headers['x-should-retry']]).toEqual([403, 'false'])
    expect(answer.text).not.toContain(KEY)
    expect(answer.text).toContain('Replace it')
    await vi.waitFor(async () =>
      expect(await prisma().credential.findUniqueOrThrow({ where: { id: run.credentialId } })).toMatchObject({
        brokenCode: 'provider.refused-key',
        lastErrorCode: 'provider.refused-key',
      }),
    )
    const again = await send(run, dialect)
    expect(again.status).toBe(403)
    expect((await recordsOf(run)).map((record) => [record.outcome, record.status])).toEqual([
      ['refused', 403],
      ['failed', 401],
    ])
    const facts = await factsOf(run)
    expect(facts.map(({ type, payload }) => [type, payload['code']])).toEqual([
      ['model.failed', 'provider.refused-key'],
      ['model.failed', 'provider.refused-key'],
    ])
    expect(JSON.stringify(facts)).not.toContain(KEY)
  })

  it.each([
    [429, 'provider.out-of-quota'],
    [500, 'provider.failed'],
    [529, 'provider.failed'],
    [400, 'provider.rejected-request'],
    [404, 'provider.rejected-request'],
  ] as const)('passes a %i on without the key, and records %s', async (status, code) => {
    const run = await seed(dialect)
    provider.play([error(status, { message: `No: ${KEY}`, headers: { 'retry-after': '7', 'set-cookie': 'a=b', 'x-leak': KEY } })])
    const answer = await send(run, dialect)
    expect(answer.status).toBe(status)
    expect(JSON.parse(answer.text)).toMatchObject({ error: { message: 'No: …' } })
    expect(answer.headers['retry-after']).toBe('7')
    expect(JSON.stringify(answer.headers)).not.toContain(KEY)
    expect(answer.headers['set-cookie']).toBeUndefined()
    expect(await recordsOf(run)).toMatchObject([{ outcome: 'failed', status, source: 'none' }])
    expect((await factsOf(run)).map(({ type, payload }) => [type, payload['code'], payload['detail']])).toEqual([
      ['model.failed', code, 'No: …'],
    ])
    // What the request alone was to blame for says nothing of the credential, which works on in any case.
    const noted = { brokenCode: null, lastErrorCode: code === 'provider.rejected-request' ? null : code }
    await vi.waitFor(async () =>
      expect(await prisma().credential.findUniqueOrThrow({ where: { id: run.credentialId } })).toMatchObject(noted),
    )
  })

  it('does not follow a redirect', async () => {
    const run = await seed(dialect)
    provider.play([redirect(`${provider.origin}/elsewhere`)])
    const before = provider.received.length
    const answer = await send(run, dialect)
    expect(answer.status).toBe(502)
    expect(provider.received.length).toBe(before + 1)
    expect(answer.text).toContain('redirect')
  })

  it('lets only models of the catalog through', async () => {
    const run = await seed(dialect)
    const before = provider.received.length
    const answer = await send(run, dialect, { model: 'no-such-model' })
    expect([answer.status, answer.headers['x-should-retry']]).toEqual([403, 'false'])
    expect(JSON.parse(answer.text)).toMatchObject({ error: { message: expect.stringContaining('no-such-model') } })
    expect(provider.received.length).toBe(before)
    expect(await recordsOf(run)).toMatchObject([{ outcome: 'refused', model: 'no-such-model', source: 'none' }])
    expect((await factsOf(run)).map(({ type, payload }) => [type, payload['code']])).toEqual([['model.failed', 'model.unknown']])
  })

  it('allows the models that a custom provider was connected with, at an unknown price', async () => {
    const run = await seed(dialect, { models: 'local-one, local-two' })
    provider.play([text('Hello.'), usage(tokens)])
    expect((await send(run, dialect, { model: 'local-two' })).status).toBe(200)
    expect(await recordsOf(run)).toMatchObject([{ outcome: 'completed', costMicros: null, source: 'provider' }])
    expect((await send(run, dialect, { model: 'local-three' })).status).toBe(403)
  })

  it('answers the list of models from the catalog', async () => {
    const run = await seed(dialect)
    const path = modelsPath[dialect]
    const answer = await ask({ origin: proxy.origin, path, method: 'GET', token: run.token })
    const { data, models } = JSON.parse(answer.text) as { data?: { id: string }[]; models?: { name: string }[] }
    const ids = data?.map(({ id }) => id) ?? models?.map(({ name }) => name.replace('models/', ''))
    expect(ids).toContain(modelOf[dialect])
    expect(ids).not.toContain('text-embedding-3-small')
  })

  it('never lets the key or a cookie of the provider out', async () => {
    const run = await seed(dialect)
    provider.play([
      headers({ 'x-request-id': KEY, 'set-cookie': 'session=1', server: 'secret/1.0', 'x-ratelimit-remaining-tokens': '9' }),
      text('Hello.'),
    ])
    const answer = await send(run, dialect)
    expect(JSON.stringify(answer.headers) + answer.text).not.toContain(KEY)
    expect(answer.headers['set-cookie']).toBeUndefined()
    expect(answer.headers['server']).toBeUndefined()
    expect(answer.headers['x-ratelimit-remaining-tokens']).toBe('9')
  })

  it('counts an answer that was cut by its token limit as complete', async () => {
    const run = await seed(dialect)
    provider.play([text('As far as it goes'), stop('max-tokens'), usage(tokens)])
    await send(run, dialect)
    expect(await recordsOf(run)).toMatchObject([{ ...told(dialect), outcome: 'completed', source: 'provider' }])
  })

  it('refuses a connection of another dialect', async () => {
    const other = dialects.find((each) => each !== dialect)!
    const run = await seed(other)
    const answer = await send(run, dialect)
    expect(answer.status).toBe(403)
    expect(answer.text).toContain(other)
  })

  it('cuts what is under way when the run ends', async () => {
    const run = await seed(dialect)
    provider.play([text('Before the door.'), gate(`ended-${dialect}`)])
    const answer = await send(run, dialect, {
      onChunk: (chunk) => {
        if (chunk.includes('door')) forgetRun(run.runId)
      },
    })
    expect(answer.text).toContain('has ended')
    expect(await provider.received.at(-1)!.ended).toBe('client-left')
    expect(await recordsOf(run)).toMatchObject([{ outcome: 'aborted' }])
  })
})

describe('a chat stream whose client did not ask for usage', () => {
  const run = () => seed('openai-chat')

  it('is asked for it upstream, and hides it downstream', async () => {
    const seeded = await run()
    provider.play([text('Hello.'), usage(tokens)])
    const body = JSON.stringify(question('openai-chat'))
    const answer = await send(seeded, 'openai-chat', { body })
    expect(provider.received.at(-1)!.body.toString()).toBe(`{"stream_options":{"include_usage":true},${body.slice(1)}`)
    expect(answer.text).not.toContain('"choices":[]')
    expect(answer.text).not.toContain('prompt_tokens')
    expect(answer.text.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(await recordsOf(seeded)).toMatchObject([tokens])
  })

  it('sees it when it did ask', async () => {
    const seeded = await run()
    provider.play([text('Hello.'), usage(tokens)])
    const body = JSON.stringify({ ...question('openai-chat'), stream_options: { include_usage: true } })
    const answer = await send(seeded, 'openai-chat', { body })
    expect(provider.received.at(-1)!.body.toString()).toBe(body)
    expect(answer.text).toContain('"prompt_tokens":183')
  })

  it('is taken at its word when it asked for none', async () => {
    const seeded = await run()
    provider.play([text('Hello.'), usage(tokens)])
    const body = JSON.stringify({ ...question('openai-chat'), stream_options: { include_usage: false } })
    await send(seeded, 'openai-chat', { body })
    expect(provider.received.at(-1)!.body.toString()).toBe(body)
    expect(await recordsOf(seeded)).toMatchObject([{ outcome: 'completed', source: 'none', costMicros: null }])
  })
})

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

it('times the first byte and the whole', async () => {
  const run = await seed('anthropic-messages')
  provider.play([slow(60), text('At last.'), slow(60)])
  await send(run, 'anthropic-messages')
  const [record] = await recordsOf(run)
  expect(record!.firstByteMs).toBeGreaterThanOrEqual(55)
  expect(record!.durationMs).toBeGreaterThanOrEqual(record!.firstByteMs! + 55)
})

describe('a database that does not take the record', () => {
  /** Whoever writes a record waits until this is released. */
  let release = async (): Promise<void> => {}
  // Also after a test that failed: the next one must find its records writable.
  afterEach(() => release())

  async function blockRecords(): Promise<void> {
    const client = await pool().connect()
    await client.query('begin; lock table usage_record in exclusive mode')
    release = async () => {
      release = async () => {}
      await client.query('rollback')
      client.release()
    }
  }

  it.each(dialects)('holds back every byte of an answer until it has: %s', async (dialect) => {
    const run = await seed(dialect)
    provider.play([text('Here already.'), usage(tokens)])
    const before = provider.received.length
    await blockRecords()
    let hasAnswered = false
    const answering = send(run, dialect).then((answer) => ((hasAnswered = true), answer))
    await vi.waitFor(() => expect(provider.received.length).toBe(before + 1), { timeout: 20_000 })
    expect(await provider.received.at(-1)!.ended).toBe('answered')
    expect(hasAnswered).toBe(false)
    await release()
    const answer = await answering
    expect([answer.status, answer.isWhole]).toEqual([200, true])
    expect(answer.text).toContain('already')
    expect(await recordsOf(run)).toMatchObject([{ ...told(dialect), outcome: 'completed' }])
  })

  it.each([
    ['an error', [error(500)], 500],
    ['a refused model', [], 403],
  ] as const)('holds back %s too', async (_what, scene, status) => {
    const run = await seed('openai-chat')
    if (scene.length > 0) provider.play(scene)
    await blockRecords()
    const asked = scene.length > 0 ? {} : { body: question('openai-chat', { model: 'no-such-model' }) }
    let hasAnswered = false
    const answering = send(run, 'openai-chat', asked).then((answer) => ((hasAnswered = true), answer))
    // Nothing comes while the record waits, however often the event loop turns.
    await vi.waitFor(
      async () =>
        expect(
          (await pool().query(`select from pg_stat_activity where wait_event_type = 'Lock' and query like '%insert into usage_record%'`))
            .rowCount,
        ).toBe(1),
      { timeout: 20_000 },
    )
    expect(hasAnswered).toBe(false)
    await release()
    expect((await answering).status).toBe(status)
  })

  it('fails the request when that takes too long, and tells the provider', async () => {
    const dialect = 'anthropic-messages'
    const run = await seed(dialect)
    provider.play([text('Nobody hears this.'), gate('unrecorded')])
    await blockRecords()
    const answer = await send(run, dialect)
    expect([answer.status, answer.headers['x-should-retry']]).toEqual([503, undefined])
    expect(answer.text).not.toContain('hears')
    expect(JSON.parse(answer.text)).toMatchObject({ type: 'error', error: { type: 'api_error' } })
    expect(await provider.received.at(-1)!.ended).toBe('client-left')
    await release()
    expect(await recordsOf(run)).toMatchObject([{ outcome: 'failed' }])
    expect((await factsOf(run)).map(({ type, payload }) => [type, payload['code']])).toContainEqual(['model.failed', 'usage.unrecorded'])
  })
})

it('forwards count_tokens, and bills nothing for it', async () => {
  const run = await seed('anthropic-messages')
  const { max_tokens: _, stream: __, ...counted } = question('anthropic-messages')
  const answer = await ask({ origin: proxy.origin, path: 'anthropic/v1/messages/count_tokens?beta=true', token: run.token, body: counted })
  expect(JSON.parse(answer.text)).toHaveProperty('input_tokens')
  expect(provider.received.at(-1)!.url).toBe('/anthropic/v1/messages/count_tokens?beta=true')
  expect(await recordsOf(run)).toEqual([])
})

it('forwards countTokens of Gemini, too', async () => {
  const run = await seed('gemini-generate')
  const path = `gemini/v1beta/models/${modelOf['gemini-generate']}:countTokens`
  const answer = await ask({ origin: proxy.origin, path, token: run.token, body: question('gemini-generate') })
  expect(JSON.parse(answer.text)).toHaveProperty('totalTokens')
  expect(await recordsOf(run)).toEqual([])
})

describe('a Gemini request', () => {
  const dialect = 'gemini-generate'
  const model = modelOf[dialect]
  const at = (more: string, verb = 'generateContent') => `gemini/v1beta/models/${more}:${verb}`

  it('goes to the model of its path, in the one spelling that there is, and its key stays behind', async () => {
    const run = await seed(dialect)
    provider.play([text('Hello.'), usage(tokens)])
    const path = `gemini/v1beta/models/gemini%2D4%2dargon:streamGenerateContent?key=${SENTINEL_KEY}&alt=sse`
    const answer = await send(run, dialect, { path, body: { ...question(dialect), model: `models/${model}` } })
    expect(answer.status).toBe(200)
    expect(provider.received.at(-1)!.url).toBe(`/gemini/v1beta/models/${model}:streamGenerateContent?alt=sse`)
  })

  it.each([
    ['another model in the body', 400, at(model), { model: 'models/gemini-3.8-flash' }],
    ['no word for a model in the body', 400, at(model), { model: [model] }],
    ['the model in other letters', 400, at(model), { Model: model }],
    ['a request within the request', 400, at(model, 'countTokens'), { generateContentRequest: { model: 'models/gemini-3.8-flash' } }],
    ['the same in Python’s spelling', 400, at(model, 'countTokens'), { generate_content_request: { model: 'models/x' } }],
    ['another form of answer', 400, `${at(model)}?alt=media`, {}],
    ['half an answer', 400, `${at(model)}?fields=candidates`, {}],
    ['two forms at once', 400, `${at(model, 'streamGenerateContent')}?alt=sse&alt=json`, {}],
    ['a key in the query', 403, `${at(model)}?key=AIzaSomebodysKey`, {}],
    ['a token in the query', 403, `${at(model)}?access_token=ya29.somebodys`, {}],
    ['a way out of the path', 404, at('..%2f..%2fv1beta%2ffiles'), {}],
    ['a model twice encoded', 404, at('%252e%252e'), {}],
    ['what the table does not have', 404, at(model, 'batchEmbedContents'), {}],
    ['a model that is not allowed', 403, at('gemini-99'), {}],
    ['a retired model', 403, at('gemini-2.0-flash'), {}],
  ])('is refused with %s: %i', async (name, status, path, more) => {
    const run = await seed(dialect)
    const before = provider.received.length
    const answer = await ask({ origin: proxy.origin, path, token: run.token, body: { ...question(dialect), ...more } })
    const words = { 400: 'INVALID_ARGUMENT', 403: 'PERMISSION_DENIED', 404: 'NOT_FOUND' }[status]
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: status, status: words, message: expect.any(String) } })
    expect([answer.status, answer.headers['x-should-retry']]).toEqual([status, 'false'])
    if (name === 'a retired model') expect(answer.text).toContain('Its successor is gemini-3.8-flash.')
    expect(provider.received.length).toBe(before)
  })

  it('is told of one model what it is told of all', async () => {
    const run = await seed(dialect)
    const get = async (path: string) => ask({ origin: proxy.origin, path, method: 'GET', token: run.token })
    const { models } = JSON.parse((await get('gemini/v1beta/models')).text) as { models: { name: string }[] }
    const one = await get(`gemini/v1beta/models/${model}`)
    expect(models).toContainEqual(JSON.parse(one.text))
    expect(JSON.parse(one.text)).toMatchObject({ name: `models/${model}`, inputTokenLimit: 1_048_576 })
    expect((await get('gemini/v1beta/models/gemini-99')).status).toBe(404)
  })

  it('learns of a refused key as Google says it', async () => {
    const run = await seed(dialect)
    const words = { code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT', details: [{ reason: 'API_KEY_INVALID' }] }
    provider.play([error(400, { body: JSON.stringify({ error: words }) })])
    const answer = await send(run, dialect)
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([403, { error: { status: 'PERMISSION_DENIED' } }])
    await vi.waitFor(async () =>
      expect(await prisma().credential.findUniqueOrThrow({ where: { id: run.credentialId } })).toMatchObject({
        brokenCode: 'provider.refused-key',
      }),
    )
  })

  it('may ask for its stream as one array', async () => {
    const run = await seed(dialect)
    const chunk = (part: string, finishReason?: string) => ({
      candidates: [{ content: { parts: [{ text: part }] }, ...(finishReason && { finishReason }) }],
      usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 2 },
    })
    const array = JSON.stringify([chunk('[{"usageMetadata":{"promptTokenCount":1}}]'), chunk('b', 'STOP')], null, 1)
    provider.play([garbage(array, 'application/json')])
    const answer = await send(run, dialect, { path: `${at(model, 'streamGenerateContent')}?alt=sse` })
    expect(answer.text).toBe(array)
    expect(await recordsOf(run)).toMatchObject([{ outcome: 'completed', source: 'provider', inputTokens: 9, outputTokens: 2 }])
  })
})

describe('embeddings', () => {
  const body = { model: 'text-embedding-3-small', input: ['one', 'two'] }
  const path = 'openai/v1/embeddings'

  it.each(['openai-chat', 'openai-responses'] as const)('are metered by what they read, for a run of %s', async (dialect) => {
    const run = await seed(dialect)
    const answer = await ask({ origin: proxy.origin, path, token: run.token, body })
    expect(JSON.parse(answer.text)).toMatchObject({ object: 'list', data: [{ index: 0 }, { index: 1 }] })
    const { prompt_tokens } = (JSON.parse(answer.text) as { usage: { prompt_tokens: number } }).usage
    expect(provider.received.at(-1)!.url).toBe('/openai/v1/embeddings')
    expect(provider.received.at(-1)!.body.toString()).toBe(JSON.stringify(body))
    expect(await recordsOf(run)).toMatchObject([
      {
        model: body.model,
        outcome: 'completed',
        source: 'provider',
        inputTokens: prompt_tokens,
        outputTokens: 0,
        costMicros: Math.round(prompt_tokens * 0.02),
      },
    ])
  })

  it('are made by models for that alone, and where a dialect has them', async () => {
    const run = await seed('openai-chat')
    const other = await seed('anthropic-messages')
    const before = provider.received.length
    const refused = await ask({ origin: proxy.origin, path, token: run.token, body: { ...body, model: 'gpt-6.1-sol' } })
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([403, { error: { code: 'model.not-allowed' } }])
    const asChat = await send(run, 'openai-chat', { model: body.model })
    expect([asChat.status, JSON.parse(asChat.text)]).toMatchObject([403, { error: { code: 'model.not-allowed' } }])
    expect((await ask({ origin: proxy.origin, path, token: other.token, body })).status).toBe(403)
    expect(provider.received.length).toBe(before)
  })
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

it('knows no price for what is served faster or slower than the list says', async () => {
  const run = await seed('openai-responses')
  const asked = (tier: string) => ({ body: { ...question('openai-responses'), service_tier: tier } })
  for (const tier of ['default', 'priority']) {
    provider.play([text('Hello.'), usage(tokens)])
    expect((await send(run, 'openai-responses', asked(tier))).status).toBe(200)
  }
  const [dear, usual] = await recordsOf(run)
  expect([usual!.costMicros, dear!.costMicros]).toEqual([expect.any(Number), null])
  await setPolicy(run.scope, { unpriced: 'refuse' })
  const refused = await send(run, 'openai-responses', asked('priority'))
  expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('model.unpriced')])
})

it('names the successor of a retired model, and says not to ask again', async () => {
  const run = await seed('openai-responses')
  const answer = await send(run, 'openai-responses', { model: 'o1-mini' })
  expect([answer.status, answer.headers['x-should-retry']]).toEqual([403, 'false'])
  expect(answer.text).toContain('Its successor is gpt-6.1-terra.')
})

it('answers a probe without asking the provider', async () => {
  const run = await seed('anthropic-messages')
  const before = provider.received.length
  expect((await ask({ origin: proxy.origin, path: 'anthropic/api/hello', method: 'HEAD', token: run.token })).status).toBe(200)
  expect(provider.received.length).toBe(before)
})

it('passes a tool call on and sums what was used', async () => {
  const run = await seed('anthropic-messages')
  provider.play([toolCall('Write', { file_path: '/a', content: 'b' }), usage(tokens)], [text('Done.'), usage(tokens)])
  const asked = { ...question('anthropic-messages'), tools: [{ name: 'Write', input_schema: { type: 'object' } }] }
  const answer = await send(run, 'anthropic-messages', { body: asked })
  expect(answer.text).toContain('input_json_delta')
  await send(run, 'anthropic-messages')
  await drainUsage()
  const summary = await summarise(run.scope, { days: 1 })
  expect(summary.totals).toMatchObject({ requests: 2, inputTokens: 240, outputTokens: 68, unpricedRequests: 0 })
  expect(summary.byModel).toMatchObject([{ model: 'claude-opus-5-5', provider: 'custom', requests: 2 }])
  expect(summary.byMember).toMatchObject([{ userId: run.scope.userId, name: 'Ada', requests: 2 }])
  expect(summary.byProject).toMatchObject([{ name: 'Project', requests: 2 }])
  expect(summary.byDay).toHaveLength(1)
})
