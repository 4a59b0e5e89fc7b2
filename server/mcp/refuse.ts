/** What `/mcp` says to a request that it does not serve: in the protocol's own form, where a client looks. */
import type { ServerResponse } from 'node:http'

export function refuse(res: ServerResponse, status: number, message: string): void {
  if (res.headersSent) return void res.destroy()
  const body = JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32_000, message } })
  res
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' })
    .end(body)
}
