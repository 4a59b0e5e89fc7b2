/**
 * One request from the moment its model is known to the settling of its record: what of
 * the provider's answer the agent gets, in which words, and what is written down of it.
 * From: `handler.ts`. Bytes move in `forward.ts`; `usage.ts` reads them; `server/usage` keeps the record.
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import { DomainError, type FailureCode } from '#core/errors.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import { log } from '#server/log.ts'
import { withoutAddedUsage } from '#server/proxy/added-usage.ts'
import type { Asked } from '#server/proxy/body.ts'
import { markRefused, noteFailure, noteUse } from '#server/proxy/credential-notes.ts'
import { errorFrame, sendError } from '#server/proxy/errors.ts'
import { ClientLeft, clientHeaders, exchange, type ExchangeEvents, type Passing, type Upstreams } from '#server/proxy/forward.ts'
import {
  isPlain,
  MAX_DETAIL,
  MAX_ERROR_BYTES,
  nameOf,
  notOfDialect,
  readKept,
  type Failure,
  type Refusal,
} from '#server/proxy/kept-answer.ts'
import { redact } from '#server/proxy/redact.ts'
import type { ProxiedRun } from '#server/proxy/run.ts'
import { meterFor, type Meter } from '#server/proxy/usage.ts'
import type { Follower, Visit } from '#server/proxy/visit.ts'
import type { Ending, OpenRecord } from '#server/usage/service.ts'

export const unrecorded: Refusal = {
  status: 503,
  code: 'usage.unrecorded',
  message: 'Gatehouse could not write down this request, so it is not answered. Try again in a moment.',
  mayRetry: true,
}

type Start = {
  upstreams: Upstreams
  visit: Visit
  stalledClientMs: number
  origin: string
  path: string
  headers: string[]
  bytes: Buffer
  hidesAddedUsage: boolean
}

export type Metered = {
  res: ServerResponse
  run: ProxiedRun
  asked: Asked
  /** In whose words the answer reports: the run's, but for embeddings, which have one form. */
  dialect: Dialect
  record: OpenRecord | null
  startedMs: number
  /** Asked for by the harness alone: what becomes of it is no failure of the turn. */
  isBackground: boolean
}

export class MeteredExchange implements ExchangeEvents, Follower {
  readonly #res: ServerResponse
  readonly #run: ProxiedRun
  readonly #asked: Asked
  readonly #dialect: Dialect
  readonly #record: OpenRecord | null
  readonly #startedMs: number
  readonly #isBackground: boolean
  #running: { end(reason: Error): void } | null = null
  #meter: Meter | null = null
  #hidesAddedUsage = false
  #isEventStream = false
  #isSettled = false
  #status: number | null = null
  #firstByteMs: number | null = null
  /** Why we ended it ourselves, in words for the agent. */
  #cutBecause: string | null = null

  constructor({ res, run, asked, dialect, record, startedMs, isBackground }: Metered) {
    this.#res = res
    this.#run = run
    this.#asked = asked
    this.#dialect = dialect
    this.#record = record
    this.#startedMs = startedMs
    this.#isBackground = isBackground
  }

  /** Answered without an upstream; it is written down first all the same. */
  async refuse({ status, code, message, facts, mayRetry = false }: Refusal): Promise<void> {
    this.#settle({ outcome: 'refused', status, failure: { code, detail: message, ...(facts && { facts }) } })
    this.#record?.hurry()
    await this.#record?.durable
    sendError(this.#res, { status, message, dialect: this.#dialect, code, mayRetry })
  }

  /** The run may spend no more, and nothing was sent yet. */
  async refuseEnded(why: string): Promise<void> {
    this.#settle({ outcome: 'refused', status: 401, failure: null })
    this.#record?.hurry()
    await this.#record?.durable
    this.#sendEnded(why)
  }

  start({ upstreams, visit, stalledClientMs, origin, path, headers, bytes, hidesAddedUsage }: Start): void {
    const res = this.#res
    if (res.destroyed) return this.#settle({ outcome: 'aborted', status: null, failure: null })
    noteUse(this.#run.credentialId)
    this.#hidesAddedUsage = hidesAddedUsage
    this.#running = exchange({
      pool: upstreams.to(origin),
      path,
      headers,
      body: bytes,
      res,
      stalledClientMs,
      record: this.#record,
      events: this,
    })
    visit.follow(this)
  }

