import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { character } from '#core/testing-text.ts'
import type { TokenCounts } from '#core/models/usage.ts'
import { anthropicSpeech } from '#e2e/world/fake-provider-anthropic.ts'
import { chatSpeech } from '#e2e/world/fake-provider-chat.ts'
import { geminiSpeech } from '#e2e/world/fake-provider-gemini.ts'
import { responsesSpeech } from '#e2e/world/fake-provider-responses.ts'
import type { Ask, FakeDialect, Said, Speech } from '#e2e/world/fake-provider-scene.ts'
import { withoutAddedUsage } from '#server/proxy/added-usage.ts'
import { failureOfStatus, meterFor } from '#server/proxy/usage.ts'

const speeches: Record<FakeDialect, Speech> = {
  'anthropic-messages': anthropicSpeech,
  'openai-chat': chatSpeech,
  'openai-responses': responsesSpeech,
  'gemini-generate': geminiSpeech,
}
const dialects = Object.keys(speeches) as FakeDialect[]

const askOf = (dialect: FakeDialect): Ask => ({
  dialect,
  model: 'm',
  isStream: true,
  wantsUsage: true,
  system: '',
  tools: new Set(),
  schema: null,
  prompts: ['?'],
  results: [],
})

/** As far as the dialect can say it: Google's does not tell what was written to a cache from other input. */
const told = (dialect: FakeDialect, tokens: TokenCounts): TokenCounts =>
  dialect === 'gemini-generate' ? { ...tokens, inputTokens: tokens.inputTokens + tokens.cacheWriteTokens, cacheWriteTokens: 0 } : tokens

/** Words that try to look like what the meter looks for. */
const words = fc.oneof(
  fc.string({ unit: character }),
  fc.constantFrom(
    '"usage":{"input_tokens":9}',
    'data: {"usage":{}}\n\n',
    '"response.completed"',
    '\n\nevent: error\ndata: {}',
    '[DONE]',
    '"error"',
    '"finish_reason":"stop"',
  ),
)
const said: fc.Arbitrary<Said> = fc.oneof(
  fc.record({ is: fc.constant('text' as const), text: words }),
  fc.record({ is: fc.constant('thought' as const), text: words }),
  fc.record({ is: fc.constant('toolCall' as const), name: fc.string(), input: fc.record({ usage: words, error: words }) }),
)
const counts: fc.Arbitrary<TokenCounts> = fc.nat(1_000_000).chain((outputTokens) =>
  fc.record({
    inputTokens: fc.nat(1_000_000),
    outputTokens: fc.constant(outputTokens),
    cacheReadTokens: fc.nat(1_000_000),
    cacheWriteTokens: fc.nat(1_000_000),
    reasoningTokens: fc.nat(outputTokens),
  }),
)

function streamOf(dialect: FakeDialect, all: readonly Said[], tokens: TokenCounts): Buffer {
  const writer = speeches[dialect].stream(askOf(dialect), '1', tokens)
  return Buffer.from([...writer.open(), ...all.flatMap((each) => writer.say(each)), ...writer.close({ tokens, stop: 'end' })].join(''))
}

/** Cuts at the given places, wherever they fall: in lines, in words, in characters. */
function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length))
}

describe.each(dialects)('%s', (dialect) => {
  it('reads exactly what a stream reports, however its packets fall', () => {
    fc.assert(
      fc.property(fc.array(said, { maxLength: 4 }), counts, fc.array(fc.nat(), { maxLength: 40 }), (all, tokens, cuts) => {
        const meter = meterFor(dialect, { isEventStream: true })
        for (const chunk of split(streamOf(dialect, all, tokens), cuts)) meter.feed(chunk)
        expect(meter.verdict()).toMatchObject({ tokens: told(dialect, tokens), isComplete: true, failure: null, isRecognised: true })
      }),
    )
  })

  it('reads a stream with CRLF and without its last line feed', () => {
    const tokens = { inputTokens: 1, outputTokens: 2, cacheReadTokens: 3, cacheWriteTokens: 4, reasoningTokens: 1 }
    const text = streamOf(dialect, [{ is: 'text', text: 'Hi' }], tokens)
      .toString()
      .replaceAll(/\r?\n/g, '\r\n')
      .trimEnd()
    const meter = meterFor(dialect, { isEventStream: true })
    meter.feed(Buffer.from(text))
    expect(meter.verdict()).toMatchObject({ tokens: told(dialect, tokens), isComplete: true })
  })

  it('knows that a stream has not come to its end', () => {
    const writer = speeches[dialect].stream(askOf(dialect), '1', {
      inputTokens: 1,
      outputTokens: 2,
      cacheReadTokens: 3,
      cacheWriteTokens: 4,
      reasoningTokens: 0,
    })
    const meter = meterFor(dialect, { isEventStream: true })
    meter.feed(Buffer.from([...writer.open(), ...writer.say({ is: 'text', text: 'Half' })].join('')))
    expect(meter.verdict()).toMatchObject({ isComplete: false, isRecognised: true, failure: null })
  })

  it('reads an answer in one piece', () => {
    fc.assert(
      fc.property(fc.array(said, { maxLength: 4 }), counts, fc.array(fc.nat(), { maxLength: 10 }), (all, tokens, cuts) => {
        const body = Buffer.from(JSON.stringify(speeches[dialect].whole(askOf(dialect), '1', all, { tokens, stop: 'end' })))
        const meter = meterFor(dialect, { isEventStream: false })
        for (const chunk of split(body, cuts)) meter.feed(chunk)
        expect(meter.verdict()).toMatchObject({ tokens: told(dialect, tokens), isComplete: true, failure: null })
      }),
    )
  })

  it('takes no number of bytes for a reason to fail', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.boolean(), (bytes, isEventStream) => {
        const meter = meterFor(dialect, { isEventStream })
        meter.feed(Buffer.from(bytes))
        expect(meter.verdict().tokens).toBeNull()
      }),
    )
  })
})

