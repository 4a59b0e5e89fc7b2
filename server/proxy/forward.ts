/**
 * One exchange with an upstream: bytes out as they came, bytes back as they come.
 * What it promises: no redirect is followed; the client's end is the upstream's end, also
 * before a head; a slow reader slows the upstream; request headers are built, and response
 * headers pass by name and never with the key in them.
 * Who may call, and what it cost, is `handler.ts`'s business.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { Pool, type Dispatcher } from 'undici'
import type { AuthHeader } from '#core/providers/dialects.ts'
import type { ProxyLimits } from '#server/proxy/limits.ts'
import { mentions } from '#server/proxy/redact.ts'
import { watchStall } from '#server/proxy/stalled.ts'
import { guardedConnector, type Guard } from '#server/proxy/upstream-guard.ts'

/** Keeps connections to upstreams open. HTTP/1.1 on purpose: its connections are cheaper, and nothing here multiplexes. */
export function createUpstreams(guard: Guard, { origins, upstreamHeadMs, upstreamIdleMs }: ProxyLimits) {
  const pools = new Map<string, Pool>()
  const connect = guardedConnector(guard)
  return {
    to(origin: string): Pool {
      const known = pools.get(origin)
      pools.delete(origin)
      const pool =
        known ??
        new Pool(origin, {
          connect,
          connections: 1_024,
          pipelining: 1,
          allowH2: false,
          keepAliveTimeout: 30_000,
          headersTimeout: upstreamHeadMs,
          bodyTimeout: upstreamIdleMs,
        })
      pools.set(origin, pool)
      if (pools.size > origins) {
        const [oldest] = pools.keys()
        void pools.get(oldest!)?.close()
        pools.delete(oldest!)
      }
      return pool
    },
    async close(): Promise<void> {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
      pools.clear()
    },
  }
}
export type Upstreams = ReturnType<typeof createUpstreams>

/**
 * What a client's header may become at the upstream. Codex's `responses-lite` says how its
 * own body is to be read; without it the body would mean something else.
 */
const REQUEST_HEADERS = [
  'accept',
  'user-agent',
  'anthropic-version',
  'anthropic-beta',
  'openai-beta',
  'idempotency-key',
  'x-openai-internal-codex-responses-lite',
]

export function upstreamHeaders(
  req: IncomingMessage,
  { key, authHeader, bytes }: { key: string; authHeader: AuthHeader; bytes: number },
): string[] {
  // Said aloud: without it any encoding would do, and what is compressed can be neither metered nor filtered.
  const headers = ['content-type', 'application/json', 'content-length', String(bytes), 'accept-encoding', 'identity']
  for (const name of REQUEST_HEADERS) {
    const value = req.headers[name]
    if (value !== undefined) headers.push(name, Array.isArray(value) ? value.join(', ') : value)
  }
  if (authHeader === 'authorization-bearer') headers.push('authorization', `Bearer ${key}`)
  else headers.push(authHeader, key)
  return headers
}

const RESPONSE_HEADERS =
  /^(content-type|content-encoding|cache-control|retry-after(-ms)?|request-id|x-request-id|x-should-retry|openai-(model|processing-ms|version)|x-reasoning-included|(anthropic|x)-ratelimit-[a-z0-9-]+)$/

/** Node would write other characters in another encoding than they came in. */
const PLAIN = /^[\t\x20-\x7e]*$/

/**
 * Flat name-value list for `writeHead`: of a header that comes twice the first, of one that holds the key nothing.
 * @param key in all its spellings
 */
export function clientHeaders(headers: IncomingHttpHeaders, key: readonly string[]): string[] {
  const passed: string[] = []
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined || !RESPONSE_HEADERS.test(name)) continue
    const first = Array.isArray(value) ? value[0]! : value
    if (PLAIN.test(first) && !mentions(first, key)) passed.push(name, first)
  }
  return passed
}

export type Exchange = {
  pool: Pool
  path: string
  headers: string[]
  body: Buffer
  res: ServerResponse
  stalledClientMs: number
  /** Not one byte of an answer leaves before `durable` is true; null: nothing is written down of it. */
  record: { durable: Promise<boolean>; hurry(): void } | null
  events: ExchangeEvents
}

export type ExchangeEvents = {
  /**
   * Decides about the answer once its head is there: `pass` streams it with these headers
   * (and `through` may hold bytes back), `keep` collects up to so many bytes for `onKept`.
   */
  onHead(status: number, headers: IncomingHttpHeaders): Passing
  /** Every byte of a passing body, as the upstream sent it. */
  onBytes(chunk: Buffer): void
  onKept(status: number, body: Buffer, headers: IncomingHttpHeaders): void
  /**
   * After a passed body; `failure` when it broke off. Not called for `keep`, and never twice.
   * @param last bytes of it that are still to be sent, so that what is short leaves in one piece
   */
  onEnd(failure: Error | null, last: Buffer | null): void
  /** The upstream gave no head. */
  onUnreachable(failure: Error): void
  /** `durable` turned out false. Called alone, with nothing sent. */
  onUnrecorded(): void
}

export type Passing =
  | { do: 'pass'; status: number; headers: string[]; through: { pass(chunk: Buffer): Buffer; rest(): Buffer } | null }
  | { do: 'keep'; maxBytes: number }

/** @returns how to end it early */
export function exchange(given: Exchange): { end(reason: Error): void } {
  const running = new Running(given)
  void given.record?.durable.then((isRecorded) => running.onRecorded(isRecorded))
  given.pool.dispatch({ method: 'POST', path: given.path, headers: given.headers, body: given.body } as Dispatcher.DispatchOptions, running)
  return running
}

