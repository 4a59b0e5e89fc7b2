/**
 * Codex, with a provider of its own, asks for a websocket on `/responses` first. We serve none:
 * 426 in the dialect's words makes a client take the plain way; a broken connection makes it try again.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { errorBody } from '#server/proxy/errors.ts'
import { dialectOfUrl } from '#server/proxy/route.ts'

export function refuseUpgrade(req: Pick<IncomingMessage, 'url'>, socket: Duplex): void {
  const body = JSON.stringify(
    errorBody({
      status: 426,
      message: 'Gatehouse serves this over plain HTTP, not over a websocket.',
      dialect: dialectOfUrl(req.url),
      code: 'gatehouse.no-websocket',
    }),
  )
  socket.on('error', () => socket.destroy())
  socket.end(
    [
      'HTTP/1.1 426 Upgrade Required',
      'upgrade: HTTP/1.1',
      'connection: upgrade, close',
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      'x-should-retry: false',
      '',
      body,
    ].join('\r\n'),
    () => socket.destroy(),
  )
}
