/**
 * A request that was let in, from outside: its place among those under way, and what may end it before its answer does.
 * One listener for all that follows from its end.
 * From: `handler.ts`. Next: `metered-exchange.ts` follows it once it is sent on.
 */
import type { ServerResponse } from 'node:http'
import { watch } from '#server/proxy/kept-runs.ts'

export type Follower = {
  /** The run may spend no more; the words are for the agent. */
  cut(why: string): void
  /** The connection has closed, whether or not everything was said. */
  closed(): void
}

export class Visit {
  #endedBecause: string | null = null
  #follower: Follower | null = null

  /** @param leave gives its place back */
  constructor(res: ServerResponse, { runId, leave }: { runId: string; leave: () => void }) {
    const unwatch = watch(runId, (why) => {
      this.#endedBecause ??= why
      this.#follower?.cut(why)
    })
    res.once('close', () => {
      leave()
      unwatch()
      this.#follower?.closed()
    })
  }

  /** That its run's right to spend has ended since it was found. A body may be long in coming, and a budget in getting free. */
  get endedBecause(): string | null {
    return this.#endedBecause
  }

  follow(follower: Follower): void {
    this.#follower = follower
  }
}
