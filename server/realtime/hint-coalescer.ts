/** List hints on their way to browsers. Next: whoever shows the list reads it again. */
import type { TeamId } from '#core/ids.ts'
import type { ListTopic } from '#server/realtime/bus.ts'

const EVERY_MS = 200

/** At most one hint for each list in a while: the client reads the whole list again. */
export class HintCoalescer {
  readonly #waiting = new Map<string, { teamId: TeamId | null; topic: ListTopic }>()
  readonly #emit: (teamId: TeamId | null, topic: ListTopic) => void
  #timer: NodeJS.Timeout | undefined

  constructor(emit: (teamId: TeamId | null, topic: ListTopic) => void) {
    this.#emit = emit
  }

  add(teamId: TeamId | null, topic: ListTopic): void {
    this.#waiting.set(`${topic} ${teamId ?? ''}`, { teamId, topic })
    this.#timer ??= setTimeout(() => this.#flush(), EVERY_MS).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #flush(): void {
    this.#timer = undefined
    for (const { teamId, topic } of this.#waiting.values()) this.#emit(teamId, topic)
    this.#waiting.clear()
  }
}
