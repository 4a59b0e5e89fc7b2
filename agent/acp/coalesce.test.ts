import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DaemonFact } from '#core/chat/events.ts'
import { TurnId } from '#core/ids.ts'
import { coalescer } from '#agent/acp/coalesce.ts'
import { toolCallIdOf, type Draft } from '#agent/acp/translate.ts'

const turnId = TurnId.parse('0199aaaa-0000-7000-8000-000000000001')
const otherTurn = TurnId.parse('0199aaaa-0000-7000-8000-000000000002')

function bench() {
  const facts: DaemonFact[] = []
  let due: (() => void) | null = null
  const joiner = coalescer(
    (fact) => facts.push(fact),
    (run) => {
      due = run
      return () => (due = null)
    },
  )
  return {
    facts,
    joiner,
    tick: () => due?.(),
    texts: () => facts.map((fact) => ('text' in fact ? [fact.messageId, fact.offset, fact.text] : fact.type)),
  }
}

const reply = (text: string, messageId: string | null = null): Draft => ({ is: 'text', of: 'reply', messageId, text })
const thought = (text: string): Draft => ({ is: 'text', of: 'thought', messageId: null, text })
const tool: Draft = {
  is: 'fact',
  fact: {
    type: 'tool.called',
    turnId,
    toolCallId: toolCallIdOf('t'),
    title: '',
    kind: 'other',
    status: 'pending',
    content: [],
    locations: [],
  },
}
const measured: Draft = { is: 'fact', fact: { type: 'context.measured', turnId, usedTokens: 1, sizeTokens: 2 } }

describe('joining', () => {
  it('lets the first piece out at once and joins the next until the time is over', () => {
    const { joiner, tick, texts } = bench()
    for (const piece of ['He', 'll', 'o']) joiner.add(reply(piece), turnId)
    expect(texts()).toEqual([[`${turnId}:1`, 0, 'He']])
    tick()
    expect(texts()).toEqual([
      [`${turnId}:1`, 0, 'He'],
      [`${turnId}:1`, 2, 'llo'],
    ])
  })

  it('does not wait beyond four kilobytes', () => {
    const { joiner, texts } = bench()
    joiner.add(reply('a'), turnId)
    joiner.add(reply('b'.repeat(4_096)), turnId)
    expect(texts()).toHaveLength(2)
  })

  it('puts text before what interrupts it, and splits the message there', () => {
    const { joiner, texts } = bench()
    joiner.add(reply('one', 'm'), turnId)
    joiner.add(reply(' two', 'm'), turnId)
    joiner.add(tool, turnId)
    joiner.add(reply('three', 'm'), turnId)
    expect(texts()).toEqual([[`${turnId}:1`, 0, 'one'], [`${turnId}:1`, 3, ' two'], 'tool.called', [`${turnId}:2`, 0, 'three']])
  })

  it('does not split at a mere measurement', () => {
    const { joiner, texts, tick } = bench()
    joiner.add(reply('one'), turnId)
    joiner.add(measured, turnId)
    joiner.add(reply(' two'), turnId)
    tick()
    expect(texts()).toEqual([[`${turnId}:1`, 0, 'one'], 'context.measured', [`${turnId}:1`, 3, ' two']])
  })

  it('begins a new message with another kind, another id, another turn', () => {
    const { joiner, texts } = bench()
    joiner.add(reply('a', 'm1'), turnId)
    joiner.add(reply('b', 'm2'), turnId)
    joiner.add(thought('c'), turnId)
    joiner.endTurn()
    joiner.add(reply('d', 'm2'), otherTurn)
    expect(texts()).toEqual([
      [`${turnId}:1`, 0, 'a'],
      [`${turnId}:2`, 0, 'b'],
      [`${turnId}:3`, 0, 'c'],
      [`${otherTurn}:1`, 0, 'd'],
    ])
  })
})

it('loses and repeats nothing, whatever comes and whenever the clock runs', () => {
  const step = fc.oneof(
    fc.record({
      of: fc.constantFrom('reply' as const, 'thought' as const),
      text: fc.string({ minLength: 1, maxLength: 50, unit: 'grapheme' }),
    }),
    fc.constant('tick' as const),
    fc.constant('tool' as const),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { joiner, tick, facts } = bench()
      let said = ''
      for (const each of steps) {
        if (each === 'tick') tick()
        else if (each === 'tool') joiner.add(tool, turnId)
        else {
          said += each.text
          joiner.add({ is: 'text', messageId: null, ...each }, turnId)
        }
      }
      joiner.endTurn()
      const pieces = facts.flatMap((fact) => (fact.type === 'reply.appended' || fact.type === 'thought.appended' ? [fact] : []))
      expect(pieces.map((piece) => piece.text).join('')).toBe(said)
      const ends = new Map<string, number>()
      for (const { messageId, offset, text } of pieces) {
        expect(offset).toBe(ends.get(messageId) ?? 0)
        ends.set(messageId, offset + text.length)
      }
    }),
  )
})
