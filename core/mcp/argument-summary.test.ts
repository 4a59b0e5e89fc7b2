import { expect, it } from 'vitest'
import { summarizeArguments } from '#core/mcp/argument-summary.ts'

it('says in one line what was asked', () => {
  expect(summarizeArguments({ query: 'the\n  login page', limit: 5, exact: true, tags: ['a', 'b'], where: { deep: 1 } })).toBe(
    'query: "the login page", limit: 5, exact: true, tags: ["a", "b"], where: {…}',
  )
  expect(summarizeArguments(undefined)).toBe('')
  expect(summarizeArguments('only words')).toBe('"only words"')
})

it('keeps out what looks like a key, by its name and by its look', () => {
  const key = 'sk-ant-api03-abcdefghijklmnop'
  const said = summarizeArguments({
    question: `Is ${key} right? And Bearer abcdefgh12345678?`,
    api_key: 'short',
    password: 'hunter2',
    user_pin: 4711,
    list: ['AIzaSyA1234567890123'],
    hash: 'a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0a1b2c3d4',
  })
  for (const secret of [key, 'abcdefgh12345678', 'short', 'hunter2', '4711', 'AIzaSy', 'a1b2c3d4']) expect(said).not.toContain(secret)
})

it('stays short whatever comes', () => {
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`field${at}`, 'x '.repeat(5_000)]))
  expect(summarizeArguments(many).length).toBeLessThanOrEqual(400)
  expect(summarizeArguments({ text: '😀'.repeat(500) }).isWellFormed()).toBe(true)
})
