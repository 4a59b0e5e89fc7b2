/**
 * For hostile tests: an upstream that is a bare socket and does byte by byte what a test says,
 * and a client that does the same. Both speak HTTP badly on purpose.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'

/** What the upstream does once a request's head and body are there. */
export type Misbehaviour = (socket: Socket, request: { head: string; body: Buffer }) => unknown

export type RawUpstream = {
  host: string
  origin: string
  /** How it treats the requests that come from now on. */
  does(misbehaviour: Misbehaviour): void
  /** Heads of requests, in order of arrival. */
  heads: string[]
  bodies: Buffer[]
  /** How many connections are open now, and how many there have been. */
  open(): number
  seen(): number
  close(): Promise<void>
}

/** @param isHasty it answers to a head, and reads no body */
export async function rawUpstream({ isHasty = false } = {}): Promise<RawUpstream> {
  let does: Misbehaviour = (socket) => socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n')
  const sockets = new Set<Socket>()
  let seen = 0
  const heads: string[] = []
  const bodies: Buffer[] = []
  const server = createServer((socket) => {
    seen += 1
    sockets.add(socket.once('close', () => sockets.delete(socket)))
    socket.setNoDelay().on('error', () => socket.destroy())
    let got = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk])
      for (;;) {
        const end = got.indexOf('\r\n\r\n')
        if (end < 0) return
        const head = got.toString('latin1', 0, end)
        if (isHasty) {
          socket.pause()
          return void does(socket, { head, body: Buffer.alloc(0) })
        }
        const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
        if (got.length < end + 4 + length) return
        const body = got.subarray(end + 4, end + 4 + length)
        got = got.subarray(end + 4 + length)
        heads.push(head)
        bodies.push(body)
        void does(socket, { head, body })
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    host,
    origin: `http://${host}`,
    does: (misbehaviour) => void (does = misbehaviour),
    heads,
    bodies,
    open: () => sockets.size,
    seen: () => seen,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Writes these, each in a packet of its own. */
export async function writeEach(socket: Socket, pieces: readonly (string | Buffer)[]): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return
    await new Promise((resolve) => socket.write(piece, resolve))
  }
}

export const chunked = (bytes: Buffer | string): Buffer => {
  const body = Buffer.from(bytes)
  return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')])
}

export type RawClient = { socket: Socket; said(): Buffer; closed: Promise<void> }

export function rawClient(origin: string): RawClient {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => {})
  return { socket, said: () => Buffer.concat(chunks), closed: new Promise((resolve) => socket.once('close', () => resolve())) }
}

/** The head of a request as a harness sends it; `more` are whole header lines. */
export const requestHead = (path: string, { length, more = [] }: { length: number; more?: readonly string[] }): string =>
  [
    `POST ${path} HTTP/1.1`,
    'host: gatehouse.test',
    `authorization: Bearer ${SENTINEL_KEY}`,
    'content-type: application/json',
    `content-length: ${length}`,
    ...more,
    '',
    '',
  ].join('\r\n')
