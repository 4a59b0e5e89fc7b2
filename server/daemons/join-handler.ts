/**
 * `POST /api/nodes/join {token, publicKey, signature}` → `{nodeId, name}`: how a machine turns a join token into the right
 * to speak for a node with its key. Mounted by `server/http.ts`; a plain handler, since whoever joins is nobody yet.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { DomainError, failures } from '#core/errors.ts'
import { ENROLMENT_PATH, Enrolment } from '#core/nodes/identity.ts'
import { clientKey, RateLimiter } from '#server/access/rate-limit.ts'
import { joinNode } from '#server/daemons/service.ts'

const BODY_MAX_BYTES = 4_000
const attempts = new RateLimiter()

export async function answerJoin(req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (req.method !== 'POST' || req.url?.split('?', 1)[0] !== ENROLMENT_PATH) return answer(res, 404, { code: 'node.missing' })
  const address = clientKey(req.socket.remoteAddress ?? '')
  if (!attempts.allow(address, { perMinute: 20, nowMs: Date.now() })) return answer(res, 429, { code: 'request.too-many' })
  const enrolment = Enrolment.safeParse(await readJson(req))
  if (!enrolment.success) return answer(res, 400, { code: 'request.invalid' })
  try {
    answer(res, 200, await joinNode(enrolment.data))
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    answer(res, failures[error.code].trpc === 'FORBIDDEN' ? 403 : 422, { code: error.code })
  }
}

async function readJson(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_MAX_BYTES) return null
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return null
  }
}

const answer = (res: ServerResponse, status: number, body: object): void =>
  void res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body))
