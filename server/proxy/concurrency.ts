/** How many requests are under way, of each run and of this process. What is over a limit heals by itself, so it may come again. */
import type { ProxyLimits } from '#server/proxy/limits.ts'

export type Places = {
  /** @returns how to give the place back, which counts once; or which limit has been reached */
  take(runId: string): { ok: true; leave: () => void } | { ok: false; full: 'run' | 'process' }
}

export function createPlaces({ perRun, perProcess }: Pick<ProxyLimits, 'perRun' | 'perProcess'>): Places {
  const taken = new Map<string, number>()
  let all = 0
  return {
    take(runId) {
      const own = taken.get(runId) ?? 0
      if (own >= perRun) return { ok: false, full: 'run' }
      if (all >= perProcess) return { ok: false, full: 'process' }
      taken.set(runId, own + 1)
      all += 1
      let hasLeft = false
      const leave = (): void => {
        if (hasLeft) return
        hasLeft = true
        all -= 1
        const left = (taken.get(runId) ?? 1) - 1
        if (left > 0) taken.set(runId, left)
        else taken.delete(runId)
      }
      return { ok: true, leave }
    },
  }
}
