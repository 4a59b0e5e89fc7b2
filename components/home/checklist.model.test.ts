import { describe, expect, it } from 'vitest'
import { currentStep, firstSteps, homeTitle } from '#components/home/checklist.model.ts'

const active = { resolution: { state: 'active', code: null, scope: 'user', connectionId: 'a' } } as never
const missing = { resolution: { state: 'missing', code: 'connection.missing', scope: null, connectionId: null } } as never

describe('firstSteps', () => {
  it('begins with the connection', () => {
    const steps = firstSteps({ connections: [missing], nodes: [{ isOnline: false }], projectCount: 0, chatCount: 0 })
    expect(steps.map((each) => each.isDone)).toEqual([false, false, false, false])
    expect(currentStep(steps)).toBe('connection')
  })

  it('skips what is done, in whatever order it was done', () => {
    const steps = firstSteps({ connections: [missing, active], nodes: [{ isOnline: true }], projectCount: 0, chatCount: 0 })
    expect(currentStep(steps)).toBe('project')
    expect(currentStep(firstSteps({ connections: [missing], nodes: [{ isOnline: true }], projectCount: 3, chatCount: 0 }))).toBe(
      'connection',
    )
  })

  it('is over with the first chat', () => {
    expect(firstSteps({ connections: [], nodes: [], projectCount: 1, chatCount: 1 })).toEqual([])
    expect(currentStep([])).toBe(null)
  })
})

it.each([
  [[], 'Nothing waits for you'],
  [['idle', 'queued'], 'Nothing waits for you'],
  [['failed', 'running'], 'One chat failed'],
  [['failed', 'failed', 'idle'], '2 chats failed'],
  [['running'], 'One agent is at work'],
  [['running', 'running'], '2 agents are at work'],
  [['running', 'waiting'], 'One chat needs you'],
  [['waiting', 'waiting'], '2 chats need you'],
] as const)('%j reads %s', (statuses, title) => expect(homeTitle(statuses.map((status) => ({ status })))).toBe(title))

it('tells of tasks once no chat waits', () => {
  expect(homeTitle([{ status: 'failed' }], 1)).toBe('One task needs you')
  expect(homeTitle([{ status: 'waiting' }], 2)).toBe('One chat needs you')
})
