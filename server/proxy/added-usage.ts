/**
 * Takes out of a chat stream the usage frame that only we asked for: a client that did not
 * ask may crash on its empty `choices`. Everything else passes as it came; a frame is held
 * back only until its end is there, which is the same packet but for the rarest cut.
 */

const FRAME_END = Buffer.from('\n\n')
const FRAME_END_CRLF = Buffer.from('\r\n\r\n')
const EMPTY_CHOICES = [Buffer.from('"choices":[]'), Buffer.from('"choices": []')]
const USAGE = [Buffer.from('"usage":{'), Buffer.from('"usage": {')]

const isAdded = (frame: Buffer) => EMPTY_CHOICES.some((bytes) => frame.includes(bytes)) && USAGE.some((bytes) => frame.includes(bytes))

/** What the client gets of each chunk; `rest` is what was still held when the body ended. */
export function withoutAddedUsage(): { pass(chunk: Buffer): Buffer; rest(): Buffer } {
  let held: Buffer = Buffer.alloc(0)
  return {
    pass(chunk) {
      const all = held.length > 0 ? Buffer.concat([held, chunk]) : chunk
      const passed: Buffer[] = []
      let from = 0
      for (let end = endOfFrame(all, from); end >= 0; end = endOfFrame(all, from)) {
        const frame = all.subarray(from, end)
        if (!isAdded(frame)) passed.push(frame)
        from = end
      }
      held = all.subarray(from)
      return passed.length === 1 ? passed[0]! : Buffer.concat(passed)
    },
    rest: () => (isAdded(held) ? Buffer.alloc(0) : held),
  }
}

/** The index behind the blank line that ends the frame which begins at `from`; -1 while it has not come. */
function endOfFrame(bytes: Buffer, from: number): number {
  const plain = bytes.indexOf(FRAME_END, from)
  const crlf = bytes.indexOf(FRAME_END_CRLF, from)
  if (plain >= 0 && (crlf < 0 || plain < crlf)) return plain + FRAME_END.length
  return crlf >= 0 ? crlf + FRAME_END_CRLF.length : -1
}
