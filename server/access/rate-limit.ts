/**
 * Counts what one address does within a minute, in memory: enough to stop guessing of
 * codes and links. IPv6 addresses count by their /64, which one home has for itself.
 */
export type RateLimit = { perMinute: number }

const MINUTE_MS = 60_000
const MAX_KEYS = 50_000

export class RateLimiter {
  #counts = new Map<string, { startedAt: number; count: number }>()

  /** Whether this one is still allowed; `nowMs` must not go back. */
  allow(key: string, { perMinute, nowMs }: RateLimit & { nowMs: number }): boolean {
    const found = this.#counts.get(key)
    if (!found || nowMs - found.startedAt >= MINUTE_MS) {
      if (this.#counts.size >= MAX_KEYS) this.#forgetOld(nowMs)
      this.#counts.set(key, { startedAt: nowMs, count: 1 })
      return true
    }
    found.count += 1
    return found.count <= perMinute
  }

  /** Whether this one has been refused within the minute already, or would be the next time; counts nothing. */
  isSpent(key: string, { perMinute, nowMs }: RateLimit & { nowMs: number }): boolean {
    const found = this.#counts.get(key)
    return found !== undefined && nowMs - found.startedAt < MINUTE_MS && found.count >= perMinute
  }

  #forgetOld(nowMs: number): void {
    for (const [key, { startedAt }] of this.#counts) if (nowMs - startedAt >= MINUTE_MS) this.#counts.delete(key)
    // A flood from many addresses: forgetting all lets a few more guesses through, and keeps the memory.
    if (this.#counts.size >= MAX_KEYS) this.#counts.clear()
  }
}

/** What counts as one client. */
export function clientKey(address: string): string {
  const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (v4) return v4
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('%')[0]!.toLowerCase().split('::')
  const start = head === '' ? [] : head.split(':')
  const end = tail ? tail.split(':') : []
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - start.length - end.length)).fill('0')
  return [...start, ...zeros, ...end].slice(0, 4).join(':')
}
