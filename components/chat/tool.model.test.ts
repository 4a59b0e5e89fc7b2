import { countLines } from '#core/chat/line-counts.ts'
import { describe, expect, it } from 'vitest'
import type { ToolItem } from '#core/chat/view.ts'
import {
  commandOf,
  diffCounts,
  exitCodeOf,
  printedBy,
  shortPath,
  summarize,
  tailOf,
  toolTarget,
  toolVerb,
} from '#components/chat/tool.model.ts'

let calls = 0
const call = (over: Partial<ToolItem>): ToolItem => ({
  is: 'tool',
  toolCallId: `call-${(calls += 1)}` as ToolItem['toolCallId'],
  title: 'Something',
  kind: 'other',
  status: 'completed',
  content: [],
  locations: [],
  startedAt: '2026-11-21T08:00:00.000Z',
  endedAt: '2026-11-21T08:00:01.000Z',
  ...over,
})

describe('the line of a call', () => {
  it.each<[string, Partial<ToolItem>, string]>([
    ['a command line', { kind: 'execute', input: { command: 'npm test' } }, 'npm test'],
    ['a shell array', { kind: 'execute', input: { command: ['/bin/bash', '-lc', 'ls | wc'] } }, 'ls | wc'],
    [
      'an argument array',
      { kind: 'execute', input: { command: ['git', 'commit', '-m', "it's done"] } },
      String.raw`git commit -m 'it'\''s done'`,
    ],
    ['a quoted title', { kind: 'execute', title: '`make`' }, 'make'],
    ['a location', { kind: 'read', locations: [{ path: '/n/workspaces/c-1/work/src/a.ts' }] }, 'src/a.ts'],
    ['a diff', { kind: 'edit', content: [{ type: 'diff', path: 'a.md', oldText: null, newText: 'x' }] }, 'a.md'],
    ['an input path', { kind: 'read', input: { file_path: 'b.md' } }, 'b.md'],
    ['an MCP tool', { kind: 'other', title: 'mcp__github__create_issue' }, 'github.create_issue'],
    ['a search', { kind: 'search', title: 'grep "todo"', locations: [{ path: '/x' }] }, 'grep "todo"'],
    ['nothing at all', { kind: 'other', title: ' ' }, 'a tool'],
  ])('shows %s', (_, over, target) => expect(toolTarget(call(over))).toBe(target))

  it('does not claim that a failed call happened', () => {
    expect([toolVerb('edit', 'done'), toolVerb('edit', 'failed'), toolVerb('edit', 'running')]).toEqual(['Edited', 'Editing', 'Editing'])
    expect(toolVerb('execute', 'failed')).toBe('Ran')
  })
  it('has no command outside execute', () => expect(commandOf(call({ kind: 'read', input: { command: 'x' } }))).toBeUndefined())
  it('shortens the path of the workspace itself', () => expect(shortPath('/n/workspaces/c-1/work')).toBe('.'))
})

describe('what a command printed', () => {
  it('reads content first, then the outputs that agents use', () => {
    expect(printedBy(call({ content: [{ type: 'text', text: '```console\nok\n```' }], output: { stdout: 'other' } }))).toBe('ok')
    expect(printedBy(call({ output: { stdout: 'a', stderr: 'b' } }))).toBe('a\nb')
    expect(printedBy(call({ output: { formatted_output: 'c' } }))).toBe('c')
    expect(printedBy(call({ output: 'd\n' }))).toBe('d')
    expect(printedBy(call({}))).toBe('')
  })
  it('drops colours and overwritten progress', () => {
    expect(printedBy(call({ output: '\u001B[32mgreen\u001B[0m\r\n10%\r50%\r100%' }))).toBe('green\n100%')
  })
  it('finds the exit code in each place', () => {
    expect([{ exit_code: 1 }, { exitCode: 0 }, { metadata: { exit: 2 } }, {}, null].map((output) => exitCodeOf(call({ output })))).toEqual([
      1,
      0,
      2,
      undefined,
      undefined,
    ])
  })
  it('keeps the tail', () => {
    expect(tailOf('1\n2\n3', 2)).toEqual({ lines: '2\n3', hidden: 1 })
    expect(tailOf('1', 2)).toEqual({ lines: '1', hidden: 0 })
  })
})

describe('counting lines of a diff', () => {
  it.each([
    [null, 'a\nb\n', { added: 2, removed: 0 }],
    ['a\nb\nc', 'a\nx\nc', { added: 1, removed: 1 }],
    ['a\nb\nc\nd', 'b\na\nc\nd\ne', { added: 2, removed: 1 }],
    ['same', 'same', { added: 0, removed: 0 }],
    ['a\n', '', { added: 0, removed: 1 }],
  ])('%j → %j', (oldText, newText, counts) => expect(countLines({ oldText, newText })).toEqual(counts))
  it('adds up several diffs, and says nothing without one', () => {
    const diff = { type: 'diff' as const, path: 'a', oldText: null, newText: 'x' }
    expect(diffCounts(call({ content: [diff, diff] }))).toEqual({ added: 2, removed: 0 })
    expect(diffCounts(call({}))).toBeNull()
  })
})

describe('the line of several calls', () => {
  it('counts by kind in order, and files once', () => {
    const read = (path: string) => call({ kind: 'read', locations: [{ path }] })
    expect(summarize([call({ kind: 'execute' }), read('a'), read('b'), read('a')])).toBe('Ran 1 command, read 2 files')
    expect(summarize([call({ kind: 'search' }), call({ kind: 'search' })])).toBe('Made 2 searches')
  })
})