  cut(why: string): void {
    if (this.#isSettled) return
    this.#cutBecause = why
    this.#running?.end(new Error(why))
  }

  closed(): void {
    if (!this.#res.writableFinished) this.#running?.end(new ClientLeft('The client left'))
  }

  onHead(status: number, headers: IncomingHttpHeaders): Passing {
    this.#status = status
    this.#firstByteMs = this.#elapsedMs()
    const type = headers['content-type'] ?? ''
    this.#isEventStream = /event-stream/i.test(type) || (type === '' && this.#asked.isStream)
    const isOfDialect = this.#isEventStream || type === '' || /json/i.test(type)
    if (status >= 300 || !isOfDialect) return { do: 'keep', maxBytes: MAX_ERROR_BYTES }
    // What is compressed although we asked for `identity` passes as it is, and its usage is unknown. Decoding a copy
    // would mean trusting such a server with our memory.
    const isReadable = isPlain(headers)
    if (isReadable) this.#meter = meterFor(this.#dialect, { isEventStream: this.#isEventStream })
    const through = this.#hidesAddedUsage && this.#isEventStream && isReadable ? withoutAddedUsage() : null
    const passed = clientHeaders(headers, this.#run.keySpellings)
    const length = headers['content-length']
    if (length !== undefined && !this.#isEventStream) passed.push('content-length', String(length))
    return { do: 'pass', status, headers: passed, through }
  }

  onBytes(chunk: Buffer): void {
    try {
      this.#meter?.feed(chunk)
    } catch (error) {
      // Counting must never touch the stream.
      this.#meter = null
      log.error({ err: error }, 'A response could not be counted')
    }
  }

  onKept(status: number, body: Buffer, headers: IncomingHttpHeaders): void {
    const kept = readKept({ status, body, headers, run: this.#run, dialect: this.#dialect })
    if (kept.is === 'ours') {
      if (kept.refusesKey) void markRefused(this.#run)
      return this.#fail(kept.failure)
    }
    const passed = clientHeaders(headers, this.#run.keySpellings)
    if (!this.#res.headersSent && !this.#res.destroyed)
      this.#res.writeHead(status, [...passed, 'content-length', String(kept.bytes.length)]).end(kept.bytes)
    this.#settle({ outcome: 'failed', status, failure: kept.failure })
  }

  onEnd(failure: Error | null, last: Buffer | null): void {
    const verdict = this.#meter?.verdict() ?? null
    if (failure instanceof ClientLeft || (failure && this.#res.destroyed)) {
      return this.#settle({ outcome: 'aborted', status: this.#status, failure: null, verdict })
    }
    const isWhole = failure === null && (verdict === null || verdict.isComplete)
    if (isWhole) {
      // Its client has left while the answer was held back: nothing of it was delivered.
      if (this.#res.destroyed) return this.#settle({ outcome: 'aborted', status: this.#status, failure: null, verdict })
      this.#res.end(last)
      if (!verdict?.failure) return this.#settle({ outcome: 'completed', status: this.#status, failure: null, verdict })
      return this.#settle({ outcome: 'failed', status: this.#status, failure: this.#redacted(verdict.failure), verdict })
    }
    const code = failure === null && verdict && !verdict.isRecognised ? 'provider.garbled' : 'provider.failed'
    const theirs = code === 'provider.garbled' ? notOfDialect(this.#run, this.#dialect) : `The answer of ${nameOf(this.#run)} broke off.`
    const message = this.#cutBecause ?? theirs
    if (last) this.#res.write(last)
    if (this.#isEventStream) this.#res.end(errorFrame({ status: 502, message, dialect: this.#dialect, code }))
    else if (failure) this.#res.destroy()
    else this.#res.end()
    if (this.#cutBecause) return this.#settle({ outcome: 'aborted', status: this.#status, failure: null, verdict })
    this.#settle({ outcome: 'failed', status: this.#status, failure: { code, detail: message }, verdict })
  }

  onUnreachable(failure: Error): void {
    if (failure instanceof ClientLeft || this.#res.destroyed) return this.#settle({ outcome: 'aborted', status: null, failure: null })
    if (this.#cutBecause) {
      this.#sendEnded(this.#cutBecause)
      return this.#settle({ outcome: 'aborted', status: null, failure: null })
    }
    // A name that nobody knows is a provider out of reach; only an address that was found can be unsafe.
    if (failure instanceof DomainError && failure.facts['reason'] !== 'host-not-found') {
      return this.#fail({
        status: 502,
        code: failure.code,
        message: `${nameOf(this.#run)} is at an address that Gatehouse does not call (${String(failure.facts['reason'])}).`,
      })
    }
    const why = failure instanceof DomainError ? 'its address is not found' : ((failure as NodeJS.ErrnoException).code ?? failure.name)
    this.#fail({ status: 502, code: 'provider.unreachable', message: `${nameOf(this.#run)} cannot be reached (${why}).`, mayRetry: true })
  }

  onUnrecorded(): void {
    this.#fail(unrecorded)
  }

  #sendEnded(why: string): void {
    sendError(this.#res, { status: 401, message: why, dialect: this.#dialect, code: 'gatehouse.run-ended' })
  }

  #fail({ status, code, message, detail = message, mayRetry = false }: Failure): void {
    sendError(this.#res, { status, message, dialect: this.#dialect, code, mayRetry })
    this.#settle({ outcome: 'failed', status: this.#status, failure: { code, detail } })
  }

  #redacted = ({ code, detail }: { code: FailureCode; detail: string }) => ({ code, detail: redact(detail, [this.#run.key]) })

  #settle({
    failure,
    ...ending
  }: Omit<Ending, 'firstByteMs' | 'durationMs' | 'verdict' | 'isBackground'> & Partial<Pick<Ending, 'verdict'>>): void {
    this.#isSettled = true
    if (ending.outcome === 'failed' && failure) noteFailure(this.#run, failure.code)
    this.#record?.settle({
      ...ending,
      verdict: ending.verdict ?? null,
      failure: failure && { ...failure, detail: failure.detail.slice(0, MAX_DETAIL) },
      firstByteMs: this.#firstByteMs,
      durationMs: this.#elapsedMs(),
      isBackground: this.#isBackground,
    })
  }

  #elapsedMs = () => Math.round(performance.now() - this.#startedMs)
}
