/**
 * One request from the moment its model is known to the settling of its record: what of
 * the provider's answer the agent gets, in which words, and what is written down of it.
 * From: `handler.ts`. Bytes move in `forward.ts`; `usage.ts` reads them; `server/usage` keeps the record.
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import { DomainError, type FailureCode } from '#core/errors.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import { providerName } from '#core/providers/presets.ts'
import { refusesKey } from '#core/providers/refused-key.ts'
import { log } from '#server/log.ts'
import { withoutAddedUsage } from '#server/proxy/added-usage.ts'
import type { Asked } from '#server/proxy/body.ts'
import { markRefused, noteFailure, noteUse } from '#server/proxy/credential-notes.ts'
import { errorFrame, sendError } from '#server/proxy/errors.ts'
import { ClientLeft, clientHeaders, exchange, type Passing, type Upstreams } from '#server/proxy/forward.ts'
import { redact } from '#server/proxy/redact.ts'
import { watch } from '#server/proxy/kept-runs.ts'
import type { ProxiedRun } from '#server/proxy/run.ts'
import { failureOfStatus, meterFor, type Meter } from '#server/proxy/usage.ts'
import type { Ending, OpenRecord } from '#server/usage/service.ts'

/** An error body longer than this is nothing that a person reads. */
const MAX_ERROR_BYTES = 64 * 1024
const MAX_DETAIL = 2_000

export type Refusal = { status: number; code: FailureCode; message: string; facts?: Record<string, string | number>; mayRetry?: boolean }

const nameOf = (run: ProxiedRun) => providerName(run.provider, run.endpoint.baseUrl)
export const refusedKey = (run: ProxiedRun) =>
  `${nameOf(run)} refused the key of this connection. Replace it in Gatehouse under Connections.`

export const unrecorded: Refusal = {
  status: 503,
  code: 'usage.unrecorded',
  message: 'Gatehouse could not write down this request, so it is not answered. Try again in a moment.',
  mayRetry: true,
}

type Start = {
  upstreams: Upstreams
  stalledClientMs: number
  origin: string
  path: string
  headers: string[]
  bytes: Buffer
  hidesAddedUsage: boolean
}

export class MeteredExchange {
  readonly #res: ServerResponse
  readonly #run: ProxiedRun
  readonly #asked: Asked
  /** In whose words the answer reports: the run's, but for embeddings, which have one form. */
  readonly #dialect: Dialect
  readonly #record: OpenRecord | null
  readonly #startedMs: number
  readonly #isBackground: boolean
  #meter: Meter | null = null
  #isEventStream = false
  #status: number | null = null
  #firstByteMs: number | null = null
  /** Why we ended it ourselves, in words for the agent. */
  #cutBecause: string | null = null
  #unwatch: () => void = () => {}

  constructor({
    res,
    run,
    asked,
    dialect,
    record,
    startedMs,
    isBackground,
  }: {
    res: ServerResponse
    run: ProxiedRun
    asked: Asked
    dialect: Dialect
    record: OpenRecord | null
    startedMs: number
    /** Asked for by the harness alone: what becomes of it is no failure of the turn. */
    isBackground: boolean
  }) {
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
    await this.#record?.durable
    sendError(this.#res, { status, message, dialect: this.#dialect, code, mayRetry })
  }

  /** The run may spend no more, and nothing was sent yet. */
  async refuseEnded(why: string): Promise<void> {
    this.#settle({ outcome: 'refused', status: 401, failure: null })
    await this.#record?.durable
    this.#sendEnded(why)
  }

  start({ upstreams, stalledClientMs, origin, path, headers, bytes, hidesAddedUsage }: Start): void {
    const res = this.#res
    if (res.destroyed) return this.#settle({ outcome: 'aborted', status: null, failure: null })
    noteUse(this.#run.credentialId)
    const end = exchange({
      pool: upstreams.to(origin),
      path,
      headers,
      body: bytes,
      res,
      stalledClientMs,
      recorded: this.#record?.durable ?? null,
      onHead: (status, answered) => this.#onHead(status, answered, hidesAddedUsage),
      onBytes: (chunk) => this.#onBytes(chunk),
      onKept: (status, body, answered) => this.#onKept(status, body, answered),
      onEnd: (failure) => this.#onEnd(failure),
      onUnreachable: (failure) => this.#onUnreachable(failure),
      onUnrecorded: () => this.#fail(unrecorded),
    })
    res.once('close', () => {
      this.#unwatch()
      if (!res.writableFinished) end(new ClientLeft('The client left'))
    })
    this.#unwatch = watch(this.#run.runId, (why) => {
      this.#cutBecause = why
      end(new Error(why))
    })
  }

  #onHead(status: number, headers: IncomingHttpHeaders, hidesAddedUsage: boolean): Passing {
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
    const through = hidesAddedUsage && this.#isEventStream && isReadable ? withoutAddedUsage() : null
    const length = headers['content-length']
    return {
      do: 'pass',
      status,
      headers: [
        ...clientHeaders(headers, this.#run.key),
        ...(length !== undefined && !this.#isEventStream ? ['content-length', String(length)] : []),
      ],
      through,
    }
  }

  #onBytes(chunk: Buffer): void {
    try {
      this.#meter?.feed(chunk)
    } catch (error) {
      // Counting must never touch the stream.
      this.#meter = null
      log.error({ err: error }, 'A response could not be counted')
    }
  }

