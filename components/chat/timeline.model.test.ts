import { describe, expect, it } from 'vitest'
import { foldAll } from '#core/chat/fold.ts'
import { SEGMENT_ITEMS, withoutBefore, withoutFrom } from '#core/chat/part.ts'
import { idOf, logOf } from '#core/chat/testing-logs.ts'
import { emptyChat, noUsage, type Turn, type TurnItem } from '#core/chat/view.ts'
import { arrange, rowOfMessage, RowKeeper, timelineRows, type Outgoing, type Row } from '#components/chat/timeline.model.ts'

const at = (minute: number, day = 21) => new Date(2026, 10, day, 14, minute).toISOString()

const prompt = [{ type: 'text' as const, text: 'Hello' }]
const turn = (turnId: string, over: Partial<Turn> = {}): Turn => ({
  turnId: turnId as Turn['turnId'],
  by: 'mei' as Turn['by'],
  prompt,
  requestedAt: at(0),
  acceptedAt: at(0),
  endedAt: at(1),
  status: 'completed',
  items: [],
  failure: null,
  openFailure: null,
  endedAs: null,
  cancelledBy: null,
  usage: noUsage,
  changes: null,
  progress: null,
  ...over,
})
let items = 0
const tool = (status: 'completed' | 'in_progress' | 'failed' | 'pending' = 'completed'): TurnItem => ({
  is: 'tool',
  toolCallId: `call-${(items += 1)}` as never,
  title: 'x',
  kind: 'read',
  status,
  content: [],
  locations: [],
  startedAt: at(0),
  endedAt: at(0),
})
const reply = (text: string): TurnItem => ({ is: 'reply', messageId: `m-${(items += 1)}` as never, text })
const thought = (text: string): TurnItem => ({
  is: 'thought',
  messageId: `m-${(items += 1)}` as never,
  text,
  startedAt: at(0),
  lastAt: at(0),
})
const failure = (code: 'provider.failed' | 'provider.out-of-quota'): TurnItem => ({
  is: 'model-failure',
  failure: { code, facts: {} },
  provider: 'openai',
  model: 'm',
  at: at(0),
})
const permission = (answer: 'open' | 'closed'): TurnItem => ({
  is: 'permission',
  requestId: `r-${(items += 1)}` as never,
  toolCallId: 'call' as never,
  title: 'x',
  kind: 'execute',
  content: [],
  options: [{ optionId: 'a', name: 'Allow', kind: 'allow_once' }],
  requestedAt: at(0),
  answer: answer === 'open' ? { is: 'open' } : { is: 'closed', reason: 'cancelled', at: at(1) },
})
const outgoing = (turnId: string): Outgoing => ({ turnId: turnId as never, text: 'Hi', sentAt: at(5), state: 'sending', code: null })

const rowsOf = (turns: Turn[], sending: Outgoing[] = []) => timelineRows(arrange(turns, sending))
const kinds = (rows: Row[]) =>
  rows.map((row) => (row.is === 'tools' ? `tools×${row.items.length}` : row.is === 'model-failure' ? `failure×${row.times}` : row.is))

describe('rows of a turn', () => {
  it('has a day, a prompt, what happened and an end', () => {
    expect(kinds(rowsOf([turn('t1', { items: [thought('hm'), reply('Hi')] })]))).toEqual(['day', 'prompt', 'thought', 'reply', 'turn-end'])
  })
  it('opens a day once', () => {
    expect(kinds(rowsOf([turn('t1'), turn('t2'), turn('t3', { requestedAt: at(0, 22) })]))).toEqual([
      'day',
      'prompt',
      'turn-end',
      'prompt',
      'turn-end',
      'day',
      'prompt',
      'turn-end',
    ])
  })
  it('folds finished calls and keeps failures and live calls in sight', () => {
    const running = turn('t1', { status: 'running', endedAt: null, items: [tool(), tool(), tool('failed'), tool(), tool('in_progress')] })
    expect(kinds(rowsOf([running]))).toEqual(['day', 'prompt', 'tools×2', 'tool', 'tool', 'tool', 'working'])
  })
  it('keeps the newest call of a running turn open until something follows it', () => {
    const running = (more: TurnItem[]) => turn('t1', { status: 'running', endedAt: null, items: [tool(), tool(), ...more] })
    expect(kinds(rowsOf([running([])]))).toEqual(['day', 'prompt', 'tool', 'tool', 'working'])
    expect(kinds(rowsOf([running([reply('so')])]))).toEqual(['day', 'prompt', 'tools×2', 'reply', 'working'])
  })
  it('lets an open question stand for its call', () => {
    const call = tool('pending')
    const asking = { ...permission('open'), toolCallId: (call as { toolCallId: string }).toolCallId } as TurnItem
    const waiting = (answer: TurnItem) => turn('t1', { status: 'waiting', endedAt: null, items: [call, answer] })
    expect(kinds(rowsOf([waiting(asking)]))).toEqual(['day', 'prompt', 'permission', 'working'])
    const answered = { ...asking, answer: { is: 'answered', by: 'mei', optionId: 'a', at: at(1) } } as TurnItem
    expect(kinds(rowsOf([waiting(answered)]))).toEqual(['day', 'prompt', 'tool', 'permission', 'working'])
  })
  it('skips blank text', () =>
    expect(kinds(rowsOf([turn('t1', { items: [reply(' \n'), thought('')] })]))).toEqual(['day', 'prompt', 'turn-end']))
  it('counts repeated model failures in one row, and leaves the last to the end line', () => {
    const failed = turn('t1', {
      status: 'failed',
      failure: { code: 'provider.failed', facts: {} },
      items: [failure('provider.out-of-quota'), failure('provider.out-of-quota'), failure('provider.failed')],
    })
    expect(kinds(rowsOf([failed]))).toEqual(['day', 'prompt', 'failure×2', 'turn-end'])
    const retold = { ...failed, items: [failure('provider.failed'), reply('The model answered 529.')] }
    expect(kinds(rowsOf([retold]))).toEqual(['day', 'prompt', 'reply', 'turn-end'])
  })
  it('marks the last end, the one that offers what to do next', () => {
    const ends = rowsOf([turn('t1'), turn('t2')]).flatMap((row) => (row.is === 'turn-end' ? [row.isLast] : []))
    expect(ends).toEqual([false, true])
  })
})

