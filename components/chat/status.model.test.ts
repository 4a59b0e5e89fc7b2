import { describe, expect, it } from 'vitest'
import { emptyChat, noUsage, type Turn, type TurnStatus } from '#core/chat/view.ts'
import { statusOf, tabTitle } from '#components/chat/status.model.ts'

const ended: readonly TurnStatus[] = ['completed', 'cancelled', 'interrupted', 'refused', 'failed']
const turn = (status: TurnStatus, index: number): Turn => ({
  turnId: `t${index}` as Turn['turnId'],
  by: 'mei' as Turn['by'],
  prompt: [{ type: 'text', text: 'Hi' }],
  requestedAt: '2026-11-21T08:00:00.000Z',
  acceptedAt: null,
  endedAt: ended.includes(status) ? '2026-11-21T08:01:00.000Z' : null,
  status,
  items: [],
  failure: null,
  openFailure: null,
  endedAs: null,
  cancelledBy: null,
  usage: noUsage,
  changes: null,
  progress: null,
})
const status = (
  statuses: TurnStatus[],
  { isNodeOnline = true, isUnread = false }: { isNodeOnline?: boolean | null; isUnread?: boolean } = {},
) => statusOf({ view: { ...emptyChat, turns: statuses.map(turn) }, isNodeOnline, isUnread })

describe('the word of a chat', () => {
  it.each<[TurnStatus[], string]>([
    [[], 'idle'],
    [['completed'], 'idle'],
    [['queued'], 'queued'],
    [['starting'], 'running'],
    [['running', 'queued'], 'running'],
    [['cancelling'], 'running'],
    [['waiting', 'queued'], 'waiting'],
    [['failed'], 'failed'],
    [['failed', 'completed'], 'idle'],
    [['failed', 'running'], 'running'],
    [['interrupted'], 'idle'],
    [['cancelled'], 'idle'],
  ])('%j is %s', (statuses, word) => expect(status(statuses)).toBe(word))

  it('calls a chat on a lost node disconnected, never failed, and only while something is under way', () => {
    expect(status(['running'], { isNodeOnline: false })).toBe('disconnected')
    expect(status(['waiting'], { isNodeOnline: false })).toBe('disconnected')
    expect(status(['queued'], { isNodeOnline: false })).toBe('disconnected')
    expect(status(['completed'], { isNodeOnline: false })).toBe('idle')
    expect(status(['queued'], { isNodeOnline: null })).toBe('queued')
  })
  it('is unread only when nothing is more urgent', () => {
    expect(status(['completed'], { isUnread: true })).toBe('unread')
    expect(status(['running'], { isUnread: true })).toBe('running')
  })
  it('puts the word in front of the name in the tab', () => {
    expect([tabTitle('running', 'Fix it'), tabTitle('idle', 'Fix it'), tabTitle('waiting', '')]).toEqual([
      'Working · Fix it',
      'Fix it · Gatehouse',
      'Needs you · New chat',
    ])
  })
})
