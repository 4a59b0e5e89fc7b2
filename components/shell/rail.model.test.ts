import { describe, expect, it } from 'vitest'
import type { ChatRow } from '#components/projects/chat-status.ts'
import { placeOf, RAIL_CHATS, railGroups, type RailProject } from '#components/shell/rail.model.ts'

const project = (projectId: string) => ({ projectId, name: projectId }) as RailProject
const chat = (projectId: string, index: number, status: ChatRow['status'] = 'idle') =>
  ({
    chatId: `${projectId}-${index}`,
    projectId,
    status,
    isPinned: false,
    lastActivityAt: `2026-01-${String(index).padStart(2, '0')}`,
  }) as ChatRow

describe('railGroups', () => {
  const many = Array.from({ length: RAIL_CHATS + 3 }, (_, index) => chat('a', index + 1))

  it('shows the newest of each project and counts the rest', () => {
    const [a, b] = railGroups({ projects: [project('a'), project('b')], chats: [...many, chat('b', 1, 'waiting')], openChatId: null })
    expect(a!.chats.map((each) => each.chatId)).toEqual(['a-11', 'a-10', 'a-9', 'a-8', 'a-7', 'a-6', 'a-5', 'a-4'])
    expect({ hidden: a!.hidden, waiting: a!.waiting }).toEqual({ hidden: 3, waiting: 0 })
    expect({ shown: b!.chats.length, hidden: b!.hidden, waiting: b!.waiting }).toEqual({ shown: 1, hidden: 0, waiting: 1 })
  })

  it('shows what I pinned before what is newer', () => {
    const [a] = railGroups({ projects: [project('a')], chats: [...many, { ...chat('a', 0), isPinned: true }], openChatId: null })
    expect(a!.chats.slice(0, 2).map((each) => each.chatId)).toEqual(['a-0', 'a-11'])
  })

  it('keeps the open chat in sight', () => {
    const [a] = railGroups({ projects: [project('a')], chats: many, openChatId: 'a-1' })
    expect(a!.chats.at(-1)!.chatId).toBe('a-1')
    expect(a!.hidden).toBe(2)
  })
})

it.each([
  ['/', null, null],
  ['/connections', null, null],
  ['/projects/new', null, null],
  ['/projects/p%201', 'p 1', null],
  ['/projects/p1/chats/c1', 'p1', 'c1'],
])('%s is a place', (pathname, projectId, chatId) => expect(placeOf(pathname)).toEqual({ projectId, chatId }))
