/**
 * How a machine becomes a node: `gatehouse node join` posts a join token here and gets the
 * node's own token, which its daemon then greets `gateway.ts` with.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import { clientKey, RateLimiter } from '#server/access/rate-limit.ts'
import { isNodeLive, joinNode, putLocalNode } from '#server/daemons/join-store.ts'
import { failures, type FailureCode } from '#core/errors.ts'
import { hashToken, mintToken } from '#server/db/mint.ts'

/** What the command line sends and gets. The node's name stands in the join token; the one sent is for people to recognise the machine by. */
export const JoinRequest = z.object({
  token: z.string().min(1).max(200),
  name: z.string().max(100).optional(),
  platform: z.string().max(100),
})
export type JoinReply = { nodeToken: string; nodeId: string; name: string }

const MAX_BODY_BYTES = 10_000
const STATUS: Partial<Record<(typeof failures)[FailureCode]['trpc'], number>> = { BAD_REQUEST: 400, FORBIDDEN: 403, TOO_MANY_REQUESTS: 429 }

const limiter = new RateLimiter()

/** Answers `POST /api/nodes/join`. */
export async function answerJoin(req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (req.method !== 'POST' || req.url?.split('?', 1)[0] !== '/api/nodes/join') return void res.writeHead(404).end()
  if (!limiter.allow(clientKey(req.socket.remoteAddress ?? ''), { perMinute: 20, nowMs: Date.now() })) return fail(res, 'request.too-many')
  const asked = JoinRequest.safeParse(await readJson(req))
  if (!asked.success) return fail(res, 'request.invalid')
  const { token, hash } = mintToken('ndt')
  const joined = await joinNode({ joinTokenHash: hashToken(asked.data.token), nodeTokenHash: hash, platform: asked.data.platform })
  if (!joined) return fail(res, 'node.join-token-unusable')
  const reply: JoinReply = { nodeToken: token, ...joined }
  res.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(reply))
}

/** Null for what is not JSON, or too much of it. */
async function readJson(req: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of req.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk
    if (text.length > MAX_BODY_BYTES) return null
  }
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const fail = (res: ServerResponse, code: FailureCode): void =>
  void res
    .writeHead(STATUS[failures[code].trpc] ?? 400, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify({ code }))

/** Gives the server's own machine its node and a new token for it; the old one opens nothing from now on. */
export async function joinLocalNode({ nodeId, name }: { nodeId: string | null; name: string }): Promise<JoinReply> {
  const { token, hash } = mintToken('ndt')
  return { nodeToken: token, ...(await putLocalNode({ nodeId, name, tokenHash: hash, platform: `${process.platform} ${process.arch}` })) }
}

/** A daemon reports at least this often. */
const SILENT_AFTER_MS = 45_000

export const isNodeLinked = (nodeId: string): Promise<boolean> => isNodeLive(nodeId, SILENT_AFTER_MS)
