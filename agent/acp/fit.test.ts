import { expect, it } from 'vitest'
import { TurnId } from '#core/ids.ts'
import { cut, fitFact, fitJson } from '#agent/acp/fit.ts'
import { messageIdOf, toolCallIdOf } from '#agent/acp/translate.ts'

const turnId = TurnId.parse('0199aaaa-0000-7000-8000-000000000001')

it('never cuts a character in two', () => {
  expect(cut('ab😀', 3)).toEqual({ text: 'ab', truncated: 2 })
  expect(cut('ab😀', 4)).toEqual({ text: 'ab😀' })
})

it('keeps small JSON and begins large JSON', () => {
  expect(fitJson({ a: 1 })).toEqual({ a: 1 })
  expect(fitJson('x'.repeat(100), 10)).toEqual({ beginning: '"xxxxxxxxx', truncated: 92 })
})

it('replaces what PostgreSQL cannot store, in texts and in keys', () => {
  const fact = fitFact({ type: 'reply.appended', turnId, messageId: messageIdOf('m'), offset: 0, text: 'a\0b\ud800' })
  expect(fact.text).toBe('a\ufffdb\ufffd')
  expect(fitFact({ type: 'agent.said', turnId, method: 'x', raw: { 'k\0': ['\udc00'] } }).raw).toEqual({ 'k\ufffd': ['\ufffd'] })
})

it('brings every fact below the size of an event', () => {
  const content = Array.from({ length: 50 }, () => ({ type: 'text' as const, text: 'x'.repeat(60_000) }))
  const fact = fitFact({
    type: 'tool.called',
    turnId,
    toolCallId: toolCallIdOf('t'),
    title: '',
    kind: 'other',
    status: 'pending',
    content,
    locations: [],
    input: { a: 'y'.repeat(29_000) },
    output: 'z'.repeat(29_000),
  })
  expect(JSON.stringify(fact).length).toBeLessThan(256_000)
})
