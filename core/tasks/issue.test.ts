import { expect, it } from 'vitest'
import { readIssue } from '#core/tasks/issue.ts'

it('takes the heading for the title, and keeps the rest as it was written', () => {
  expect(
    readIssue('\n\n## Parser drops the last line ##\r\n\r\nIt **does**.\n\n- [ ] Write a test\n- [x] Find it\n* [ ] `fix` it\n'),
  ).toEqual({
    title: 'Parser drops the last line',
    instructions: 'It **does**.\n\n- [ ] Write a test\n- [x] Find it\n* [ ] `fix` it',
    parts: [
      { title: 'Write a test', isDone: false },
      { title: 'Find it', isDone: true },
      { title: '`fix` it', isDone: false },
    ],
  })
})

it.each([
  ['one line', 'Fix it', { title: 'Fix it', instructions: '', parts: [] }],
  ['nothing', ' \n\n ', { title: '', instructions: '', parts: [] }],
  ['an underlined heading', 'Fix it\n=====\nNow.', { title: 'Fix it', instructions: 'Now.', parts: [] }],
  ['a title in bold', '**Fix it**\nNow.', { title: 'Fix it', instructions: 'Now.', parts: [] }],
  ['a list without boxes', 'Fix it\n- one\n- two', { title: 'Fix it', instructions: '- one\n- two', parts: [] }],
  ['boxes inside code', 'Fix it\n```\n- [ ] not this\n```', { title: 'Fix it', instructions: '```\n- [ ] not this\n```', parts: [] }],
  [
    'a numbered list of boxes',
    'Fix it\n1. [ ] one\n2) [X] two',
    {
      parts: [
        { title: 'one', isDone: false },
        { title: 'two', isDone: true },
      ],
    },
  ],
])('reads %s', (_, text, issue) => {
  expect(readIssue(text)).toMatchObject(issue)
})

it('cuts a first line that is no title, and loses nothing of it', () => {
  const line = 'word '.repeat(100).trim()
  const { title, instructions } = readIssue(`${line}\nMore.`)
  expect(title.length).toBeLessThanOrEqual(200)
  expect(title.endsWith('…')).toBe(true)
  expect(instructions).toBe(`${line}\nMore.`)
})
