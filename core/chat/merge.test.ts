import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChatEvent, type ChatFact } from '#core/chat/events.ts'
import { foldAll, standing } from '#core/chat/fold.ts'
import { MERGED_MAX_CHARS, mergeText } from '#core/chat/merge.ts'
import { emptyChat } from '#core/chat/view.ts'

const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`
const chatId = id(0)
const turnId = id(1)

type Loose = { type: ChatFact['type'] } & Record<string, unknown>
const log = (facts: readonly Loose[]): ChatEvent[] =>
  facts.map((fact, at) =>
    ChatEvent.parse({ ...fact, chatId, seq: at + 1, seqFrom: at + 1, at: new Date(Date.UTC(2026, 0, 1) + at * 1_000).toISOString() }),
  )

const requested: Loose = { type: 'turn.requested', turnId, by: 'ada', prompt: [{ type: 'text', text: 'Go' }] }
const accepted: Loose = { type: 'turn.accepted', turnId }
const ended: Loose = { type: 'turn.ended', turnId, outcome: 'completed', stopReason: 'end_turn' }
const other: Loose = { type: 'context.measured', turnId, usedTokens: 1, sizeTokens: 2 }

/** The log as the database holds it once merged rows have taken the place of theirs. */
function compacted(events: readonly ChatEvent[]): ChatEvent[] {
  const merged = mergeText(events)
  const rest = events.filter((event) => !merged.some((each) => each.seqFrom <= event.seq && event.seq <= each.seq))
  return [...rest, ...merged].toSorted((one, two) => one.seq - two.seq)
}

/** Pieces of messages in their order, now and then interrupted. */
const said = fc
  .array(
    fc.record({
      kind: fc.constantFrom('reply', 'reply', 'reply', 'thought', 'other'),
      message: fc.constantFrom('m', 'n'),
      text: fc.string({ minLength: 1, maxLength: 5 }),
    }),
    {
      maxLength: 40,
    },
  )
  .map((pieces) => {
    const ends = new Map<string, number>()
    return pieces.map(({ kind, message, text }): Loose => {
      if (kind === 'other') return other
      const offset = ends.get(kind + message) ?? 0
      ends.set(kind + message, offset + text.length)
      return { type: `${kind}.appended` as ChatFact['type'], turnId, messageId: kind + message, offset, text }
    })
  })

describe('merged text', () => {
  it('gives everybody the same view, whatever they had applied before, and applied twice', () => {
    fc.assert(
      fc.property(said, (pieces) => {
        const events = log([requested, accepted, ...pieces, ended])
        const rows = compacted(events)
        const whole = foldAll(emptyChat, events)
        for (let seq = 0; seq <= events.length; seq += 1) {
          const before = foldAll(emptyChat, events.slice(0, seq))
          const following = rows.filter((row) => row.seq > seq)
          if (following[0]) expect(standing(before, following[0])).toBe('next')
          expect(foldAll(foldAll(before, following), rows)).toEqual(whole)
        }
      }),
    )
  })

  it('leaves no hole and no overlap, and merges no second time', () => {
    fc.assert(
      fc.property(said, (pieces) => {
        const rows = compacted(log([requested, accepted, ...pieces, ended]))
        expect(rows.map((row) => row.seqFrom)).toEqual([1, ...rows.slice(0, -1).map((row) => row.seq + 1)])
        expect(mergeText(rows)).toEqual([])
      }),
    )
  })

  it('is one event for a message that nothing interrupts', () => {
    const piece = (offset: number, text: string): Loose => ({ type: 'reply.appended', turnId, messageId: 'm', offset, text })
    expect(mergeText(log([requested, piece(0, 'One '), piece(4, 'two '), piece(8, 'three.'), ended]))).toMatchObject([
      { type: 'reply.appended', seqFrom: 2, seq: 4, offset: 0, text: 'One two three.', at: '2026-01-01T00:00:03.000Z' },
    ])
  })

  it('keeps what would become longer than a page likes in several events', () => {
    const piece = (offset: number): Loose => ({ type: 'reply.appended', turnId, messageId: 'm', offset, text: 'x'.repeat(40_000) })
    const rows = mergeText(log([piece(0), piece(40_000), piece(80_000)]))
    expect(rows).toEqual([])
    expect(MERGED_MAX_CHARS).toBeLessThan(80_000)
  })
})
