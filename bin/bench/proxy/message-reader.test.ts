import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MessageReader } from '#bin/bench/proxy/message-reader.ts'

type Message = { head: string; body: string }

/** What is read when the bytes come in pieces that end at these places. */
function readIn(bytes: Buffer, cuts: readonly number[]): Message[] {
  const messages: Message[] = []
  let open: Message = { head: '', body: '' }
  const reader = new MessageReader({
    head: (head) => (open = { head, body: '' }),
    body: (piece) => (open.body += piece.toString('latin1')),
    end: () => messages.push(open),
  })
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  for (const [index, from] of [0, ...places].entries()) reader.feed(bytes.subarray(from, places[index] ?? bytes.length))
  return messages
}

const bodies = fc.array(fc.string({ unit: 'binary-ascii', maxLength: 40 }), { minLength: 1, maxLength: 5 })

it('finds the same messages wherever their packets end', () => {
  fc.assert(
    fc.property(bodies, fc.boolean(), fc.array(fc.nat(), { maxLength: 30 }), (pieces, isChunked, cuts) => {
      const body = pieces.join('')
      const head = `HTTP/1.1 200 OK\r\n${isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`}`
      const chunks = pieces.filter((piece) => piece !== '').map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
      const message = `${head}\r\n\r\n${isChunked ? `${chunks.join('')}0\r\n\r\n` : body}`
      expect(readIn(Buffer.from(message + message, 'latin1'), cuts)).toEqual([
        { head, body },
        { head, body },
      ])
    }),
  )
})

it('takes a request without a body for whole, and an answer without a length for none', () => {
  expect(readIn(Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n'), [])).toEqual([{ head: 'GET / HTTP/1.1\r\nhost: a', body: '' }])
  expect(() => readIn(Buffer.from('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n'), [])).toThrow('without a length')
})