/** Tells an abort of ours from a failure of theirs. Who reads no more has left, too. */
export class ClientLeft extends Error {}

class Running implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse
  readonly #events: ExchangeEvents
  #controller: Dispatcher.DispatchController | null = null
  #passing: Passing | null = null
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #kept: Buffer[] = []
  #keptBytes = 0
  #isOver = false
  #hasWritten = false
  /** In the moment in which the head came, whose first bytes of the body are kept: most answers also end in it, and leave in one piece. */
  #isGathering = false
  #first: Buffer | null = null
  /** Set when the end was asked for before undici gave us a way to end it. */
  #endReason: Error | null = null
  readonly #record: Exchange['record']
  #isRecorded: boolean
  /** What would have been said by now, in order. */
  #held: (() => void)[] = []
  readonly #onDrain = () => this.#controller?.resume()
  readonly #waitForClient: () => void

  constructor({ res, events, record, stalledClientMs }: Exchange) {
    this.#res = res
    this.#events = events
    this.#record = record
    this.#isRecorded = record === null
    this.#waitForClient = watchStall(res, {
      afterMs: stalledClientMs,
      onStall: () => {
        this.end(new ClientLeft('The client has stopped reading'))
        res.destroy()
      },
    })
  }

  onRecorded(isRecorded: boolean): void {
    if (this.#isOver) return
    if (!isRecorded) {
      this.#isOver = true
      this.end(new Error('The request could not be written down'))
      return this.#events.onUnrecorded()
    }
    this.#isRecorded = true
    for (const say of this.#held) say()
    this.#held = []
    // What was held may be more than the client takes at once: then its `drain` resumes.
    if (!this.#res.writableNeedDrain) this.#controller?.resume()
  }

  /** Now, or once the record is there: in the ordinary case it is there long before the upstream's first byte. */
  #say(say: () => void): void {
    if (this.#isRecorded || this.#res.destroyed) return say()
    if (this.#held.length === 0) this.#record?.hurry()
    this.#held.push(say)
    this.#controller?.pause()
  }

  end(reason: Error): void {
    this.#endReason ??= reason
    this.#controller?.abort(reason)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#endReason) controller.abort(this.#endReason)
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // 1xx are between us and the upstream.
    if (status < 200) return
    this.#status = status
    this.#headers = headers
    this.#passing = this.#events.onHead(status, headers)
    const passing = this.#passing
    if (passing.do === 'keep') return
    this.#say(() => {
      const res = this.#res
      if (res.destroyed) return
      res.writeHead(passing.status, passing.headers)
      res.on('drain', this.#onDrain)
      this.#isGathering = true
      // A model may think for long before its first word; what came in one packet with the head leaves with it.
      process.nextTick(() => {
        this.#isGathering = false
        if (this.#hasWritten || this.#isOver || res.destroyed) return
        if (this.#first) this.#send(this.#takeFirst()!)
        else res.flushHeaders()
      })
    })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#passing?.do === 'keep') {
      if (this.#keptBytes < this.#passing.maxBytes) this.#kept.push(chunk.subarray(0, this.#passing.maxBytes - this.#keptBytes))
      this.#keptBytes += chunk.length
      if (this.#keptBytes >= this.#passing.maxBytes) {
        this.#finishKept()
        // What is longer than anybody reads is not worth waiting for.
        controller.abort(new Error('The rest of this answer is not needed'))
      }
      return
    }
    this.#events.onBytes(chunk)
    const out = this.#passing?.through ? this.#passing.through.pass(chunk) : chunk
    if (out.length === 0) return
    if (this.#isRecorded) this.#write(out)
    else this.#say(() => this.#write(out))
  }

  #write(bytes: Buffer): void {
    const first = this.#takeFirst()
    if (first) this.#send(first)
    if (this.#isGathering && !this.#hasWritten) this.#first = bytes
    else this.#send(bytes)
  }

  #takeFirst(): Buffer | null {
    const first = this.#first
    this.#first = null
    return first
  }

  #send(bytes: Buffer): void {
    this.#hasWritten = true
    if (this.#res.write(bytes)) return
    this.#controller?.pause()
    this.#waitForClient()
  }

  onResponseEnd(): void {
    if (this.#passing?.do === 'keep') return this.#finishKept()
    this.#say(() => this.#finish(null))
  }

  onResponseError(_controller: Dispatcher.DispatchController, failure: Error): void {
    if (this.#passing?.do === 'keep') return this.#finishKept()
    if (this.#passing) return this.#say(() => this.#finish(failure))
    this.#say(() => {
      if (this.#isOver) return
      this.#isOver = true
      this.#events.onUnreachable(failure)
    })
  }

  #finishKept(): void {
    this.#say(() => {
      if (this.#isOver) return
      this.#isOver = true
      this.#events.onKept(this.#status, Buffer.concat(this.#kept), this.#headers)
    })
  }

  #finish(failure: Error | null): void {
    if (this.#isOver) return
    this.#isOver = true
    const res = this.#res
    res.off('drain', this.#onDrain)
    const first = this.#takeFirst()
    const rest = this.#passing?.do === 'pass' && this.#passing.through ? this.#passing.through.rest() : null
    const hasRest = rest !== null && rest.length > 0
    if (first && hasRest && !res.destroyed) res.write(first)
    this.#events.onEnd(failure, hasRest ? rest : first)
    if (res.writableLength > 0) this.#waitForClient()
  }
}
