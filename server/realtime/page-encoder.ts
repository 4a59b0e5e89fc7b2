/**
 * A page of a log is written as JSON once and goes to everybody who follows at the same place, instead of being searched
 * for binary parts and written anew for each of them. What goes over the wire is the same.
 */
import { Decoder, Encoder, PacketType, type Packet } from 'socket.io-parser'

/** A page (`core/links/browser.ts`) as its JSON. */
export class WrittenPage {
  readonly #json: string

  constructor(json: string) {
    this.#json = json
  }

  toString(): string {
    return this.#json
  }

  /** For an encoder that does not know of it. */
  toJSON(): unknown {
    return JSON.parse(this.#json)
  }
}

class PageEncoder extends Encoder {
  override encode(packet: Packet): unknown[] {
    const [event, page, ...more] = Array.isArray(packet.data) ? (packet.data as unknown[]) : []
    if (packet.type !== PacketType.EVENT || !(page instanceof WrittenPage) || more.length > 0) return super.encode(packet)
    return [`${PacketType.EVENT}${packet.nsp},${packet.id ?? ''}[${JSON.stringify(event)},${page}]`]
  }
}

/** socket.io's own wire format. */
export const pageParser = { Encoder: PageEncoder, Decoder }
