/**
 * `/mcp`: our MCP server, and below it the way to those that a project brings; over Streamable HTTP without sessions, in the current protocol version and those before it. A plain
 * Node handler, mounted ahead of Next. A run is known by its token alone; cookies, access tokens and workspace tokens are
 * nothing here. A run that ends, or whose person loses their place, loses what it has under way within five seconds, and so it
 * does with a server that is switched off.
 * From: `agent/sandbox/gateway.ts`, which puts the token in. Next: `serve-tools.ts`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { MCP_PATH, ownServerOf } from '#core/links/mcp-route.ts'
import { passUnread, readBounded } from '#server/bounded-body.ts'
import { hashToken } from '#server/db/mint.ts'
import { log } from '#server/log.ts'
import { exchangeWithOwn } from '#server/mcp/own-exchange.ts'
import { findToAsk } from '#server/mcp/own-store.ts'
import { openOwnUpstream } from '#server/mcp/own-upstream.ts'
import { refuse } from '#server/mcp/refuse.ts'
import { serveTools } from '#server/mcp/serve-tools.ts'
import { findCallingRun, type CallingRun } from '#server/mcp/store.ts'
import { tokenOf } from '#server/mcp/token.ts'

export type McpHandler = ((req: IncomingMessage, res: ServerResponse) => void) & { close(): Promise<void> }

const BODY = { maxBytes: 1024 * 1024, timeoutMs: 30_000 }
const RECHECK_MS = 2_000
const CALLS_AT_ONCE = 16

/** @param origins that a browser may speak from; a request that names another is refused, as the protocol asks */
export function createMcpPart({ origins }: { origins: ReadonlySet<string> }): McpHandler {
  const underWay = new Map<string, number>()
  const upstream = openOwnUpstream()
  const mcp = createMcpHandler(
    ({ authInfo }) => {
      const { run, signal } = authInfo!.extra as Asking
      return serveTools(run, signal)
    },
    { onerror: (error) => log.debug({ err: error }, 'An MCP request was not served') },
  )

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = (req.url ?? '').split('?', 1)[0]!
    const serverId = ownServerOf(path)
    if (path !== MCP_PATH && serverId === null) return refuse(res, 404, 'Nothing is here.')
    const { origin } = req.headers
    if (origin !== undefined && !origins.has(origin)) return refuse(res, 403, 'This request comes from another site.')
    const found = await identify(req)
    if (!found) {
      res.setHeader('www-authenticate', 'Bearer')
      return refuse(res, 401, 'This token opens nothing.')
    }
    const { run, hash } = found
    if ((underWay.get(run.runId) ?? 0) >= CALLS_AT_ONCE)
      return refuse(res, 429, 'This run has as many calls under way as it may have at once.')
    underWay.set(run.runId, (underWay.get(run.runId) ?? 0) + 1)
    try {
      const body = await readBounded(req, BODY)
      if (body.is === 'read') return await exchange(req, res, { bytes: body.bytes, run, hash, serverId })
      passUnread(req)
      refuse(res, body.is === 'too-large' ? 413 : 408, 'This request is too large or too late.')
    } finally {
      const left = (underWay.get(run.runId) ?? 1) - 1
      if (left > 0) underWay.set(run.runId, left)
      else underWay.delete(run.runId)
    }
  }

  async function exchange(
    req: IncomingMessage,
    res: ServerResponse,
    { bytes, run, hash, serverId }: Exchanging & { bytes: Buffer },
  ): Promise<void> {
    const over = new AbortController()
    res.once('close', () => over.abort())
    const rechecking = setInterval(() => {
      stillHolds({ run, hash, serverId })
        .then((holds) => {
          if (!holds) res.destroy()
        })
        .catch((error: unknown) => log.warn({ err: error }, 'An open MCP call could not be checked'))
    }, RECHECK_MS)
    try {
      if (serverId !== null) return await exchangeWithOwn(req, res, { serverId, run, bytes, signal: over.signal, upstream })
      const extra: Asking = { run, signal: over.signal }
      const answer = await mcp.fetch(requestOf(req, bytes, over.signal), {
        authInfo: { token: '', clientId: run.runId, scopes: run.groups, extra },
      })
      if (res.destroyed) return
      res.writeHead(answer.status, { ...Object.fromEntries(answer.headers), 'cache-control': 'no-store' })
      if (answer.body === null) return void res.end()
      await pipeline(Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]), res)
    } catch (error) {
      if (!over.signal.aborted) throw error
    } finally {
      clearInterval(rechecking)
    }
  }

  const handle = (req: IncomingMessage, res: ServerResponse): void => {
    serve(req, res).catch((error: unknown) => {
      if (req.destroyed && !req.complete) return
      log.error({ err: error }, 'An MCP request could not be served')
      refuse(res, 503, 'Gatehouse could not serve this request just now.')
    })
  }
  return Object.assign(handle, {
    async close() {
      await mcp.close()
      await upstream.close()
    },
  })
}

/** 256 bits are not guessed, and a wrong one costs one look at an index: counting would only keep out whoever shares the address. */
async function identify(req: IncomingMessage): Promise<{ run: CallingRun; hash: Buffer } | null> {
  const token = tokenOf(req.headers.authorization)
  const hash = token === null ? null : hashToken(token)
  const run = hash && (await findCallingRun(hash))
  return run && hash ? { run, hash } : null
}

type Exchanging = { run: CallingRun; hash: Buffer; serverId: string | null }

/** Whether the run may still speak for that person, and with that server. */
async function stillHolds({ run, hash, serverId }: Exchanging): Promise<boolean> {
  const [now, server] = await Promise.all([findCallingRun(hash), serverId === null ? null : findToAsk(run.projectId, serverId)])
  return now?.userId === run.userId && (serverId === null || server?.isEnabled === true)
}

type Asking = { run: CallingRun; signal: AbortSignal }

/** What the protocol reads of a request; nothing that says who somebody is goes further. */
function requestOf(req: IncomingMessage, bytes: Buffer, signal: AbortSignal): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(req.headers)) {
    if (typeof value === 'string' && (/^(content-type|accept|last-event-id)$/.test(name) || name.startsWith('mcp-')))
      headers.set(name, value)
  }
  const method = req.method ?? 'GET'
  const hasBody = method !== 'GET' && method !== 'HEAD'
  return new Request(`http://gatehouse${MCP_PATH}`, { method, headers, signal, ...(hasBody && { body: new Uint8Array(bytes) }) })
}