describe('the queue', () => {
  it('shows the next in line in the timeline when nothing runs', () => {
    const arranged = arrange(
      [turn('t1'), turn('t2', { status: 'queued', endedAt: null }), turn('t3', { status: 'queued', endedAt: null })],
      [],
    )
    expect([arranged.shown.map((each) => each.turnId), arranged.queued.map((each) => each.turnId)]).toEqual([['t1', 't2'], ['t3']])
  })
  it('queues everything behind a running turn', () => {
    const arranged = arrange(
      [turn('t1', { status: 'waiting', endedAt: null }), turn('t2', { status: 'queued', endedAt: null })],
      [outgoing('t9')],
    )
    expect([arranged.shown.length, arranged.queued.length, arranged.sendingNow.length, arranged.sendingToQueue.length]).toEqual([
      1, 1, 0, 1,
    ])
  })
})

describe('a prompt on its way', () => {
  it('has the key of the prompt that it becomes', () => {
    const sending = rowsOf([], [outgoing('t1')])
    const stored = rowsOf([turn('t1', { status: 'queued', endedAt: null, acceptedAt: null })], [outgoing('t1')])
    expect(kinds(sending)).toEqual(['day', 'outgoing'])
    expect(kinds(stored)).toEqual(['day', 'prompt', 'working'])
    expect(sending[1]!.key).toBe(stored[1]!.key)
  })
})

describe('reuse', () => {
  it('gives back the same objects except for the live row', () => {
    const steady = [thought('hm'), tool(), tool(), reply('first')]
    const first = rowsOf([turn('t0'), turn('t1', { status: 'running', endedAt: null, items: [...steady, reply('a')] })])
    const keeper = new RowKeeper()
    const known = new Map(keeper.keep(first).map((row) => [row.key, row]))
    const second = keeper.keep(rowsOf([turn('t0'), turn('t1', { status: 'running', endedAt: null, items: [...steady, reply('ab')] })]))
    const redrawn = second.filter((row) => known.get(row.key) !== row)
    // The ended turn is another object here, so its end line counts as new.
    expect(kinds(redrawn)).toEqual(['turn-end', 'reply'])
  })
  it('does not derive ended turns again', () => {
    const ended = turn('t1', { items: [reply('x')] })
    expect(rowsOf([ended])[2]).toBe(rowsOf([ended])[2])
  })
})

it('finds the row of a message in its own turn, and its prompt where the message is gone', () => {
  const said = reply('Here')
  const messageId = said.is === 'reply' ? said.messageId : ''
  const rows = timelineRows({ shown: [turn('t1', { items: [said] }), turn('t2', { items: [tool(), said] })], sendingNow: [] })
  expect(rowOfMessage(rows, { turnId: 't2', messageId })).toBe('t2:1')
  expect(rowOfMessage(rows, { turnId: 't2', messageId: null })).toBe('prompt:t2')
  expect(rowOfMessage(rows, { turnId: 't2', messageId: 'gone' })).toBe('prompt:t2')
  expect(rowOfMessage(rows, { turnId: 't3', messageId })).toBe(null)
})

it('makes the same rows of parts of a turn as of all of it', () => {
  const turnId = idOf(1)
  const calls = Array.from({ length: 120 }, (_, at) => {
    const call = { turnId, toolCallId: `c${at}`, title: 'Look', kind: 'read', content: [], locations: [] } as const
    const said = { type: 'reply.appended', turnId, messageId: `m${at}`, offset: 0, text: 'So.' } as const
    return [{ ...call, type: 'tool.called', status: 'completed' } as const, ...(at % 7 === 0 ? [said] : [])]
  })
  const whole = foldAll(
    emptyChat,
    logOf([{ type: 'turn.requested', turnId, by: 'ada', prompt: [{ type: 'text', text: 'Go' }] }, ...calls.flat()]),
  ).turns[0]!
  const all = timelineRows({ shown: [whole], sendingNow: [] })
  for (let at = SEGMENT_ITEMS; at < whole.items.length; at += SEGMENT_ITEMS) {
    const parts = [withoutFrom(whole, at), withoutBefore(whole, at)]
    expect(timelineRows({ shown: parts, sendingNow: [] })).toEqual(
      all.map((row) => ('turn' in row ? { ...row, turn: expect.anything() } : row)),
    )
  }
})
