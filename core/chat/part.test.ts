import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isOpenAsking } from '#core/chat/asking.ts'
import type { ChatEvent } from '#core/chat/events.ts'
import { hasEnded } from '#core/chat/fold-turn.ts'
import { fold, foldAll } from '#core/chat/fold.ts'
import { headOf, headOfTurn } from '#core/chat/heads.ts'
import { isUnclear, placeOf, withoutBefore } from '#core/chat/part.ts'
import { anyLog, idOf, logOf } from '#core/chat/testing-logs.ts'
import { emptyChat, type ChatView, type Turn, type TurnItem } from '#core/chat/view.ts'

const itemsOf = (turn: Turn) => turn.part?.count ?? turn.items.length

/** As `server/chats/window.ts` answers: the last `keep` items, every turn that has not ended, heads. */
function lastOf(view: ChatView, keep: number): ChatView {
  let left = keep
  const turns: Turn[] = []
  for (const turn of view.turns.toReversed()) {
    const from = Math.max(0, itemsOf(turn) - left)
    if (left > 0 || !hasEnded(turn)) turns.unshift(withoutBefore(turn, from))
    left = Math.max(0, left - itemsOf(turn))
  }
  return headsOf({ ...view, turns })
}

const headsOf = (view: ChatView): ChatView => ({
  ...view,
  turns: view.turns.map((turn) => headOfTurn({ ...turn, items: turn.items.map(headOf) })),
})

/** What a window holds, with the number of each item. */
function heldBy(view: ChatView) {
  const { turns, ...rest } = headsOf(view)
  return {
    ...rest,
    turns: turns.map(({ part, items, ...turn }) => ({
      ...turn,
      count: part?.count ?? items.length,
      items: items.map((item, index) => [placeOf({ ...turn, items, ...(part && { part }) }, index), item] as const),
    })),
  }
}

/** What it must hold by the fold of the whole log: its turns and everything not ended, in order, each to its end. */
function shouldHold(whole: ChatView, window: ChatView): ReturnType<typeof heldBy> {
  const here = new Map(window.turns.map((turn) => [turn.turnId, turn]))
  const all = heldBy(whole)
  const turns = all.turns.filter((turn) => here.has(turn.turnId) || !hasEnded(turn))
  const isHeld = (turn: Turn | undefined, place: number, item: TurnItem) =>
    place >= (turn?.part?.from ?? 0) || isOpenAsking(item) || turn?.part?.places.includes(place)
  return {
    ...all,
    turns: turns.map((turn) => ({ ...turn, items: turn.items.filter(([place, item]) => isHeld(here.get(turn.turnId), place, item)) })),
  }
}

describe('a window of a log', () => {
  it('folds on as the whole does, from wherever it was read and however little of it', () => {
    fc.assert(
      fc.property(anyLog, fc.nat(), fc.nat({ max: 12 }), (events, at, keep) => {
        const start = at % (events.length + 1)
        let window = lastOf(foldAll(emptyChat, events.slice(0, start)), keep)
        for (const [index, event] of events.entries()) {
          if (index < start) continue
          window = isUnclear(window, event) ? lastOf(foldAll(emptyChat, events.slice(0, index + 1)), keep) : fold(window, event)
        }
        expect(heldBy(window)).toEqual(shouldHold(foldAll(emptyChat, events), window))
      }),
      { numRuns: 400 },
    )
  })

  it('may forget its beginning at any moment', () => {
    fc.assert(
      fc.property(anyLog, fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 9 }), (events, keeps) => {
        let window = emptyChat
        for (const [index, event] of events.entries()) {
          window = isUnclear(window, event) ? foldAll(emptyChat, events.slice(0, index + 1)) : fold(window, event)
          window = lastOf(window, keeps[index % keeps.length]!)
        }
        expect(heldBy(window)).toEqual(shouldHold(foldAll(emptyChat, events), window))
      }),
      { numRuns: 400 },
    )
  })

  it('is read again only for late output of an item that may not be here', () => {
    const turnId = idOf(10)
    const said = (messageId: string, offset: number) => ({ type: 'reply.appended', turnId, messageId, offset, text: 'x' }) as const
    const events = logOf([
      { type: 'turn.requested', turnId, by: 'ada', prompt: [{ type: 'text', text: 'Go' }] },
      { type: 'turn.accepted', turnId },
      said('a', 0),
      said('b', 0),
      { type: 'turn.ended', turnId, outcome: 'completed', stopReason: null },
      said('a', 1),
      said('b', 1),
    ])
    const unclear = (upTo: number, late: ChatEvent) => isUnclear(lastOf(foldAll(emptyChat, events.slice(0, upTo)), 1), late)
    expect([unclear(4, events[5]!), unclear(5, events[5]!), unclear(5, events[6]!)]).toEqual([false, true, false])
  })
})

describe('heads', () => {
  it('are their own heads', () => {
    fc.assert(
      fc.property(anyLog, (events) => {
        const heads = headsOf(foldAll(emptyChat, events))
        expect(headsOf(heads)).toEqual(heads)
      }),
    )
  })
})