it.each([
  [
    'anthropic-messages',
    'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Busy"}}\n\n',
    'provider.failed',
    'Busy',
  ],
  [
    'anthropic-messages',
    'data: {"type":"error","error":{"type":"rate_limit_error","message":"Slow"}}\n\n',
    'provider.out-of-quota',
    'Slow',
  ],
  ['openai-chat', 'data: {"error":{"message":"Gone","type":"server_error"}}\n\n', 'provider.failed', 'Gone'],
  ['openai-chat', 'data: {"error":{"message":"Long","code":"context_length_exceeded"}}\n\n', 'provider.rejected-request', 'Long'],
  [
    'openai-responses',
    'data: {"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded","message":"Slow"},"usage":null}}\n\n',
    'provider.out-of-quota',
    'Slow',
  ],
  ['openai-responses', 'data: {"type":"error","code":"server_error","message":"Gone"}\n\n', 'provider.failed', 'Gone'],
  [
    'gemini-generate',
    'data: {"error":{"code":429,"message":"Slow","status":"RESOURCE_EXHAUSTED"}}\r\n\r\n',
    'provider.out-of-quota',
    'Slow',
  ],
] as const)('%s: hears the provider say inside a 200 that it failed: %s', (dialect, frame, code, detail) => {
  const meter = meterFor(dialect, { isEventStream: true })
  meter.feed(Buffer.from(frame))
  expect(meter.verdict()).toMatchObject({ isComplete: true, failure: { code, detail } })
})

it('reads the usage of a response that was cut by a limit', () => {
  const meter = meterFor('openai-responses', { isEventStream: true })
  meter.feed(Buffer.from('data: {"type":"response.incomplete","response":{"usage":{"input_tokens":5,"output_tokens":6}}}\n\n'))
  expect(meter.verdict()).toMatchObject({ isComplete: true, tokens: { inputTokens: 5, outputTokens: 6 } })
})

it.each([
  [301, 'provider.failed'],
  [400, 'provider.rejected-request'],
  [401, 'provider.refused-key'],
  [402, 'provider.out-of-quota'],
  [403, 'provider.refused-key'],
  [404, 'provider.rejected-request'],
  [408, 'provider.failed'],
  [413, 'provider.rejected-request'],
  [429, 'provider.out-of-quota'],
  [500, 'provider.failed'],
  [529, 'provider.failed'],
])('%i means %s', (status, code) => expect(failureOfStatus(status)).toBe(code))

/** Between two events: whatever the form allows that says nothing. */
const noise = fc.constantFrom(
  '',
  ': ping',
  ':',
  'event: ping',
  'id: 7',
  'retry: 1000',
  'data',
  'nonsense',
  ': {"usage":{"output_tokens":99}}',
)

describe.each(dialects)('%s', (dialect) => {
  it('reads the same, whatever ends the lines, stands between the events, and however the packets fall', () => {
    fc.assert(
      fc.property(
        fc.array(said, { maxLength: 3 }),
        counts,
        fc.array(fc.nat(), { maxLength: 40 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.infiniteStream(noise),
        fc.boolean(),
        (all, tokens, cuts, lineEnd, between, hasMark) => {
          const events = streamOf(dialect, all, tokens)
            .toString()
            .split(/\r?\n\r?\n/)
            .map((event) => [between.next().value, event].filter(Boolean).join('\n').replaceAll(/\r?\n/g, lineEnd))
          const stream = Buffer.from((hasMark ? '\ufeff' : '') + events.join(lineEnd + lineEnd))
          const meter = meterFor(dialect, { isEventStream: true })
          for (const chunk of split(stream, cuts)) meter.feed(chunk)
          expect(meter.verdict()).toMatchObject({ tokens: told(dialect, tokens), isComplete: true, failure: null })
        },
      ),
    )
  })

  it('never throws, whatever comes and however it falls, and knows the same of it in one piece', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each)),
      fc
        .array(
          fc.oneof(
            fc.constantFrom('data: ', '\n', '\r', '{', '}', '[', ']', '"usage"', ':', '"error"', '\\', '"', '[DONE]', '1'),
            fc.string({ maxLength: 5 }),
          ),
        )
        .map((pieces) => Buffer.from(pieces.join(''))),
    )
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(), { maxLength: 20 }), fc.boolean(), (given, cuts, isEventStream) => {
        const verdictOf = (chunks: readonly Buffer[]) => {
          const meter = meterFor(dialect, { isEventStream })
          for (const chunk of chunks) meter.feed(chunk)
          return meter.verdict()
        }
        expect(verdictOf(split(given, cuts))).toEqual(verdictOf([given]))
      }),
      { numRuns: 500 },
    )
  })
})

