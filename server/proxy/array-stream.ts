/**
 * A JSON array that arrives piece by piece, as Gemini streams without `alt=sse`: gives each
 * element when its last byte is there, so that what was reported is known although the rest
 * never comes. Only the brackets are understood; `usage.ts` reads the elements.
 */
import { MAX_EVENT_BYTES } from '#server/proxy/event-stream.ts'

const QUOTE = 34
const BACKSLASH = 92
const opening = new Set(Buffer.from('[{'))
const closing = new Set(Buffer.from(']}'))

export function arrayStream(onElement: (bytes: Buffer) => void): { feed(chunk: Buffer): void } {
  let depth = 0
  let isInString = false
  let isEscaped = false
  let pieces: Buffer[] = []
  let size = 0

  function keep(piece: Buffer): void {
    size += piece.length
    if (size <= MAX_EVENT_BYTES) pieces.push(piece)
    else pieces = []
  }

  return {
    feed(chunk) {
      let from = 0
      for (let at = 0; at < chunk.length; at += 1) {
        const byte = chunk[at]!
        if (isInString) {
          if (isEscaped) isEscaped = false
          else if (byte === BACKSLASH) isEscaped = true
          else if (byte === QUOTE) isInString = false
        } else if (byte === QUOTE) isInString = true
        else if (opening.has(byte)) {
          if (depth === 1) from = at
          depth += 1
        } else if (closing.has(byte)) {
          depth -= 1
          if (depth !== 1) continue
          keep(chunk.subarray(from, at + 1))
          if (size <= MAX_EVENT_BYTES) onElement(Buffer.concat(pieces))
          pieces = []
          size = 0
        }
      }
      if (depth > 1) keep(chunk.subarray(from))
    },
  }
}
