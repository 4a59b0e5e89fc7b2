/**
 * Server-sent events as bytes: lines may end in LF, CR or both, an event may have several
 * `data` lines, and a packet may end anywhere. Pieces are kept by reference and joined only
 * where a line was cut. Who hands the chunks in passes them on unchanged.
 * Next: `usage.ts` reads the data.
 */

const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const COLON = 58
const DATA = Buffer.from('data')
const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/** More than this of one event is not kept to be read. */
export const MAX_EVENT_BYTES = 32 * 1024 * 1024

/**
 * @param onEvent gets the `data` lines of one event, without the field's name; of a server
 *   that leaves out the blank lines, those of many
 */
export function eventStream(onEvent: (lines: readonly Buffer[]) => void): { feed(chunk: Buffer): void; end(): void } {
  /** Pieces of a line whose end has not come yet. */
  let pending: Buffer[] = []
  let pendingBytes = 0
  let data: Buffer[] = []
  let dataBytes = 0
  let isFirstLine = true
  /** The byte before this chunk was a CR: an LF now ends no second line. */
  let endedInReturn = false

  function dispatch(): void {
    if (data.length === 0) return
    const lines = data
    data = []
    dataBytes = 0
    onEvent(lines)
  }

  function line(bytes: Buffer): void {
    const text = isFirstLine && bytes.subarray(0, BOM.length).equals(BOM) ? bytes.subarray(BOM.length) : bytes
    isFirstLine = false
    if (text.length === 0) return dispatch()
    if (text.compare(DATA, 0, DATA.length, 0, Math.min(DATA.length, text.length)) !== 0) return
    if (text.length > DATA.length && text[DATA.length] !== COLON) return
    if (dataBytes + text.length > MAX_EVENT_BYTES) dispatch()
    dataBytes += text.length
    data.push(text.subarray(DATA.length + 1))
  }

  function endLine(rest: Buffer): void {
    if (pendingBytes <= MAX_EVENT_BYTES) line(pending.length > 0 ? Buffer.concat([...pending, rest]) : rest)
    pending = []
    pendingBytes = 0
  }

  return {
    feed(chunk) {
      if (chunk.length === 0) return
      let from = endedInReturn && chunk[0] === LINE_FEED ? 1 : 0
      let feedAt = chunk.indexOf(LINE_FEED, from)
      let returnAt = chunk.indexOf(CARRIAGE_RETURN, from)
      while (feedAt >= 0 || returnAt >= 0) {
        const isReturn = returnAt >= 0 && (feedAt < 0 || returnAt < feedAt)
        const at = isReturn ? returnAt : feedAt
        endLine(chunk.subarray(from, at))
        from = isReturn && feedAt === at + 1 ? at + 2 : at + 1
        if (feedAt >= 0 && feedAt < from) feedAt = chunk.indexOf(LINE_FEED, from)
        if (returnAt >= 0 && returnAt < from) returnAt = chunk.indexOf(CARRIAGE_RETURN, from)
      }
      endedInReturn = chunk.at(-1) === CARRIAGE_RETURN
      if (from >= chunk.length) return
      pendingBytes += chunk.length - from
      if (pendingBytes <= MAX_EVENT_BYTES) pending.push(chunk.subarray(from))
      else pending = []
    },
    /** A server may leave out what ends its last line and its last event. */
    end() {
      if (pending.length > 0) endLine(Buffer.alloc(0))
      dispatch()
    },
  }
}
