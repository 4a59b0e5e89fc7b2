import { expect, it } from 'vitest'
import { SUMMARY_MAX_CHARS, SummaryMaker } from '#core/chat/summary.ts'
import { noUsage, type Turn } from '#core/chat/view.ts'

const turn = (text: string, over: Partial<Turn> = {}): Turn => ({
  turnId: text as Turn['turnId'],
  by: 'ada' as Turn['by'],
  prompt: [{ type: 'text', text }],
  requestedAt: '',
  acceptedAt: '',
  endedAt: 'then',
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
const reply = (text: string): Turn['items'][number] => ({ is: 'reply', messageId: 'm' as never, text })

function summary(turns: readonly Turn[], title = 'Fix the parser', why: 'fork' | 'move' = 'fork'): string {
  const maker = new SummaryMaker({ title, agent: 'Codex', why, nameOf: (id) => (id === 'ada' ? 'Ada' : 'Mei') })
  for (const each of turns) maker.add(each)
  return String(maker)
}

it('says what was asked, answered and changed, and that it was put together by rule', () => {
  const file = { path: 'src/a.ts', status: 'modified', added: 3, removed: 1, isBinary: false } as const
  const turns = [
    turn('Look\n at it', { items: [reply('I looked.')] }),
    turn('Change it', {
      by: 'mei' as Turn['by'],
      status: 'cancelled',
      items: [reply('Half '), reply('done.')],
      changes: { files: [file], isTruncated: false },
    }),
    turn('And then', { endedAt: null, status: 'queued' }),
  ]
  expect(summary(turns))
    .toBe(`[Context that Gatehouse carries over from another chat, “Fix the parser”, with Codex. It was put together from that chat’s log by rule and may be cut; nobody wrote it for you. You work in a fresh copy: what was changed there is not here.]

What was asked, in order:
- Ada: Look at it
- Mei: Change it (cancelled)
- Ada: And then

What Codex answered last:

To “Look at it”:
I looked.

To “Change it”:
Half

done.

Files that were changed there:
- modified src/a.ts (+3 −1)

[End of the context. The prompt follows.]`)
})

it('stays short however long the chat is, and keeps its beginning and its end', () => {
  const files = Array.from({ length: 500 }, (_, at) => ({
    path: `${'d/'.repeat(300)}${at}`,
    status: 'added' as const,
    added: 1,
    removed: 0,
    isBinary: false,
  }))
  const turns = Array.from({ length: 1_000 }, (_, at) =>
    turn(`Prompt ${at} ${'x'.repeat(5_000)}`, {
      items: [reply(`Reply ${at} ${'y'.repeat(50_000)} end ${at}`)],
      changes: { files, isTruncated: false },
    }),
  )
  const text = summary(turns, 'T'.repeat(1_000))
  expect(text.length).toBeLessThan(SUMMARY_MAX_CHARS)
  expect(text).toContain('Prompt 0 ')
  expect(text).toContain('- (984 more)')
  expect(text).toContain('Prompt 999 ')
  expect(text).toContain('end 999\n')
  expect(text).not.toContain('end 996\n')
  expect(text).toContain('- and 460 more')
  expect(text).toMatch(/The prompt follows\.\]$/)
  expect(summary(turns, 'T'.repeat(1_000))).toBe(text)
})

it('says of a chat that was moved that it is the same one, and what is not there', () => {
  const text = summary([turn('Look at it')], 'Fix the parser', 'move')
  expect(text).toContain('This chat, “Fix the parser” goes on here from another machine')
  expect(text).toContain('not pushed is not here')
  expect(text).not.toContain('another chat')
})
