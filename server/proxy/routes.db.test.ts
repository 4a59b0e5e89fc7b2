/** The routes beside plain questions: counts, a model in the path, embeddings, probes, tool calls; and tariffs. */
import { describe, expect, it, vi } from 'vitest'
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import { error, garbage, text, toolCall, usage } from '#e2e/world/fake-provider-scene.ts'
import { prisma } from '#server/db/client.ts'
import { setPolicy } from '#server/models/rule-service.ts'
import { provider, proxy, recordsOf, seed, send, tokens, talkThroughProxy } from '#server/proxy/testing-talk.ts'
import { ask, modelOf, question } from '#server/proxy/testing.ts'
import { drainUsage, summarise } from '#server/usage/service.ts'

talkThroughProxy()

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
