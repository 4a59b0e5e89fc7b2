/**
 * What Node itself costs between two connections, as a process of its own: its HTTP server, undici as in `server/proxy/forward.ts`,
 * and nothing else. No tokens, no limits, no records; it passes on what it gets.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool, type Dispatcher } from 'undici'

process.on('message', (stubPort: number) => {
  const pool = new Pool(`http://127.0.0.1:${stubPort}`, { connections: 1_024, pipelining: 1, allowH2: false })
  const server = createServer({ keepAliveTimeout: 60_000 }, (req, res) => {
    const pieces: Buffer[] = []
    req.on('data', (piece: Buffer) => pieces.push(piece))
    req.on('end', () => {
      const body = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
      const headers = ['content-type', 'application/json', 'content-length', String(body.length), 'authorization', 'Bearer sk-loopback']
      let whole: Buffer[] | null = null
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart() {},
        onResponseStart(_controller, status, answered: IncomingHttpHeaders) {
          const { 'content-type': type = '', 'content-length': length } = answered
          if (length !== undefined) whole = []
          res.writeHead(status, ['content-type', type, ...(length === undefined ? [] : ['content-length', length])])
        },
        onResponseData(controller, piece) {
          if (whole) return void whole.push(piece)
          if (res.write(piece)) return
          controller.pause()
          res.once('drain', () => controller.resume())
        },
        onResponseEnd: () => void (whole ? res.end(whole.length === 1 ? whole[0] : Buffer.concat(whole)) : res.end()),
        onResponseError: () => void res.destroy(),
      }
      pool.dispatch({ method: 'POST', path: req.url ?? '/', headers, body } as Dispatcher.DispatchOptions, handler)
    })
  })
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => process.send?.((server.address() as AddressInfo).port))
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