  /** The answer is no success, or nothing that this dialect knows. */
  #onKept(status: number, body: Buffer, headers: IncomingHttpHeaders): void {
    const { key } = this.#run
    const dialect = this.#dialect
    const text = isPlain(headers) ? redact(body.toString('utf8'), [key]) : ''
    const isJson = parses(text)
    if (status < 400) {
      const isRedirect = status >= 300
      const code = isRedirect ? 'provider.failed' : 'provider.garbled'
      const message = isRedirect
        ? `${nameOf(this.#run)} answered with a redirect, which Gatehouse does not follow.`
        : `${nameOf(this.#run)} answered something that is not ${dialect}.`
      return this.#fail({ status: 502, code, message, detail: isRedirect ? message : `${message}\n${text.slice(0, 500)}` })
    }
    const isRefusedKey = refusesKey(status, { text, isJson })
    if (status === 403 || isRefusedKey) {
      if (isRefusedKey) void markRefused(this.#run)
      return this.#fail({
        status: 403,
        code: 'provider.refused-key',
        message: refusedKey(this.#run),
        detail: isJson ? (messageIn(text) ?? '') : `status ${status}`,
      })
    }
    const code = failureOfStatus(status)
    const message = messageIn(text) ?? `${nameOf(this.#run)} answered ${status}.`
    if (!isJson) return this.#fail({ status, code, message, detail: text.slice(0, 500), mayRetry: true })
    const bytes = Buffer.from(text)
    const passed = clientHeaders(headers, key)
    if (!this.#res.headersSent && !this.#res.destroyed)
      this.#res.writeHead(status, [...passed, 'content-length', String(bytes.length)]).end(bytes)
    this.#settle({ outcome: 'failed', status, failure: { code, detail: message } })
  }

  #onEnd(failure: Error | null): void {
    const verdict = this.#meter?.verdict() ?? null
    if (failure instanceof ClientLeft || (failure && this.#res.destroyed)) {
      return this.#settle({ outcome: 'aborted', status: this.#status, failure: null, verdict })
    }
    const isWhole = failure === null && (verdict === null || verdict.isComplete)
    if (isWhole) {
      // Its client has left while the answer was held back: nothing of it was delivered.
      if (this.#res.destroyed) return this.#settle({ outcome: 'aborted', status: this.#status, failure: null, verdict })
      this.#res.end()
      if (!verdict?.failure) return this.#settle({ outcome: 'completed', status: this.#status, failure: null, verdict })
      return this.#settle({ outcome: 'failed', status: this.#status, failure: this.#redacted(verdict.failure), verdict })
    }
    const code = failure === null && verdict && !verdict.isRecognised ? 'provider.garbled' : 'provider.failed'
    const theirs =
      code === 'provider.garbled'
        ? `${nameOf(this.#run)} answered something that is not ${this.#dialect}.`
        : `The answer of ${nameOf(this.#run)} broke off.`
    const message = this.#cutBecause ?? theirs
    if (this.#isEventStream) this.#res.end(errorFrame({ status: 502, message, dialect: this.#dialect, code }))
    else if (failure) this.#res.destroy()
    else this.#res.end()
    if (this.#cutBecause) return this.#settle({ outcome: 'aborted', status: this.#status, failure: null, verdict })
    this.#settle({ outcome: 'failed', status: this.#status, failure: { code, detail: message }, verdict })
  }

  #onUnreachable(failure: Error): void {
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

  #sendEnded(why: string): void {
    sendError(this.#res, { status: 401, message: why, dialect: this.#dialect, code: 'gatehouse.run-ended' })
  }

  #fail({ status, code, message, detail = message, mayRetry = false }: Refusal & { detail?: string }): void {
    sendError(this.#res, { status, message, dialect: this.#dialect, code, mayRetry })
    this.#settle({ outcome: 'failed', status: this.#status, failure: { code, detail } })
  }

  #redacted = ({ code, detail }: { code: FailureCode; detail: string }) => ({ code, detail: redact(detail, [this.#run.key]) })

  #settle({
    failure,
    ...ending
  }: Omit<Ending, 'firstByteMs' | 'durationMs' | 'verdict' | 'isBackground'> & Partial<Pick<Ending, 'verdict'>>): void {
    this.#unwatch()
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

const isPlain = ({ 'content-encoding': encoding }: IncomingHttpHeaders): boolean =>
  encoding === undefined || /^\s*(identity)?\s*$/i.test(String(encoding))

const parses = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The sentence in an upstream's error, wherever its dialect has it. */
function messageIn(text: string): string | null {
  try {
    const body = JSON.parse(text) as { error?: { message?: unknown } | string; message?: unknown; detail?: unknown }
    const found = typeof body.error === 'string' ? body.error : (body.error?.message ?? body.message ?? body.detail)
    return typeof found === 'string' ? found.slice(0, MAX_DETAIL) : null
  } catch {
    return null
  }
}
