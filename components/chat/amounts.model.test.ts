import { describe, expect, it } from 'vitest'
import { noUsage } from '#core/chat/view.ts'
import { dayOf, sayAgo, sayCached, sayCost, sayCount, sayDay, sayTokenFlow } from '#components/chat/amounts.model.ts'

describe('tokens and money', () => {
  it('says nothing of no requests, and a bound when a price is missing', () => {
    expect(sayCost(noUsage)).toBeNull()
    expect(sayTokenFlow(noUsage)).toBeNull()
    expect(sayCost({ ...noUsage, requests: 1, hasUnpriced: true })).toBe('no price')
    expect(sayCost({ ...noUsage, requests: 2, costMicros: 20_000, hasUnpriced: true })).toBe('at least $0.0200')
    expect(sayCached(noUsage)).toBeNull()
    expect(sayCached({ ...noUsage, requests: 1, inputTokens: 9 })).toBeNull()
    expect(sayCached({ ...noUsage, requests: 1, inputTokens: 19, cacheReadTokens: 81 })).toBe('81 % cached')
    expect(sayCached({ ...noUsage, requests: 1, inputTokens: 1, cacheReadTokens: 999 })).toBe('>99 % cached')
    expect(sayTokenFlow({ ...noUsage, requests: 1, inputTokens: 1_000, cacheReadTokens: 9_000, outputTokens: 250 })).toBe('10k in, 250 out')
  })

  it('puts no price on a subscription, and no number on what its agent does not say', () => {
    const onLogin = { ...noUsage, subscriptionTurns: 1 }
    expect([sayCost(onLogin), sayTokenFlow(onLogin)]).toEqual(['on a subscription', null])
    expect(sayTokenFlow({ ...onLogin, inputTokens: 500, outputTokens: 20 })).toBe('500 in, 20 out')
    expect(sayCost({ ...onLogin, requests: 1, costMicros: 20_000 })).toBe('$0.0200 and a subscription')
  })
})

describe('days and times', () => {
  const now = new Date(2026, 10, 21, 14, 2).getTime()
  it('names near days and dates far ones', () => {
    expect(sayDay('2026-11-21', now)).toBe('Today')
    expect(sayDay('2026-11-20', now)).toBe('Yesterday')
    expect(sayDay('2026-11-12', now)).toBe('Thursday 12 November')
    expect(sayDay('2025-12-31', now)).toBe('Wednesday 31 December 2025')
  })
  it('takes the reader’s day, not the day in Greenwich', () => {
    const lateEvening = new Date(2026, 10, 21, 23, 59)
    expect(dayOf(lateEvening.toISOString())).toBe('2026-11-21')
  })
  it('says how long ago', () => {
    const before = (ms: number) => new Date(now - ms).toISOString()
    expect(sayAgo(before(1_000), now)).toBe('just now')
    expect(sayAgo(before(7_000), now)).toBe('7 s ago')
    expect(sayAgo(before(600_000), now)).toBe('10 min ago')
    expect(sayAgo(before(7_200_000), now)).toBe('at 12:02')
  })
  it('counts', () =>
    expect([sayCount(1, 'file'), sayCount(2, 'file'), sayCount(2, 'search', 'searches')]).toEqual(['1 file', '2 files', '2 searches']))
})
