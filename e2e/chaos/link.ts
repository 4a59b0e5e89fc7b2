/** A TCP proxy between two parts of the world, which can be cut, fall silent and come back. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export class Link {
  readonly #server: Server
  readonly #targets: () => readonly number[]
  readonly #sockets = new Set<Socket>()
  #isSilent = false

  private constructor(targets: () => readonly number[]) {
    this.#targets = targets
    this.#server = createServer((near) => void this.#join(near))
  }

  /** @param targets ports in order of preference; the first that answers is taken, for each connection anew */
  static async open(targets: () => readonly number[]): Promise<Link> {
    const link = new Link(targets)
    link.#server.listen(0, '127.0.0.1')
    await once(link.#server, 'listening')
    return link
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }
  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Every connection breaks at once, as a cable would. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** Connections stay open and nothing passes any more, in neither direction; new ones get no answer. */
  silence(): void {
    this.#isSilent = true
    for (const socket of this.#sockets) socket.pause()
  }

  /** What was held back passes after all: a sleeper woke up, a pause was over. */
  resume(): void {
    this.#isSilent = false
    for (const socket of this.#sockets) socket.resume()
  }

  close(): void {
    this.cut()
    this.#server.close()
  }

  async #join(near: Socket): Promise<void> {
    this.#keep(near)
    near.pause()
    const far = await this.#reach()
    if (!far || near.destroyed) {
      near.destroy()
      far?.destroy()
      return
    }
    this.#keep(far)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk: Buffer) => void (to.write(chunk) || from.pause()))
      to.on('drain', () => void (this.#isSilent || from.resume()))
      from.on('end', () => to.end()).on('close', () => to.destroy())
      if (!this.#isSilent) from.resume()
    }
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy()).on('close', () => this.#sockets.delete(socket))
  }

  async #reach(): Promise<Socket | null> {
    for (const port of this.#targets()) {
      const socket = connect(port, '127.0.0.1')
      const isOpen = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'close').then(() => false)]).catch(
        () => false,
      )
      if (isOpen) return socket
    }
    return null
  }
}
