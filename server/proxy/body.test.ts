import fc from 'fast-check'
import { expect, it } from 'vitest'
import { askingForUsage, readAsked } from '#server/proxy/body.ts'

const read = (body: unknown) => readAsked(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))

/** Says nothing of how long the answer may be. */
const unsized = { maxOutputTokens: null, choices: 1, continues: false, isOffTariff: false }

it('finds the model that any parser finds', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string().filter((key) => !/^(model|stream|n|conversation)$/i.test(key)),
        fc.jsonValue(),
      ),
      fc.boolean(),
      (rest, isStream) => {
        const keys = new Set(Object.keys(rest).map((key) => key.toLowerCase()))
        fc.pre(keys.size === Object.keys(rest).length)
        const result = read({ ...rest, model: 'gpt-6.1-sol', stream: isStream })
        expect(result).toEqual({
          ok: true,
          asked: { model: 'gpt-6.1-sol', isStream, saysStreamOptions: keys.has('stream_options'), ...unsized },
        })
      },
    ),
  )
})

it('is not misled by keys inside other values', () => {
  const body = {
    messages: [{ content: '","model":"inner' }, { model: 'inner', stream_options: {} }, ['model', 'model']],
    model: 'outer',
    metadata: { model: 'inner' },
  }
  expect(read(body)).toEqual({ ok: true, asked: { model: 'outer', isStream: false, saysStreamOptions: false, ...unsized } })
})

it.each([
  '{"model":"a","model":"a"}',
  '{"model":"a","x":{"y":[1,2,"}"]},"model":"b"}',
  '{"model":"a","\\u006dodel":"b"}',
  '{"model":"a","MODEL":"b"}',
  '{"model":"a","stream":false,"stream":true}',
  '{"a":1,"a":2,"model":"x"}',
  '{"model":"a\\u0000b"}',
  '{"model":""}',
  `{"model":"${'x'.repeat(201)}"}`,
  '{"model":null}',
  '{"model":"a","stream":"true"}',
  '"model"',
  'null',
])('refuses %s', (body) => expect(read(body).ok).toBe(false))

it.each([
  ['stream', 'true'],
  ['service_tier', '"flex"'],
  ['max_tokens', '7'],
  ['n', '7'],
])('is not misled by an engine that misreads "%s" when it is escaped', (key, value) => {
  const [rest, last] = [
    key.slice(0, -1),
    key
      .charCodeAt(key.length - 1)
      .toString(16)
      .padStart(4, '0'),
  ]
  const overlooked = Array.from({ length: 50 }, () => {
    // Known to the engine as a key from just before, this is how the escaped one begins.
    read(`{"model":"a","${rest}\\\\":1}`)
    const found = read(`{"model":"a","${rest}\\u${last}":${value}}`)
    return found.ok && Object.entries(unsized).every(([name, usual]) => Reflect.get(found.asked, name) === usual) && !found.asked.isStream
  })
  expect(overlooked).not.toContain(true)
})

it('puts the question behind the first brace and changes nothing else', () => {
  const bytes = Buffer.from(' \n{ "model": "a",\t"stream": true, "messages": [ {"content":"{"} ] }')
  const asked = { model: 'a', isStream: true, saysStreamOptions: false }
  const spliced = askingForUsage(bytes, asked, { dialect: 'openai-chat' })!
  expect(spliced.toString()).toBe(` \n{"stream_options":{"include_usage":true},${bytes.toString().slice(3)}`)
  expect(JSON.parse(spliced.toString())).toEqual({ ...JSON.parse(bytes.toString()), stream_options: { include_usage: true } })
})

it.each([
  [{ model: 'a', isStream: true, saysStreamOptions: true }, 'openai-chat'],
  [{ model: 'a', isStream: false, saysStreamOptions: false }, 'openai-chat'],
  [{ model: 'a', isStream: true, saysStreamOptions: false }, 'openai-responses'],
  [{ model: 'a', isStream: true, saysStreamOptions: false }, 'anthropic-messages'],
] as const)('leaves %o of %s alone', (asked, dialect) =>
  expect(askingForUsage(Buffer.from('{"model":"a"}'), asked, { dialect })).toBeNull(),
)

it('does not ask a provider that reports by itself and refuses the question', () => {
  const asked = { model: 'a', isStream: true, saysStreamOptions: false }
  expect(askingForUsage(Buffer.from('{"model":"a"}'), asked, { dialect: 'openai-chat', reportsUsageUnasked: true })).toBeNull()
})

it.each([
  [{ max_tokens: 100 }, { maxOutputTokens: 100 }],
  [{ max_completion_tokens: 200, max_tokens: 100 }, { maxOutputTokens: 200 }],
  [{ max_output_tokens: 300 }, { maxOutputTokens: 300 }],
  [{ generationConfig: { maxOutputTokens: 400, candidateCount: 2 } }, { maxOutputTokens: 400, choices: 2 }],
  [{ n: 3 }, { choices: 3 }],
  [{ n: 1e9 }, { choices: 128 }],
  [{ max_tokens: '5', max_output_tokens: -1, n: 0 }, {}],
  [{ previous_response_id: 'resp_1' }, { continues: true }],
  [{ previous_response_id: null, generationConfig: null }, {}],
  [{ service_tier: 'auto', speed: 'standard' }, {}],
  [{ service_tier: 'priority' }, { isOffTariff: true }],
  [{ service_tier: 'flex' }, { isOffTariff: true }],
  [{ speed: 'fast' }, { isOffTariff: true }],
])('sees in %j how large the answer may be, and at what tariff', (body, expected) => {
  const { model: _, isStream: __, saysStreamOptions: ___, ...size } = asked({ model: 'a', ...body })
  expect(size).toEqual({ ...unsized, ...expected })
})

function asked(body: Record<string, unknown>) {
  const found = read(JSON.stringify(body))
  if (!found.ok) throw new Error(found.message)
  return found.asked
}
