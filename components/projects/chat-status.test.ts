import { expect, it } from 'vitest'
import { byUrgency, type ChatStatus } from '#components/projects/chat-status.ts'

const chat = (status: ChatStatus, lastActivityAt: string) => ({ status, lastActivityAt })

it('puts what needs somebody first, then the newest', () => {
  const chats = [
    chat('idle', '2026-03-03'),
    chat('running', '2026-03-01'),
    chat('queued', '2026-03-09'),
    chat('waiting', '2026-03-01'),
    chat('failed', '2026-03-08'),
    chat('running', '2026-03-02'),
    chat('waiting', '2026-03-02'),
  ]
  expect([...chats].sort(byUrgency).map((each) => `${each.status} ${each.lastActivityAt.slice(-1)}`)).toEqual([
    'waiting 2',
    'waiting 1',
    'failed 8',
    'running 2',
    'running 1',
    'queued 9',
    'idle 3',
  ])
})
