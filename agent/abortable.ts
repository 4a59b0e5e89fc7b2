import { setTimeout as delay } from 'node:timers/promises'

/** Gives up waiting; the work itself goes on, if it can be of use to others. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => {})
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** @throws words for "Details" once `ms` are over */
export function within<T>(work: Promise<T>, ms: number): Promise<T> {
  const tooLate = delay(ms, undefined, { ref: false }).then(() => {
    throw new Error(`It did not answer within ${ms / 1000} seconds.`)
  })
  return Promise.race([work, tooLate])
}
