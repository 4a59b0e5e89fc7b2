import { expect, it } from 'vitest'
import { clientKey, RateLimiter } from '#server/access/rate-limit.ts'

it('allows so many within a minute, and again after it', () => {
  const limiter = new RateLimiter()
  const at = (nowMs: number) => limiter.allow('192.0.2.1', { perMinute: 2, nowMs })
  expect([at(0), at(1), at(2), at(59_999), at(60_000)]).toEqual([true, true, false, false, true])
  expect(limiter.allow('192.0.2.2', { perMinute: 2, nowMs: 2 })).toBe(true)
})

it('takes the /64 of an IPv6 address for one client', () => {
  expect(clientKey('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2')
  expect(clientKey('2001:db8:1:2::9')).toBe('2001:db8:1:2')
  expect(clientKey('2001:db8::9')).toBe('2001:db8:0:0')
  expect(clientKey('::1')).toBe('0:0:0:0')
  expect(clientKey('fe80::1%eth0')).toBe('fe80:0:0:0')
  expect(clientKey('::ffff:192.0.2.7')).toBe('192.0.2.7')
  expect(clientKey('192.0.2.7')).toBe('192.0.2.7')
})
