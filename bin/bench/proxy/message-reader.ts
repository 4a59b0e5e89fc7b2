/**
 * Reads HTTP/1.1 messages off one kept connection, without pipelining: as much of the
 * protocol as two programs of ours need that talk through what is measured. It costs a
 * tenth of Node's own server and client, which would otherwise be most of what is seen.
 */

export type MessageEvents = {
  head(head: string): void
  /** A piece of the body, without its framing. */
  body(piece: Buffer): void
  end(): void
}

const NOTHING = Buffer.alloc(0)
const HEAD_END = '\r\n\r\n'

export class MessageReader {
  readonly #events: MessageEvents
  #reads: 'head' | 'body' | 'size' | 'chunk' | 'trailer' = 'head'
  /** The beginning of a line or head whose end has not come. */
  #held: Buffer = NOTHING
  /** Of the body, or of the chunk with the line end behind it. */
  #bytesLeft = 0

  constructor(events: MessageEvents) {
    this.#events = events
  }

  /** @throws Error when the peer does not speak HTTP/1.1, or would end its message by closing */
  feed(chunk: Buffer): void {
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk
    this.#held = NOTHING
    let at = 0
    while (at < bytes.length) {
      if (this.#reads === 'body' || this.#reads === 'chunk') {
        at = this.#pass(bytes, at)
        continue
      }
      const mark = this.#reads === 'head' ? HEAD_END : '\r\n'
      const end = bytes.indexOf(mark, at)
      if (end < 0) {
        this.#held = bytes.subarray(at)
        return
      }
      this.#take(bytes.toString('latin1', at, end))
      at = end + mark.length
    }
  }

  #pass(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#bytesLeft)
    const lineEnd = this.#reads === 'chunk' ? 2 : 0
    const content = Math.min(end - at, this.#bytesLeft - lineEnd)
    if (content > 0) this.#events.body(bytes.subarray(at, at + content))
    this.#bytesLeft -= end - at
    if (this.#bytesLeft > 0) return end
    if (this.#reads === 'chunk') this.#reads = 'size'
    else this.#finish()
    return end
  }

  #take(text: string): void {
    switch (this.#reads) {
      case 'head':
        return this.#begin(text)
      case 'size': {
        const size = Number.parseInt(text, 16)
        if (Number.isNaN(size)) throw new Error(`"${text.slice(0, 40)}" is not the size of a chunk`)
        this.#reads = size === 0 ? 'trailer' : 'chunk'
        this.#bytesLeft = size + 2
        return
      }
      default:
        if (text === '') this.#finish()
    }
  }

  #begin(head: string): void {
    this.#events.head(head)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)
    if (length) {
      this.#bytesLeft = Number(length[1])
      this.#reads = 'body'
      if (this.#bytesLeft === 0) this.#finish()
    } else if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#reads = 'size'
    else if (head.startsWith('HTTP/')) throw new Error('An answer without a length')
    else this.#finish()
  }

  #finish(): void {
    this.#reads = 'head'
    this.#events.end()
  }
}
