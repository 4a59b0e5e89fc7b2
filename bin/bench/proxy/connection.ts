/** One kept connection of the load generator, with one request at a time. */
import { connect, type Socket } from 'node:net'
import { MessageReader } from '#bin/bench/proxy/message-reader.ts'

export type Answering = {
  firstByte(dueMs: number): void
  bytes(count: number): void
  /** With 200, and whole; the connection is free again. */
  answered(dueMs: number): void
  failed(why: string): void
  /** Closed, by whomever. */
  gone(): void
}

export class Connection {
  readonly #socket: Socket
  readonly #on: Answering
  /** Null while nothing is asked. */
  #dueMs: number | null = null
  #hasBytes = false
  #status = ''

  constructor(port: number, on: Answering) {
    this.#on = on
    const reader = new MessageReader({
      head: (head) => (this.#status = head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)),
      body: (piece) => this.#take(piece),
      end: () => this.#end(),
    })
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', (chunk: Buffer) => {
      try {
        reader.feed(chunk)
      } catch (error) {
        this.#fail(String(error))
      }
    })
    this.#socket.on('error', (error) => this.#fail(String(error)))
    this.#socket.on('close', () => {
      this.#fail('the connection was closed before the answer')
      on.gone()
    })
  }

  send(bytes: Buffer, dueMs: number): void {
    this.#dueMs = dueMs
    this.#hasBytes = false
    this.#socket.write(bytes)
  }

  /** @returns when what it still waits for was due; null when it waits for nothing */
  leave(): number | null {
    const dueMs = this.#dueMs
    this.#dueMs = null
    this.#socket.destroy()
    return dueMs
  }

  #take(piece: Buffer): void {
    if (this.#dueMs === null) return
    this.#on.bytes(piece.length)
    if (!this.#hasBytes) this.#on.firstByte(this.#dueMs)
    this.#hasBytes = true
  }

  #end(): void {
    const dueMs = this.#dueMs
    if (dueMs === null) return
    if (this.#status !== '200' || !this.#hasBytes) return this.#fail(`status ${this.#status}${this.#hasBytes ? '' : ' without a body'}`)
    this.#dueMs = null
    this.#on.answered(dueMs)
  }

  #fail(why: string): void {
    if (this.#dueMs === null) return
    this.#dueMs = null
    this.#socket.destroy()
    this.#on.failed(why)
  }
}
