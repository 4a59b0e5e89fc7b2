/**
 * Takes out of a chat stream the usage frame that only we asked for: a client that did not
 * ask may crash on its empty `choices`. Everything else passes as it came; a frame is held
 * back only until its end is there, which is the same packet but for the rarest cut.
 */

const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const USAGE = Buffer.from('"usage"')
const NO_USAGE = Buffer.from('"usage":null')

/** The frame we asked for is a few hundred bytes. What is longer passes at once, however it goes on. */
const MAX_HELD = 16 * 1024

/** What the client gets of each chunk; `rest` is what was still held when the body ended. */
export function withoutAddedUsage(): { pass(chunk: Buffer): Buffer; rest(): Buffer } {
  let held: Buffer = Buffer.alloc(0)
  /** In the middle of a frame whose beginning was passed. */
  let isPassing = false
  return {
    pass(chunk) {
      const all = held.length > 0 ? Buffer.concat([held, chunk]) : chunk
      const passed: Buffer[] = []
      let from = 0
      for (let end = endOfFrame(all, from); end >= 0; end = endOfFrame(all, from)) {
        const frame = all.subarray(from, end)
        if (isPassing || !isAdded(frame)) passed.push(frame)
        isPassing = false
        from = end
      }
      held = all.subarray(from)
      if (held.length > MAX_HELD) {
        // The end of a frame is up to four bytes, and may be cut: these are waited for.
        const at = held.length - 3
        passed.push(held.subarray(0, at))
        held = held.subarray(at)
        isPassing = true
      }
      return passed.length === 1 ? passed[0]! : Buffer.concat(passed)
    },
    rest: () => (!isPassing && isAdded(held) ? Buffer.alloc(0) : held),
  }
}

function isAdded(frame: Buffer): boolean {
  if (frame.length > MAX_HELD || !frame.includes(USAGE) || frame.includes(NO_USAGE)) return false
  try {
    const data = /^data: ?(.*)$/m.exec(frame.toString('utf8'))?.[1] ?? ''
    const { choices, usage } = JSON.parse(data) as { choices?: unknown; usage?: unknown }
    return Array.isArray(choices) && choices.length === 0 && typeof usage === 'object' && usage !== null
  } catch {
    return false
  }
}

/** The index behind the blank line that ends the frame which begins at `from`; -1 while it has not come. Lines end in LF, CR or both. */
function endOfFrame(bytes: Buffer, from: number): number {
  let feed = bytes.indexOf(LINE_FEED, from)
  let carriage = bytes.indexOf(CARRIAGE_RETURN, from)
  while (feed >= 0 || carriage >= 0) {
    const first = endOfLine(bytes, feed < 0 || (carriage >= 0 && carriage < feed) ? carriage : feed)
    if (first < 0) return -1
    const second = first < bytes.length && isLineEnd(bytes[first]!) ? endOfLine(bytes, first) : null
    if (second !== null) return second
    if (feed >= 0 && feed < first) feed = bytes.indexOf(LINE_FEED, first)
    if (carriage >= 0 && carriage < first) carriage = bytes.indexOf(CARRIAGE_RETURN, first)
  }
  return -1
}

const isLineEnd = (byte: number) => byte === LINE_FEED || byte === CARRIAGE_RETURN

/** Behind the line end that stands at `at`; -1 for a CR at the very end, whose LF may still come. */
function endOfLine(bytes: Buffer, at: number): number {
  if (bytes[at] === LINE_FEED) return at + 1
  if (at + 1 === bytes.length) return -1
  return bytes[at + 1] === LINE_FEED ? at + 2 : at + 1
}
