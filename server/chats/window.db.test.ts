import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatEvent } from '#core/chat/events.ts'
import { hasEnded } from '#core/chat/fold-turn.ts'
import { fold, foldAll } from '#core/chat/fold.ts'
import { headOf, headOfTurn } from '#core/chat/heads.ts'
import { isUnclear, placeOf, SEGMENT_ITEMS } from '#core/chat/part.ts'
import { anyLog, idOf, logOf } from '#core/chat/testing-logs.ts'
import { emptyChat, type ChatView, type Turn } from '#core/chat/view.ts'
import type { Stretch } from '#core/chat/window.ts'
import type { ChatId, ToolCallId, TurnId } from '#core/ids.ts'
import { recordServerFacts } from '#server/chats/append.ts'
import { readEventsAfter } from '#server/chats/events.ts'
import { project } from '#server/chats/projection.ts'
import { foldHistory } from '#server/chats/retention.ts'
import { loadLog } from '#server/chats/testing-log.ts'
import { readCall, readLast, readStretch } from '#server/chats/window.ts'
import { indexChat } from '#server/search/indexer.ts'
import { pool } from '#server/db/client.ts'
import { seedChat, seedTeamScope } from '#server/db/testing.ts'

const headsOf = (view: ChatView): ChatView => ({
  ...view,
  turns: view.turns.map((turn) => headOfTurn({ ...turn, items: turn.items.map(headOf) })),
})
const seedLog = async (events: readonly ChatEvent[]): Promise<ChatId> => {
  const chatId = await seedChat(await seedTeamScope())
  await loadLog(chatId, events)
  return chatId
}

/** As a browser that starts at the end and scrolls up to the beginning: every stretch, in the order of the transcript. */
async function readUp(chatId: ChatId): Promise<Stretch[]> {
  const last = await readLast({ chatId }, { atLeast: 0 })
  const stretches: Stretch[] = [{ seq: last.view.seq, logId: last.logId, turns: last.view.turns, before: last.before, after: 0 }]
  while (stretches[0]!.before > 0) {
    const first = stretches[0]!.turns[0]!
    const place = { is: 'before', turnId: first.turnId, item: first.part?.from ?? 0 } as const
    stretches.unshift(await readStretch({ chatId }, { place, atLeast: 0 }))
  }
  return stretches
}

/** Every prompt and item, once, with its number. */
const entriesOf = (turns: readonly Turn[]): string[] =>
  turns.flatMap((turn) => [
    ...((turn.part?.from ?? 0) === 0 ? [`${turn.turnId} prompt`] : []),
    ...turn.items.flatMap((item, index) =>
      placeOf(turn, index) < (turn.part?.from ?? 0) ? [] : [`${turn.turnId} ${placeOf(turn, index)} ${JSON.stringify(item)}`],
    ),
  ])
const sorted = (text: string): string =>
  JSON.stringify(JSON.parse(text), (_, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([one], [two]) => (one < two ? -1 : 1)))
      : value,
  )
const comparable = (entries: readonly string[]): string[] =>
  entries.map((each) => {
    const at = each.indexOf('{')
    return at < 0 ? each : each.slice(0, at) + sorted(each.slice(at))
  })

const prompt = [{ type: 'text', text: 'Go' }]
/** A turn with so many calls, each of which prints `chars` characters. */
const bigTurn = (n: number, calls: number, chars: number) => {
  const turnId = idOf(n)
  return [
    { type: 'turn.requested', turnId, by: 'ada', prompt } as const,
    { type: 'turn.accepted', turnId } as const,
    ...Array.from({ length: calls }, (_, at) => [
      {
        type: 'tool.called',
        turnId,
        toolCallId: `c${at}`,
        title: `Call ${at}`,
        kind: 'execute',
        status: 'in_progress',
        content: [],
        locations: [],
      } as const,
      {
        type: 'tool.updated',
        turnId,
        toolCallId: `c${at}`,
        status: 'completed',
        content: [{ type: 'text', text: `${at} `.repeat(chars / 4) }],
      } as const,
    ]).flat(),
  ]
}

