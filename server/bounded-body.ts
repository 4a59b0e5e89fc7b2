/** A request's body with an end in bytes and in time, for the plain Node handlers (`server/proxy`, `server/logins`). */
import type { IncomingMessage } from 'node:http'
import { Deadlines } from '#server/deadlines.ts'

export type BoundedBody = { is: 'read'; bytes: Buffer } | { is: 'too-large' } | { is: 'too-late' }

/** By their length, which a handful of callers say. */
const latenesses = new Map<number, Deadlines>()

function latenessOf(timeoutMs: number): Deadlines {
  const known = latenesses.get(timeoutMs) ?? new Deadlines(timeoutMs)
  latenesses.set(timeoutMs, known)
  return known
}

const GONE = () => new Error('The client left before it had said everything')

/** `timeoutMs` is for the whole body: a byte now and then must not hold what has arrived for ever. Rejects only when the client is gone. */
export function readBounded(req: IncomingMessage, { maxBytes, timeoutMs }: { maxBytes: number; timeoutMs: number }): Promise<BoundedBody> {
  return new Promise((resolve, reject) => {
    if (req.destroyed) return reject(GONE())
    const chunks: Buffer[] = []
    let size = 0
    const lateness = latenessOf(timeoutMs)
    const onLate = (): void => settle(() => resolve({ is: 'too-late' }))
    lateness.set(onLate)
    const onData = (chunk: Buffer): void => {
      size += chunk.length
      if (size > maxBytes) settle(() => resolve({ is: 'too-large' }))
      else chunks.push(chunk)
    }
    const onEnd = (): void => settle(() => resolve({ is: 'read', bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size) }))
    const onGone = (): void => settle(() => reject(GONE()))
    function settle(how: () => void): void {
      lateness.clear(onLate)
      req
        .off('data', onData)
        .off('end', onEnd)
        .off('close', onGone)
        .on('error', () => {})
      how()
    }
    req.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone)
  })
}

/** For how long a body that is refused may still arrive: so the client reads why, instead of a broken connection. */
const LINGER_MS = 1_000

/** The rest of a body that nobody wants passes unseen for a moment; then its connection ends. */
export function passUnread(req: IncomingMessage): void {
  if (req.complete) return
  const { socket } = req
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  req.once('close', () => clearTimeout(timer)).resume()
}
