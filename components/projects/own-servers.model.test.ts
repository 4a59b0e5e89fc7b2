import type { Finding } from '#core/mcp/own-server.ts'
import { expect, it } from 'vitest'
import { serverLook, toolCount, whereOf } from '#components/projects/own-servers.model.ts'

it('says how a server stands, in a word and where it is bad in a sentence', () => {
  const on = { isEnabled: true }
  const good: Finding = { is: 'good', title: 'Docs', tools: ['a'] }
  expect([
    serverLook({ ...on, finding: good }),
    serverLook({ isEnabled: false, finding: good }),
    serverLook({ ...on, finding: null }),
  ]).toEqual([
    { tone: 'good', word: 'Answers', sentence: null },
    { tone: 'quiet', word: 'Off', sentence: null },
    { tone: 'quiet', word: 'Not looked at', sentence: null },
  ])
  expect(serverLook({ ...on, finding: { is: 'refused', status: 401 } })).toMatchObject({
    tone: 'bad',
    word: 'Refuses',
    sentence: expect.stringContaining('401') as string,
  })
  expect(serverLook({ ...on, finding: { is: 'not-mcp', status: 200 } }).sentence).toBe(
    'At this address nothing speaks MCP: it answers 200.',
  )
  expect(serverLook({ ...on, finding: { is: 'not-mcp', status: null } }).sentence).toBe('At this address nothing speaks MCP.')
  for (const is of ['unsafe', 'unreachable', 'unreadable'] as const) expect(serverLook({ ...on, finding: { is } }).tone).toBe('bad')
})

it('names where it is', () => {
  expect([whereOf('https://mcp.example.org/v1?x=1'), whereOf('https://mcp.example.org'), toolCount(1), toolCount(4)]).toEqual([
    'mcp.example.org/v1',
    'mcp.example.org',
    '1 tool',
    '4 tools',
  ])
})
