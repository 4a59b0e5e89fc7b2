/** What passes between an agent and a provider in each dialect, and what is written down of it. */
import { describe, expect, it, vi } from 'vitest'
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
  usage,
  thought,
} from '#e2e/world/fake-provider-scene.ts'
import { prisma } from '#server/db/client.ts'
import { forgetRun } from '#server/proxy/handler.ts'
import {
  dialects,
  factsOf,
  KEY,
  provider,
  proxy,
  recordsOf,
  seed,
  send,
  told,
  tokens,
  talkThroughProxy,
} from '#server/proxy/testing-talk.ts'
import { ask, modelOf, pathOf, question } from '#server/proxy/testing.ts'

talkThroughProxy()

const modelsPath: Record<ProxiedDialect, string> = {
  'anthropic-messages': 'anthropic/v1/models',
  'openai-chat': 'openai/v1/models',
  'openai-responses': 'openai/v1/models',
  'gemini-generate': 'gemini/v1beta/models',
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

it('times the first byte and the whole', async () => {
  const run = await seed('anthropic-messages')
  provider.play([slow(60), text('At last.'), slow(60)])
  await send(run, 'anthropic-messages')
  const [record] = await recordsOf(run)
  expect(record!.firstByteMs).toBeGreaterThanOrEqual(55)
  expect(record!.durationMs).toBeGreaterThanOrEqual(record!.firstByteMs! + 55)
})
