import { describe, expect, it } from 'vitest'
import type { ChatEvent } from '#core/chat/events.ts'
import { foldAll } from '#core/chat/fold.ts'
import { entriesOf, placeOf, withoutBefore, withoutFrom } from '#core/chat/part.ts'
import { idOf, logOf } from '#core/chat/testing-logs.ts'
import { emptyChat, type Turn } from '#core/chat/view.ts'
import type { Stretch, WindowPlace } from '#core/chat/window.ts'
import { Transcript } from '#components/chat/transcript.ts'

const ITEMS = 2_000
const END = 1_900
const turnId = idOf(1)
const events = logOf([
  { type: 'turn.requested', turnId, by: 'ada', prompt: [{ type: 'text', text: 'Go' }] },
  { type: 'turn.accepted', turnId },
  ...Array.from({ length: ITEMS }, (_, at) => ({ type: 'reply.appended', turnId, messageId: `m${at}`, offset: 0, text: `${at}` }) as const),
])
const whole = foldAll(emptyChat, events).turns[0]!
const seq = events.length

/** Fifty items from there, as the server answers. */
function stretchAt(place: WindowPlace): Stretch {
  const from =
    place.is === 'before'
      ? Math.max(0, place.item - 50)
      : place.is === 'after'
        ? place.item
        : place.is === 'entry'
          ? place.number - 25
          : 975
  const to = Math.min(ITEMS, from + 50)
  return { seq, logId: 1, turns: [withoutFrom(withoutBefore(whole, from), to)], before: from === 0 ? 0 : from + 1, after: ITEMS - to }
}

function open({ answer = async (place: WindowPlace) => stretchAt(place) } = {}) {
  const end: Turn = withoutBefore(whole, END)
  const transcript = new Transcript({ readStretch: answer, end: () => ({ turns: [end], seq, logId: 1 }), changed: () => {} })
  const places = () => transcript.state.reading?.turns.flatMap((turn) => turn.items.map((_, index) => placeOf(turn, index))) ?? []
  const size = () => transcript.state.reading?.turns.reduce((sum, turn) => sum + entriesOf(turn), 0) ?? 0
  return { transcript, places, size }
}

const follows = (places: readonly number[]): boolean => places.every((place, at) => at === 0 || place === places[at - 1]! + 1)

