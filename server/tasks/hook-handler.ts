/**
 * `POST /hooks/tasks/<id>`: a signed call from outside makes a task. A plain handler, since whoever calls is nobody here: the
 * signature is all they have. An unknown webhook, one that is off and a wrong signature answer alike.
 * Mounted by `server/http.ts`. Next: `fire.ts`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { HOOK_BODY_MAX_BYTES, HOOK_PATH, hookHeaders, isTimely } from '#core/tasks/trigger.ts'
import type { FailureCode } from '#core/errors.ts'
import { TriggerId } from '#core/ids.ts'
import { clientKey, RateLimiter } from '#server/access/rate-limit.ts'
import { passUnread, readBounded } from '#server/bounded-body.ts'
import { takeCall } from '#server/tasks/fire.ts'
import { isSigned } from '#server/tasks/hook-secret.ts'
import { findHook } from '#server/tasks/trigger-store.ts'

const BODY_TIMEOUT_MS = 10_000
/** What fails its proof counts by address and webhook: behind a proxy all have one address, and junk must not shut out the rest. */
const CALLS_PER_MINUTE = { unproved: 120, proved: 30 }

export function createHookHandler(): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  const [unproved, proved] = [new RateLimiter(), new RateLimiter()]
  return async (req, res) => {
    const answer = (status: number, body: object): void => {
      if (status === 429) res.setHeader('retry-after', '60')
      res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body))
      passUnread(req)
    }
    const path = (req.url ?? '').split('?', 1)[0]!
    if (req.method !== 'POST' || !path.startsWith(HOOK_PATH)) return answer(404, { code: 'trigger.missing' })
    const nowMs = Date.now()
    const triggerId = TriggerId.safeParse(path.slice(HOOK_PATH.length))
    const from = `${clientKey(req.socket.remoteAddress ?? '')} ${triggerId.data?.toLowerCase() ?? 'none'}`
    const guesses = { perMinute: CALLS_PER_MINUTE.unproved, nowMs }
    if (unproved.isSpent(from, guesses)) return answer(429, { code: 'request.too-many' })
    const refuse = (status: number, code: FailureCode): void => {
      unproved.allow(from, guesses)
      answer(status, { code })
    }
    const read = await readBounded(req, { maxBytes: HOOK_BODY_MAX_BYTES, timeoutMs: BODY_TIMEOUT_MS }).catch(() => null)
    if (read === null) return void res.destroy()
    if (read.is !== 'read') return refuse(read.is === 'too-large' ? 413 : 408, 'request.invalid')

    const call = {
      deliveryId: headerOf(req, hookHeaders.delivery),
      timestamp: headerOf(req, hookHeaders.timestamp),
      signatures: headerOf(req, hookHeaders.signature),
      body: read.bytes.toString('utf8'),
    }
    const hook = triggerId.success ? await findHook(triggerId.data) : null
    const isProved = isSigned(triggerId.data ?? NOBODY, hook, call) && isTimely(call.timestamp, nowMs)
    if (!hook || !triggerId.success || !isProved || call.deliveryId === '') return refuse(401, 'trigger.unsigned')
    if (!proved.allow(triggerId.data, { perMinute: CALLS_PER_MINUTE.proved, nowMs })) return answer(429, { code: 'request.too-many' })

    const taken = await takeCall(triggerId.data, hook, call)
    if (taken.is === 'gone') return answer(401, { code: 'trigger.unsigned' })
    if (taken.is === 'refused') return answer(409, { code: taken.code })
    answer(taken.is === 'made' ? 201 : 200, { taskId: taken.taskId, isRepeated: taken.is === 'repeated' })
  }
}

const NOBODY = TriggerId.parse('00000000-0000-0000-0000-000000000000')

/** Printable and short, or nothing. A delivery has no dot: what is signed must come apart in one way only. */
function headerOf(req: IncomingMessage, name: string): string {
  const value = req.headers[name]
  const shape = name === hookHeaders.delivery ? /^[\x20-\x2d\x2f-\x7e]{1,200}$/ : /^[\x20-\x7e]{1,1000}$/
  return typeof value === 'string' && shape.test(value) ? value : ''
}
