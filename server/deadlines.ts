/**
 * Many deadlines of one length: they fall due in the order in which they were set, so one timer serves them all. For what
 * every request sets and hardly one reaches, where a timer each would cost more than the rest.
 */
export class Deadlines {
  readonly #afterMs: number
  readonly #dueMs = new Map<() => void, number>()
  #isTicking = false

  constructor(afterMs: number) {
    this.#afterMs = afterMs
  }

  /** Calls `onDue` after that time, once, unless it is cleared before. */
  set(onDue: () => void): void {
    this.#dueMs.set(onDue, performance.now() + this.#afterMs)
    if (!this.#isTicking) this.#tick(this.#afterMs)
  }

  clear(onDue: () => void): void {
    this.#dueMs.delete(onDue)
  }

  /** It goes on for nobody's sake: whoever waits keeps the process by what they wait for. */
  #tick(afterMs: number): void {
    this.#isTicking = true
    setTimeout(this.#fall, afterMs).unref()
  }

  readonly #fall = (): void => {
    this.#isTicking = false
    const nowMs = performance.now()
    for (const [onDue, dueMs] of this.#dueMs) {
      if (dueMs > nowMs) return this.#tick(dueMs - nowMs)
      this.#dueMs.delete(onDue)
      onDue()
    }
  }
}
