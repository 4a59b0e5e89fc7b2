/**
 * The model at the other end, as a process of its own on a raw socket: it reads a request
 * whole and answers in one piece or as a stream, whatever it was asked. What it says is
 * prepared; how long it thinks and how it paces its streams is what the parent's last message said.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { MessageReader } from '#bin/bench/proxy/message-reader.ts'
import { answerBytes, eventBytes, type Pace } from '#bin/bench/proxy/speech.ts'

let pace: Pace = { events: 20, everyMs: 0, thinksMs: 0 }

const server = createServer({ noDelay: true }, (socket) => {
  let isStream = false
  let isUsageAsked = false
  const reader = new MessageReader({
    head: () => {
      isStream = false
      isUsageAsked = false
    },
    body: (piece) => {
      isStream ||= piece.includes('"stream":true')
      isUsageAsked ||= piece.includes('"include_usage":true')
    },
    end: () => {
      const say = isStream ? () => stream(socket, isUsageAsked) : () => void (socket.destroyed || socket.write(answerBytes))
      if (pace.thinksMs === 0) say()
      else setTimeout(say, pace.thinksMs)
    },
  })
  socket.on('data', (chunk: Buffer) => {
    try {
      reader.feed(chunk)
    } catch {
      socket.destroy()
    }
  })
  socket.on('error', () => {})
})

function stream(socket: Socket, isUsageAsked: boolean): void {
  const { events, everyMs } = pace
  let said = 0
  const say = (): void => {
    if (socket.destroyed) return
    socket.write(said === 0 ? eventBytes.first : eventBytes.next)
    said += 1
    if (said >= events) socket.write(isUsageAsked ? eventBytes.lastWithUsage : eventBytes.last)
    else if (everyMs === 0) setImmediate(say)
    else setTimeout(say, everyMs)
  }
  say()
}

process.on('message', (asked: Pace) => {
  pace = asked
  process.send?.('paced')
})
process.on('disconnect', () => process.exit(0))
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => process.send?.((server.address() as AddressInfo).port))
