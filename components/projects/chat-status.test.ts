import { expect, it } from 'vitest'
import { byPlace, type ChatStatus } from '#components/projects/chat-status.ts'

const chat = (status: ChatStatus, lastActivityAt: string) => ({ isPinned: false, status, lastActivityAt })

it('puts what I pinned first, then what needs somebody, then the newest', () => {
  const chats = [
    chat('idle', '2026-03-03'),
    chat('running', '2026-03-01'),
    chat('queued', '2026-03-09'),
    chat('waiting', '2026-03-01'),
    chat('failed', '2026-03-08'),
    chat('running', '2026-03-02'),
    chat('waiting', '2026-03-02'),
    { ...chat('idle', '2026-01-01'), isPinned: true },
  ]
  expect([...chats].sort(byPlace).map((each) => `${each.status} ${each.lastActivityAt.slice(-1)}`)).toEqual([
    'idle 1',
    'waiting 2',
    'waiting 1',
    'failed 8',
    'running 2',
    'running 1',
    'queued 9',
    'idle 3',
  ])
})