describe('what a log comes to', () => {
  it('is the same whenever it was written down, and read at the end it folds on as the whole', async () => {
    for (const [events, cuts] of fc.sample(fc.tuple(anyLog, fc.array(fc.nat(), { maxLength: 3 })), { numRuns: 25, seed: 7 })) {
      const chatId = await seedChat(await seedTeamScope())
      const ends = [...new Set([...cuts.map((cut) => cut % (events.length + 1)), events.length])].toSorted((one, two) => one - two)
      let done = 0
      for (const end of ends) {
        await loadLog(chatId, events.slice(done, end))
        await pool().query('update chat_head set head = $2 where "chatId" = $1', [chatId, end])
        if (end === ends.at(-1)) break
        await project(chatId)
        done = end
      }
      const { view } = await readLast({ chatId }, { atLeast: 0 })
      let followed = view
      for (const event of await readEventsAfter(chatId, { afterSeq: view.seq, maxEvents: 1_000, maxBytes: 9_000_000 })) {
        if (isUnclear(followed, event)) followed = (await readLast({ chatId }, { atLeast: event.seq })).view
        followed = fold(followed, event)
      }
      const whole = foldAll(emptyChat, events)
      const withoutParts = { ...headsOf(followed), turns: headsOf(followed).turns.map(({ part: _, ...turn }) => turn) }
      expect(withoutParts).toEqual(headsOf(whole))

      await project(chatId)
      const up = await readUp(chatId)
      expect(comparable(up.flatMap(({ turns }) => entriesOf(turns)))).toEqual(comparable(entriesOf(headsOf(whole).turns)))
    }
  })

  it('begins anew with a log that took the place of another', async () => {
    const chatId = await seedLog(logOf(bigTurn(1, 3, 40)))
    await project(chatId)
    await pool().query('delete from chat_event where "chatId" = $1', [chatId])
    await loadLog(chatId, logOf(bigTurn(2, 1, 40)))
    await pool().query('update chat_head set "logId" = 2 where "chatId" = $1', [chatId])
    const { view, logId } = await readLast({ chatId }, { atLeast: 0 })
    expect([logId, view.turns.map((turn) => [turn.turnId, turn.items.length])]).toEqual([2, [[idOf(2), 1]]])
  })
})

