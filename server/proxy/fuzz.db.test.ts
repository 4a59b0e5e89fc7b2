/** Anything at all, from a client: what reaches an upstream is what the table of routes, the list of headers and the checked model say. */
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { rawClient, requestHead, writeEach, type Misbehaviour } from '#server/proxy/testing-sockets.ts'
import { openStage, streamOf, type Stage } from '#server/proxy/testing-stage.ts'
import { ask, modelOf } from '#server/proxy/testing.ts'

const DIALECT = 'openai-chat'

let stage: Stage
beforeAll(async () => {
  stage = await openStage({ dialect: DIALECT })
  stage.upstream.does(answering)
})
afterEach(() => {
  stage.upstream.does(answering)
  stage.assertNothingLogged()
})
afterAll(() => stage.close())

const DONE = 'data: {"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\ndata: [DONE]\n\n'
const answering: Misbehaviour = (socket) => writeEach(socket, streamOf(DONE))

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
  const before = stage.upstream.heads.length
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), fc.constantFrom('POST', 'GET', 'PUT', 'HEAD', 'DELETE'), async (pieces, method) => {
      const path = `/ai/proxy/${stage.run.token}/${pieces.join('/')}`.replaceAll(/[^\x21-\x7e]/g, '')
      const answer = await ask({ origin: stage.origin, path, method, body: stage.body }).catch(() => null)
      expect(answer?.status ?? 400).not.toBe(500)
    }),
    { numRuns: 150 },
  )
  expect(stage.upstream.heads.slice(before).filter((head) => !known.test(head.split('\r\n')[0]!))).toEqual([])
})

it('brings no header upstream but those of the table, whatever a client sends', async () => {
  const token = fc.string({ unit: fc.constantFrom(...Array.from('abcdefghijklmnopqrstuvwxyz-_!#$&')), minLength: 1, maxLength: 12 })
  const name = fc.oneof(
    token,
    token.map((word) => `x-${word}`),
    fc.constantFrom('accept', 'User-Agent', 'openai-beta', 'anthropic-beta', 'te', 'trailer', 'x-real-ip'),
  )
  const value = fc.string({ unit: fc.constantFrom(...Array.from('abc XYZ;,=:"\'%é\t')), maxLength: 20 }).map((text) => text.trim())
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
      const before = stage.upstream.heads.length
      const more = pairs.filter(([each]) => !own.has(each.toLowerCase())).map((pair) => pair.join(': '))
      const client = rawClient(stage.origin)
      await writeEach(client.socket, [
        Buffer.from(requestHead(stage.path, { length: stage.body.length, more: [...more, 'connection: close'] }), 'latin1'),
        stage.body,
      ])
      await client.closed
      for (const head of stage.upstream.heads.slice(before)) {
        const names = head
          .split('\r\n')
          .slice(1)
          .map((line) => line.slice(0, line.indexOf(':')).toLowerCase())
        expect(names.filter((each) => !allowed.has(each))).toEqual([])
        expect(head.match(/^authorization: .*$/gim)).toEqual([`authorization: Bearer ${stage.key}`])
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
      const before = stage.upstream.bodies.length
      await stage.send({ body: text })
      for (const sent of stage.upstream.bodies.slice(before)) {
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
