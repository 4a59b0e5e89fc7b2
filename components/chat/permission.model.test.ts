import { describe, expect, it } from 'vitest'
import type { PermissionItem } from '#core/chat/view.ts'
import { approvalOf, denialOf, isSaidInOneLine, outcomeOf, question, subject } from '#components/chat/permission.model.ts'

const always = { optionId: 'always', name: 'Always allow', kind: 'allow_always' } as const
const once = { optionId: 'once', name: 'Allow', kind: 'allow_once' } as const
const no = { optionId: 'no', name: 'Reject', kind: 'reject_once' } as const
const never = { optionId: 'never', name: 'Never', kind: 'reject_always' } as const

const asked = (over: Partial<PermissionItem> = {}): PermissionItem => ({
  is: 'permission',
  requestId: 'r1' as PermissionItem['requestId'],
  toolCallId: 'c1' as PermissionItem['toolCallId'],
  title: 'Shell',
  kind: 'execute',
  content: [],
  options: [always, once, no],
  requestedAt: '2026-11-21T08:00:00.000Z',
  answer: { is: 'open' },
  ...over,
})
const at = new Date(2026, 10, 21, 14, 2).toISOString()
const nameOf = (userId: string) => ({ mei: 'Mei' })[userId] ?? 'A former member'

it('asks in words and shows the exact thing', () => {
  expect([question(asked(), 'Codex'), subject(asked({ input: { command: 'rm -rf dist' } }))]).toEqual([
    'Codex asks to run a command',
    'rm -rf dist',
  ])
  const diff = { type: 'diff' as const, path: 'a', oldText: null, newText: '' }
  expect(question(asked({ kind: 'edit', content: [diff, diff] }), 'Codex')).toBe('Codex asks to change 2 files')
})

it('approves as narrowly as the agent offers', () => {
  expect([approvalOf(asked()), approvalOf(asked({ options: [always, no] })), approvalOf(asked({ options: [no] }))]).toEqual([
    once,
    always,
    undefined,
  ])
  expect([denialOf(asked()), denialOf(asked({ options: [once, never] })), denialOf(asked({ options: [once] }))]).toEqual([
    no,
    never,
    undefined,
  ])
})

it('may be answered from one line only when the line says it all', () => {
  const diff = { type: 'diff' as const, path: 'a', oldText: null, newText: '' }
  const run = (command: string) => isSaidInOneLine(asked({ input: { command } }))
  expect([
    run('ls'),
    run('ls\nrm -rf /'),
    run(`echo ${'x'.repeat(200)}`),
    isSaidInOneLine(asked({ kind: 'edit', content: [diff] })),
  ]).toEqual([true, false, false, false])
})

describe('what became of it', () => {
  const answered = (optionId: string, note?: string) =>
    outcomeOf(
      asked({
        options: [always, once, no, never],
        answer: { is: 'answered', by: 'mei' as never, optionId, at, ...(note ? { note } : {}) },
      }),
      nameOf,
    )
  it('names the person and the time', () => {
    expect(answered('once')).toEqual({ words: 'Allowed once by Mei, 14:02', isAllowed: true, note: null })
    expect(answered('always')?.words).toBe('Always allowed by Mei, 14:02')
    expect(answered('no', 'Use pnpm')).toEqual({ words: 'Denied by Mei, 14:02', isAllowed: false, note: 'Use pnpm' })
    expect(answered('never')?.words).toBe('Always denied by Mei, 14:02')
    expect(answered('unheard-of')).toEqual({ words: 'Answered by Mei, 14:02', isAllowed: false, note: null })
  })
  it('says why nobody answered', () => {
    expect(outcomeOf(asked(), nameOf)).toBeNull()
    expect(outcomeOf(asked({ answer: { is: 'closed', reason: 'agent-lost', at } }), nameOf)?.words).toBe('Not answered: the agent was gone')
  })
})
