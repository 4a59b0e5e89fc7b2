/** A request's body with an end in bytes and in time, for the plain Node handlers (`server/proxy`, `server/logins`). */
import type { IncomingMessage } from 'node:http'

export type BoundedBody = { is: 'read'; bytes: Buffer } | { is: 'too-large' } | { is: 'too-late' }

/** The client of one that came too late is cut off. Rejects only when the client is gone. */
export async function readBounded(
  req: IncomingMessage,
  { maxBytes, timeoutMs }: { maxBytes: number; timeoutMs: number },
): Promise<BoundedBody> {
  const chunks: Buffer[] = []
  let size = 0
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    req.destroy()
  }, timeoutMs)
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > maxBytes) return { is: 'too-large' }
      chunks.push(chunk)
    }
  } catch (failure) {
    if (isLate) return { is: 'too-late' }
    throw failure
  } finally {
    clearTimeout(timer)
  }
  return { is: 'read', bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size) }
}