describe('stretches', () => {
  const facts = [...bigTurn(1, 130, 400), { type: 'turn.ended', turnId: idOf(1), outcome: 'completed', stopReason: null } as const]
  const later = [...bigTurn(2, 3, 400), { type: 'turn.ended', turnId: idOf(2), outcome: 'completed', stopReason: null } as const]
  const events = logOf([...facts, ...later, ...bigTurn(3, 230, 400)])
  const whole = headsOf(foldAll(emptyChat, events))

  it('hold few items however long the chat is, and together each of them once', async () => {
    const chatId = await seedLog(events)
    const up = await readUp(chatId)
    expect(up.length).toBeGreaterThan(4)
    for (const { turns } of up) expect(entriesOf(turns).length).toBeLessThan(60 + SEGMENT_ITEMS)
    const entries = entriesOf(whole.turns)
    expect(comparable(up.flatMap(({ turns }) => entriesOf(turns)))).toEqual(comparable(entries))
    // Each says how much stands around it.
    let before = 0
    for (const stretch of up) {
      const count = entriesOf(stretch.turns).length
      expect([stretch.before, stretch.after]).toEqual([before, stretch === up.at(-1) ? 0 : entries.length - before - count])
      before += count
    }
  })

  it('follow on each other downwards too, and are found by their number', async () => {
    const chatId = await seedLog(events)
    const entries = entriesOf(whole.turns)
    const middle = await readStretch({ chatId }, { place: { is: 'entry', number: 200 }, atLeast: 0 })
    expect(middle.before).toBeLessThanOrEqual(200)
    expect(middle.before + entriesOf(middle.turns).length).toBeGreaterThan(200)
    const last = middle.turns.at(-1)!
    const next = await readStretch(
      { chatId },
      { place: { is: 'after', turnId: last.turnId, item: last.part?.to ?? last.items.length }, atLeast: 0 },
    )
    expect(comparable([...entriesOf(middle.turns), ...entriesOf(next.turns)])).toEqual(
      comparable(entries.slice(middle.before, entries.length - next.after)),
    )
  })

  it('are read around a message, and around a prompt', async () => {
    const turnId = idOf(1) as TurnId
    const said = Array.from(
      { length: 300 },
      (_, at) => ({ type: 'reply.appended', turnId, messageId: `m${at}`, offset: 0, text: `${at}` }) as const,
    )
    const chatId = await seedLog(logOf([{ type: 'turn.requested', turnId, by: 'ada', prompt }, { type: 'turn.accepted', turnId }, ...said]))
    const around = async (key: string | null) => {
      const { turns } = await readStretch({ chatId }, { place: { is: 'around', turnId, key }, atLeast: 0 })
      return turns.flatMap((turn) => turn.items.map((item) => (item.is === 'reply' ? item.messageId : '')))
    }
    expect(await around('reply m160')).toContain('m160')
    expect(await around('reply m160')).toContain('m145')
    expect(await around(null)).toContain('m0')
  })

  it('hold the queue and every open question, wherever they stand', async () => {
    const turnId = idOf(1) as TurnId
    const ask = {
      type: 'permission.requested',
      requestId: idOf(50),
      turnId,
      toolCallId: 'c',
      title: 'May I?',
      kind: 'execute',
      content: [],
      options: [{ optionId: 'y', name: 'Yes', kind: 'allow_once' }],
    } as const
    const [requested, accepted, ...calls] = bigTurn(1, 200, 400)
    const queued = { type: 'turn.requested', turnId: idOf(2), by: 'ada', prompt } as const
    const chatId = await seedLog(logOf([requested!, queued, accepted!, ask, ...calls]))
    const { view } = await readLast({ chatId }, { atLeast: 0 })
    expect(view.turns.map((turn) => turn.status)).toEqual(['waiting', 'queued'])
    expect(view.turns[0]!.items[0]).toMatchObject({ is: 'permission', answer: { is: 'open' } })
    expect(view.turns[0]!.items.length).toBeLessThan(120)
    expect(view.turns[0]!.part).toMatchObject({ count: 201, to: 201 })
  })

  it('tell of a long output its end, and a call all of it', async () => {
    const text = Array.from({ length: 5_000 }, (_, at) => `line ${at}`).join('\n')
    const turnId = idOf(1) as TurnId
    const chatId = await seedLog(
      logOf([
        { type: 'turn.requested', turnId, by: 'ada', prompt },
        { type: 'turn.accepted', turnId },
        {
          type: 'tool.called',
          turnId,
          toolCallId: 'c',
          title: 'Build',
          kind: 'execute',
          status: 'in_progress',
          content: [],
          locations: [],
        },
        {
          type: 'tool.updated',
          turnId,
          toolCallId: 'c',
          status: 'completed',
          content: [{ type: 'text', text }],
          output: { stdout: text, exit: 3 },
        },
      ]),
    )
    const { view } = await readLast({ chatId }, { atLeast: 0 })
    const item = view.turns[0]!.items[0]!
    expect(JSON.stringify(item).length).toBeLessThan(12_000)
    expect(item).toMatchObject({ output: { exit: 3 }, cut: { output: expect.any(Number) } })
    const call = await readCall({ chatId }, { turnId, toolCallId: 'c' as ToolCallId })
    expect(call).toEqual({ content: [{ type: 'text', text }], output: { stdout: text, exit: 3 } })
  })

  it('are the same of a log whose beginning is folded, and hold its calls whole', async () => {
    const text = 'long '.repeat(2_000)
    const turnId = idOf(1) as TurnId
    const over = { type: 'turn.ended', turnId, outcome: 'completed', stopReason: null } as const
    const output = { type: 'tool.updated', turnId, toolCallId: 'c3', content: [{ type: 'text', text }] } as const
    const log = logOf([...bigTurn(1, 30, 4_000), output, over])
    const [plain, folded] = [await seedLog(log), await seedLog(log)]
    await indexChat(folded)
    await foldHistory(folded)
    expect((await readEventsAfter(folded, { afterSeq: 0, maxEvents: 9, maxBytes: 9_000_000 }))[0]!.type).toBe('history.folded')
    expect((await readLast({ chatId: folded }, { atLeast: 0 })).view).toEqual((await readLast({ chatId: plain }, { atLeast: 0 })).view)
    const call = { turnId, toolCallId: 'c3' }
    expect((await readCall({ chatId: folded }, call)).content).toEqual([{ type: 'text', text }])
    // Projected before, which is what happens.
    await foldHistory(plain)
    expect((await readCall({ chatId: plain }, call)).content).toEqual([{ type: 'text', text }])
  })

  it('stand at what was asked for, or later', async () => {
    const chatId = await seedLog(logOf(bigTurn(1, 2, 40)))
    await project(chatId)
    await recordServerFacts(chatId, [{ type: 'chat.renamed', by: 'ada' as never, title: 'Other' }])
    expect((await readLast({ chatId }, { atLeast: 0 })).view.seq).toBe(6)
    expect((await readLast({ chatId }, { atLeast: 7 })).view).toMatchObject({ seq: 7, title: 'Other' })
  })
})

it('knows every turn that has not ended', async () => {
  const chatId = await seedLog(logOf([1, 2, 3].flatMap((n) => bigTurn(n, 1, 4))))
  const { view } = await readLast({ chatId }, { atLeast: 0 })
  expect(view.turns.filter((turn) => !hasEnded(turn))).toHaveLength(3)
})