describe('a transcript', () => {
  it('is read upwards from the end, to which it is joined, and forgets what is far below', async () => {
    const { transcript, places, size } = open()
    await transcript.loadBefore()
    expect([places().at(0), places().at(-1), transcript.isJoined]).toEqual([1_850, 1_899, true])
    for (let at = 0; at < 20; at += 1) await transcript.loadBefore()
    expect(follows(places())).toBe(true)
    expect([places().at(0), transcript.isJoined]).toEqual([850, false])
    expect(size()).toBeLessThanOrEqual(400)
    expect(transcript.state.reading).toMatchObject({ before: 851, after: ITEMS - places().at(-1)! - 1 })
  })

  it('is read downwards until it meets the end, of which it repeats nothing', async () => {
    const { transcript, places, size } = open()
    expect(await transcript.jump({ is: 'entry', number: 1_000 })).toBe(true)
    expect([places().at(0), transcript.isJoined]).toEqual([975, false])
    for (let at = 0; at < 40 && !transcript.isJoined; at += 1) await transcript.loadAfter()
    expect(follows(places())).toBe(true)
    expect([places().at(-1), transcript.isJoined, transcript.state.reading?.after]).toEqual([END - 1, true, 0])
    expect(size()).toBeLessThanOrEqual(400)
  })

  it('changes with the log, also by what came while it was on its way', async () => {
    let answer: (stretch: Stretch) => void = () => {}
    const { transcript } = open({ answer: () => new Promise((resolve) => (answer = resolve)) })
    const loading = transcript.jump({ is: 'entry', number: 100 })
    const more = (n: number): ChatEvent =>
      ({
        ...events.at(-1),
        type: 'reply.appended',
        messageId: 'm90',
        offset: 2,
        text: ` more ${n}`,
        seq: seq + n,
        seqFrom: seq + n,
      }) as unknown as ChatEvent
    transcript.apply(more(1))
    answer(stretchAt({ is: 'entry', number: 100 }))
    await loading
    const item = () => transcript.state.reading!.turns[0]!.items.find((each) => each.is === 'reply' && each.messageId === 'm90')
    expect(item()).toMatchObject({ text: '90 more 1' })
    transcript.apply({ ...more(2), offset: 9 } as ChatEvent)
    expect(item()).toMatchObject({ text: '90 more 1 more 2' })
  })

  it('knows the answers to what is asked in it, which name their request alone', async () => {
    const [permission, elicitation, question] = [idOf(50), idOf(51), idOf(52)]
    const asking = logOf([
      { type: 'turn.requested', turnId, by: 'ada', prompt: [{ type: 'text', text: 'Go' }] },
      { type: 'turn.accepted', turnId },
      {
        type: 'permission.requested',
        requestId: permission,
        turnId,
        toolCallId: 'c',
        title: 'May I?',
        kind: 'execute',
        content: [],
        options: [{ optionId: 'yes', name: 'Yes', kind: 'allow_once' }],
      },
      {
        type: 'elicitation.requested',
        requestId: elicitation,
        turnId,
        toolCallId: null,
        message: 'Where?',
        form: { mode: 'url', url: 'https://a.test/' },
      },
      { type: 'question.asked', questionId: question, turnId, question: 'Which?', choices: [] },
      ...Array.from({ length: 100 }, (_, at) => ({ type: 'reply.appended', turnId, messageId: `m${at}`, offset: 0, text: 'x' }) as const),
      { type: 'permission.answered', requestId: permission, by: 'ada', optionId: 'yes' },
      { type: 'elicitation.closed', requestId: elicitation, reason: 'turn-ended' },
      { type: 'question.answered', questionId: question, by: 'ada', answer: 'That one' },
    ])
    const asked = foldAll(emptyChat, asking.slice(0, -3))
    const stretch = { seq: asked.seq, logId: 1, turns: [withoutFrom(asked.turns[0]!, 25)], before: 0, after: 78 }
    const transcript = new Transcript({
      readStretch: async () => stretch,
      end: () => ({ turns: [withoutBefore(asked.turns[0]!, 75)], seq: asked.seq, logId: 1 }),
      changed: () => {},
    })
    await transcript.jump({ is: 'entry', number: 1 })
    const answers = () => transcript.state.reading!.turns[0]!.items.slice(0, 3).map((item) => 'answer' in item && item.answer.is)
    expect(answers()).toEqual(['open', 'open', 'open'])
    for (const event of asking.slice(-3)) transcript.apply(event)
    expect(answers()).toEqual(['answered', 'closed', 'answered'])
  })

  it('begins where the end does, whatever goes on further up', async () => {
    const asked: WindowPlace[] = []
    const goingOn = withoutBefore({ ...whole, turnId: idOf(2) as never }, ITEMS)
    const stretch = {
      seq,
      logId: 1,
      turns: [
        { ...whole, turnId: idOf(2) as never },
        { ...whole, turnId: idOf(3) as never },
      ],
      before: 0,
      after: 1,
    }
    const transcript = new Transcript({
      readStretch: async (place) => {
        asked.push(place)
        return stretch
      },
      end: () => ({ turns: [goingOn, withoutBefore(whole, END)], seq, logId: 1 }),
      changed: () => {},
    })
    await transcript.loadBefore()
    expect(asked).toEqual([{ is: 'before', turnId, item: END }])
    // Nor does what holds that turn reach the end.
    await transcript.jump({ is: 'entry', number: 1 })
    expect([transcript.isJoined, transcript.state.reading?.turns.length]).toEqual([false, 2])
  })

  it('says what did not load until it is tried again, and listens to nothing that is no longer wanted', async () => {
    let isDown = true
    const { transcript, places } = open({
      answer: async (place) => {
        if (isDown) throw new Error('fetch failed')
        return stretchAt(place)
      },
    })
    await transcript.loadBefore()
    expect(transcript.state).toMatchObject({ reading: null, loading: null, failed: { what: 'before' } })
    expect(await transcript.jump({ is: 'entry', number: 500 })).toBe(false)
    isDown = false
    await transcript.retry()
    expect([places().at(0), transcript.state.failed]).toEqual([475, null])
    const late = transcript.loadBefore()
    transcript.clear()
    await late
    expect(transcript.state).toEqual({ reading: null, loading: null, failed: null })
    await transcript.loadBefore()
    expect(places()).toHaveLength(50)
  })
})