it('reads Gemini’s stream in the form of one array, cut anywhere, and what was said before it broke off', () => {
  fc.assert(
    fc.property(fc.array(said, { maxLength: 4 }), counts, fc.array(fc.nat(), { maxLength: 40 }), fc.nat(), (all, tokens, cuts, end) => {
      const frames = streamOf('gemini-generate', all, tokens).toString().split('\r\n\r\n').filter(Boolean)
      const array = Buffer.from(` [${frames.map((frame) => frame.slice('data: '.length)).join(',\r\n')}\n]\n`)
      const whole = meterFor('gemini-generate', { isEventStream: false })
      for (const chunk of split(array, cuts)) whole.feed(chunk)
      expect(whole.verdict()).toMatchObject({ tokens: told('gemini-generate', tokens), isComplete: true, failure: null })
      const broken = meterFor('gemini-generate', { isEventStream: false })
      broken.feed(array.subarray(0, end % (array.length - 4)))
      expect(broken.verdict()).toMatchObject({ isComplete: false, failure: null })
    }),
  )
})

const lineEnds = ['\n', '\r\n', '\r'] as const

it.each(lineEnds)('hides the added frame at every split, and changes no other byte: lines end in %j', (lineEnd) => {
  const tokens = { inputTokens: 1, outputTokens: 2, cacheReadTokens: 3, cacheWriteTokens: 4, reasoningTokens: 1 }
  const frames = streamOf('openai-chat', [{ is: 'text', text: 'Grüße "choices":[]' }], tokens)
    .toString()
    .split('\n\n')
    .filter(Boolean)
  const ended = (each: string) => `${each}${lineEnd}${lineEnd}`
  const stream = Buffer.from(frames.map(ended).join(''))
  const expected = frames
    .filter((frame) => !frame.includes('"choices":[]'))
    .map(ended)
    .join('')
  for (let at = 0; at <= stream.length; at += 1) {
    const filter = withoutAddedUsage()
    const passed = [filter.pass(stream.subarray(0, at)), filter.pass(stream.subarray(at)), filter.rest()]
    expect(Buffer.concat(passed).toString()).toBe(expected)
  }
})

it('passes everything that it did not add, byte for byte, and holds little of it back', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each)),
    fc
      .constantFrom(
        'data: {"choices":[],"usage":null}',
        'data: {"choices":[{}],"usage":{"prompt_tokens":1}}',
        'data: {"choices":[],"prompt_filter_results":[]}',
        'data: {"choices":[],"usage":{}',
        '\n\n',
        '\r\n\r\n',
        '\r\r',
        '\n\r',
        'x'.repeat(20_000),
      )
      .map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 20 }), (pieces, cuts) => {
      const stream = Buffer.concat(pieces)
      const filter = withoutAddedUsage()
      let given = 0
      let got = 0
      const passed = split(stream, cuts).map((chunk) => {
        const out = filter.pass(chunk)
        given += chunk.length
        got += out.length
        expect(given - got).toBeLessThanOrEqual(16 * 1024)
        return out
      })
      expect(Buffer.concat([...passed, filter.rest()]).equals(stream)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

it('hides the added frame, and changes no other byte', () => {
  fc.assert(
    fc.property(
      fc.array(said, { maxLength: 4 }),
      counts,
      fc.array(fc.nat(), { maxLength: 40 }),
      fc.boolean(),
      (all, tokens, cuts, isCrlf) => {
        const text = streamOf('openai-chat', all, tokens).toString()
        const frames = text.split('\n\n').filter(Boolean)
        const lineEnd = isCrlf ? '\r\n' : '\n'
        const whole = frames.map((frame) => `${frame}${lineEnd}${lineEnd}`)
        const filter = withoutAddedUsage()
        const passed = split(Buffer.from(whole.join('')), cuts).map((chunk) => filter.pass(chunk))
        const expected = whole.filter((frame) => !frame.includes('"choices":[]'))
        expect(whole.length - expected.length).toBe(1)
        expect(Buffer.concat([...passed, filter.rest()]).toString()).toBe(expected.join(''))
      },
    ),
  )
})
