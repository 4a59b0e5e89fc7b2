import { describe, expect, it } from 'vitest'
import { noUsage, type Turn } from '#core/chat/view.ts'
import { changeWords, endFacts, endWords, interruptionWords, runNoteWords, workWords } from '#components/chat/turn-words.model.ts'

const turn = (over: Partial<Turn>): Turn => ({
  turnId: 't' as Turn['turnId'],
  by: 'mei' as Turn['by'],
  prompt: [{ type: 'text', text: 'Hi' }],
  requestedAt: '2026-11-21T08:00:00.000Z',
  acceptedAt: '2026-11-21T08:00:01.000Z',
  endedAt: '2026-11-21T08:00:13.000Z',
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
const nameOf = () => 'Mei'

it.each([
  [{ after: 'crash', hasForgotten: false, upgrade: null }, 'Recovered: Codex is running again, and knows what was said before.'],
  [
    { after: 'interruption', hasForgotten: true, upgrade: null },
    'Recovered: Codex is running again, but does not know what was said before.',
  ],
  [{ after: null, hasForgotten: true, upgrade: null }, 'Codex began anew, but does not know what was said before.'],
  [
    { after: null, hasForgotten: false, upgrade: { from: '1.0', to: '1.1' } },
    'Codex was upgraded from 1.0 to 1.1, and knows what was said before.',
  ],
] as const)('tells of a run %o', (note, words) => expect(runNoteWords({ is: 'run-note', at: '', ...note }, 'Codex')).toBe(words))

it('tells a crash from a lost connection', () => {
  expect(interruptionWords({ failure: { code: 'agent.crashed', facts: {} } }, 'Codex')).toMatch(/^Codex stopped unexpectedly/)
  expect(interruptionWords({ failure: null }, 'Codex')).toMatch(/^The connection to the agent was lost/)
})

describe('the end of a turn', () => {
  it.each<[Partial<Turn>, string]>([
    [{}, 'Done'],
    [{ status: 'cancelled', cancelledBy: 'mei' as Turn['by'] }, 'Stopped by Mei'],
    [{ status: 'cancelled' }, 'Stopped'],
    [{ status: 'interrupted' }, 'Interrupted'],
    [{ status: 'refused' }, 'The model declined to go on'],
    [{ status: 'failed' }, 'Failed'],
  ])('%j → %s', (over, words) => expect(endWords(turn(over), nameOf)).toBe(words))

  it('says what it took, from the moment the agent had it', () => {
    const usage = { ...noUsage, requests: 2, inputTokens: 12_300, outputTokens: 250, costMicros: 240_000 }
    expect(endFacts(turn({ usage }))).toEqual(['12 s', '12.3k in, 250 out', '$0.24'])
    expect(endFacts(turn({ usage: { ...usage, cacheReadTokens: 36_900 } }))).toEqual(['12 s', '49.2k in, 250 out', '75 % cached', '$0.24'])
    expect(endFacts(turn({ acceptedAt: null }))).toEqual([])
  })
  it('counts what it changed', () => {
    const file = { path: 'a', status: 'modified' as const, added: 3, removed: 1, isBinary: false }
    expect(changeWords({ files: [file], isTruncated: false })).toEqual({ words: '1 file changed', added: 3, removed: 1 })
    expect([changeWords(null), changeWords({ files: [], isTruncated: false })]).toEqual([null, null])
  })
})

describe('the work of a running turn', () => {
  const words = (over: Partial<Parameters<typeof workWords>[0]>) =>
    workWords({
      wait: null,
      status: 'running',
      run: { is: 'none' },
      agent: 'Codex',
      progress: null,
      isNodeOnline: true,
      nodeName: 'oak',
      ...over,
    })
  it('says what is prepared and how far it is', () => {
    expect(words({ status: 'starting', run: { is: 'preparing', stage: 'installing', note: '0.166.0', fraction: 0.4 } })).toEqual({
      words: 'Installing Codex',
      note: '0.166.0',
      fraction: 0.4,
      isMoving: true,
    })
    expect(words({ run: { is: 'preparing', stage: 'cloning', note: '', fraction: null } })).toMatchObject({
      words: 'Cloning the repository',
      note: null,
    })
  })
  it('calls a lost node disconnected, whatever else is known', () => {
    expect(words({ status: 'cancelling', isNodeOnline: false })).toEqual({
      words: 'Disconnected, will resume',
      note: 'Waiting for oak to come back',
      isMoving: false,
    })
  })
  it('says in the agent’s words where it stands, while it works', () => {
    expect(words({ progress: { note: 'Half of the tests pass', fraction: 0.5 } })).toEqual({
      words: 'Half of the tests pass',
      note: null,
      fraction: 0.5,
      isMoving: true,
    })
    expect(words({ progress: { note: 'Nearly there', fraction: null } })).toEqual({ words: 'Nearly there', note: null, isMoving: true })
    expect(words({ status: 'waiting', progress: { note: 'Nearly there', fraction: null } }).words).toBe('Waiting for an answer')
  })
  it('has a word for each other state', () => {
    expect((['queued', 'starting', 'running', 'waiting', 'cancelling'] as const).map((status) => words({ status }).words)).toEqual([
      'Waiting for a free node',
      'Codex is starting on it',
      'Working',
      'Waiting for an answer',
      'Stopping',
    ])
  })
})
