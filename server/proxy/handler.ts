/**
 * `/ai/proxy/{wstoken}/{path}`: where an agent's model requests become a provider's, with
 * the real key put in and every token counted. A plain Node handler, mounted ahead of Next
 * (`server/http.ts`) or in a process of its own (`main.ts`).
 *
 * The order is the contract: fixed route (404), token format without I/O, the run and its
 * right to spend, the dialect, the model, then the upstream. Nothing of a body, a key or a
 * token is logged; what the log of a chat gets of an upstream's error went through `redact.ts`.
 * Next: `settle.ts` says what became of it, `server/usage` keeps the record.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import type { FailureCode } from '#core/errors.ts'
import type { CallKind } from '#core/links/proxy-routes.ts'
import { allows } from '#core/models/catalog.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import { providerName } from '#core/providers/presets.ts'
import { markBroken, markUsed } from '#server/connections/resolver.ts'
import { log } from '#server/log.ts'
import { withoutAddedUsage } from '#server/proxy/added-usage.ts'
import { askingForUsage, readAsked, readBody, type Asked } from '#server/proxy/body.ts'
import { errorFrame, sendError } from '#server/proxy/errors.ts'
import { ClientLeft, clientHeaders, createUpstreams, exchange, upstreamHeaders, type Passing } from '#server/proxy/forward.ts'
import { modelList } from '#server/proxy/model-list.ts'
import { redact } from '#server/proxy/redact.ts'
import { readCall, UNKNOWN_TOKEN, type Call } from '#server/proxy/route.ts'
import { findRun, modelQueryFor, recheckRegularly, recheckRuns, watch, type ProxiedRun } from '#server/proxy/run.ts'
import { openRecord, type Ending, type OpenRecord } from '#server/usage/service.ts'
import { failureOfStatus, meterFor, type Meter } from '#server/proxy/usage.ts'
import { configuredGuard, type Guard } from '#server/proxy/upstream-guard.ts'
import { onHint } from '#server/realtime/bus.ts'
import { DomainError } from '#core/errors.ts'

export { forgetRun } from '#server/proxy/run.ts'

export type ProxyHandler = ((req: IncomingMessage, res: ServerResponse) => void) & {
  /** Ends what is under way. Records that are open are settled; `drainUsage` waits for them. */
  close(): Promise<void>
}

export type ProxyOptions = { guard?: Guard; maxBodyBytes?: number }

/** An error body longer than this is nothing that a person reads. */
const MAX_ERROR_BYTES = 64 * 1024
const MAX_DETAIL = 2_000

export function createProxyHandler({ guard = configuredGuard(), maxBodyBytes }: ProxyOptions = {}): ProxyHandler {
  const upstreams = createUpstreams(guard)
  const stopRechecking = recheckRegularly()
  const stopListening = onHint((hint) => {
    if (hint.about !== 'membership' && hint.about !== 'lease-lost' && hint.about !== 'node-removed') return
    recheckRuns().catch((error: unknown) => log.warn({ error }, 'Open model requests could not be checked'))
  })

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const read = readCall(req)
    if (!read.ok) return sendError(res, { ...read, code: 'gatehouse.refused' })
    const { route, token } = read.call
    const said = route.dialects[0]!
    const run = await findRun(token)
    if (run === null) return sendError(res, { status: 401, message: UNKNOWN_TOKEN, dialect: said, code: 'gatehouse.unknown-token' })
    if (run === 'unreadable') {
      return sendError(res, {
        status: 403,
        message: 'Gatehouse cannot read the key of this connection. Connect it again.',
        dialect: said,
        code: 'connection.unreadable',
      })
    }
    if (!(route.dialects as readonly Dialect[]).includes(run.dialect)) {
      return sendError(res, {
        status: 403,
        message: `This chat's connection speaks ${run.dialect}, not ${said}.`,
        dialect: said,
        code: 'gatehouse.wrong-dialect',
      })
    }
    switch (route.kind) {
      case 'probe':
        return void res.writeHead(200, ['content-length', '0']).end()
      case 'models': {
        const body = Buffer.from(JSON.stringify(modelList(modelQueryFor(run))))
        return void res.writeHead(200, ['content-type', 'application/json', 'content-length', String(body.length)]).end(body)
      }
      case 'generate':
      case 'count':
        return ask(req, res, { call: read.call, run, kind: route.kind, upstreamPath: route.upstreamPath })
    }
  }

  async function ask(req: IncomingMessage, res: ServerResponse, { call, run, kind, upstreamPath }: Asking): Promise<void> {
    const { dialect } = run
    const startedMs = performance.now()
    const body = await readBody(req, maxBodyBytes === undefined ? {} : { maxBytes: maxBodyBytes })
    if (!body.ok) return sendError(res, { ...body, dialect, code: 'gatehouse.body' })
    const understood = readAsked(body.bytes)
    if (!understood.ok) return sendError(res, { status: 400, message: understood.message, dialect, code: 'gatehouse.body' })
    const { asked } = understood
    const record = kind === 'generate' ? openRecord({ ...recordOf(run, call), model: asked.model }) : null
    const exchanging = new Exchanging({ res, run, asked, record, startedMs })
    const refusal = whyRefused(run, asked)
    if (refusal) return exchanging.refuse(refusal)
    const url = new URL(`${run.endpoint.baseUrl}${upstreamPath}`)
    const spliced = askingForUsage(body.bytes, asked, dialect)
    const bytes = spliced ?? body.bytes
    exchanging.start({
      upstreams,
      origin: url.origin,
      path: `${url.pathname}${call.query === '' ? '' : `?${call.query}`}`,
      headers: upstreamHeaders(req, { key: run.key, authHeader: run.endpoint.authHeader, bytes: bytes.length }),
      bytes,
      hidesAddedUsage: spliced !== null,
    })
  }

  const handle = (req: IncomingMessage, res: ServerResponse): void => {
    serve(req, res).catch((error: unknown) => {
      if (req.destroyed && !req.complete) return // the client left before it had said everything
      log.error({ error }, 'A model request could not be served')
      sendError(res, {
        status: 503,
        message: 'Gatehouse could not serve this request just now.',
        dialect: null,
        code: 'gatehouse.failed',
        mayRetry: true,
      })
    })
  }
  return Object.assign(handle, {
    async close() {
      stopRechecking()
      stopListening()
      await upstreams.close()
    },
  })
}

type Asking = { call: Call; run: ProxiedRun; kind: Extract<CallKind, 'generate' | 'count'>; upstreamPath: string }

const recordOf = (run: ProxiedRun, call: Call) => ({
  teamId: run.teamId,
  projectId: run.projectId,
  chatId: run.chatId,
  runId: run.runId,
  harness: run.harness.id,
  provider: run.provider,
  dialect: run.dialect,
  credentialId: run.credentialId,
  credentialVersion: run.credentialVersion,
  route: call.route.path,
})

type Refusal = { status: number; code: FailureCode; message: string }

function whyRefused(run: ProxiedRun, asked: Asked): Refusal | null {
  if (run.isBroken) return { status: 403, code: 'provider.refused-key', message: refusedKey(run) }
  const verdict = allows(modelQueryFor(run), asked.model)
  if (verdict.ok) return null
  const model = `The model "${asked.model.slice(0, 100)}"`
  if (verdict.code === 'model.retired') {
    const hint = verdict.successor ? ` Its successor is ${verdict.successor}.` : ''
    return { status: 404, code: verdict.code, message: `${model} has been retired.${hint}` }
  }
  return {
    status: 404,
    code: verdict.code,
    message: `${model} is not one of those that this chat's connection allows. Choose another in Gatehouse.`,
  }
}

const nameOf = (run: ProxiedRun) => providerName(run.provider, run.endpoint.baseUrl)
const refusedKey = (run: ProxiedRun) => `${nameOf(run)} refused the key of this connection. Replace it in Gatehouse under Connections.`

type Start = {
  upstreams: ReturnType<typeof createUpstreams>
  origin: string
  path: string
  headers: string[]
  bytes: Buffer
  hidesAddedUsage: boolean
}

/** One request from the moment its model is known to the settling of its record. */
class Exchanging {
  readonly #res: ServerResponse
  readonly #run: ProxiedRun
  readonly #asked: Asked
  readonly #record: OpenRecord | null
  readonly #startedMs: number
  #meter: Meter | null = null
  #isEventStream = false
  #status: number | null = null
  #firstByteMs: number | null = null
  #isRevoked = false
  #unwatch: () => void = () => {}

  constructor({
    res,
    run,
    asked,
    record,
    startedMs,
  }: {
    res: ServerResponse
    run: ProxiedRun
    asked: Asked
    record: OpenRecord | null
    startedMs: number
  }) {
    this.#res = res
    this.#run = run
    this.#asked = asked
    this.#record = record
    this.#startedMs = startedMs
  }

  /** Answered without an upstream. */
  refuse({ status, code, message }: Refusal): void {
    sendError(this.#res, { status, message, dialect: this.#run.dialect, code })
    this.#settle({ outcome: 'refused', status, failure: { code, detail: message } })
  }

  start({ upstreams, origin, path, headers, bytes, hidesAddedUsage }: Start): void {
    const res = this.#res
    if (res.destroyed) return this.#settle({ outcome: 'aborted', status: null, failure: null })
    noteUse(this.#run.credentialId)
    const end = exchange({
      pool: upstreams.to(origin),
      path,
      headers,
      body: bytes,
      res,
      onHead: (status, answered) => this.#onHead(status, answered, hidesAddedUsage),
      onBytes: (chunk) => this.#onBytes(chunk),
      onKept: (status, body, answered) => this.#onKept(status, body, answered),
      onEnd: (failure) => this.#onEnd(failure),
      onUnreachable: (failure) => this.#onUnreachable(failure),
    })
    res.once('close', () => {
      this.#unwatch()
      if (!res.writableFinished) end(new ClientLeft('The client left'))
    })
    this.#unwatch = watch(this.#run.runId, () => {
      this.#isRevoked = true
      end(new Error('The run has ended'))
    })
  }

  #onHead(status: number, headers: IncomingHttpHeaders, hidesAddedUsage: boolean): Passing {
    this.#status = status
    this.#firstByteMs = this.#elapsedMs()
    const type = headers['content-type'] ?? ''
    this.#isEventStream = /event-stream/i.test(type) || (type === '' && this.#asked.isStream)
    const isOfDialect = this.#isEventStream || type === '' || /json/i.test(type)
    if (status >= 300 || !isOfDialect) return { do: 'keep', maxBytes: MAX_ERROR_BYTES }
    // What is compressed although nobody asked for that passes, and cannot be read.
    if (headers['content-encoding'] === undefined) this.#meter = meterFor(this.#run.dialect, { isEventStream: this.#isEventStream })
    const through = hidesAddedUsage && this.#isEventStream ? withoutAddedUsage() : null
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
      log.error({ error }, 'A response could not be counted')
    }
  }

  /** The answer is no success, or nothing that this dialect knows. */
  #onKept(status: number, body: Buffer, headers: IncomingHttpHeaders): void {
    const { key, dialect } = this.#run
    const text = headers['content-encoding'] === undefined ? redact(body.toString('utf8'), [key]) : ''
    const isJson = parses(text)
    if (status < 400) {
      const isRedirect = status >= 300
      const code = isRedirect ? 'provider.failed' : 'provider.garbled'
      const message = isRedirect
        ? `${nameOf(this.#run)} answered with a redirect, which Gatehouse does not follow.`
        : `${nameOf(this.#run)} answered something that is not ${dialect}.`
      return this.#fail({ status: 502, code, message, detail: isRedirect ? message : `${message}\n${text.slice(0, 500)}` })
    }
    if (status === 401 || status === 403) {
      // A firewall's page says nothing about the key.
      if (status === 401 || isJson) void markRefused(this.#run)
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
      this.#res.end()
      if (!verdict?.failure) return this.#settle({ outcome: 'completed', status: this.#status, failure: null, verdict })
      return this.#settle({ outcome: 'failed', status: this.#status, failure: this.#redacted(verdict.failure), verdict })
    }
    const code = failure === null && verdict && !verdict.isRecognised ? 'provider.garbled' : 'provider.failed'
    const message = this.#isRevoked
      ? 'This run has ended in Gatehouse.'
      : code === 'provider.garbled'
        ? `${nameOf(this.#run)} answered something that is not ${this.#run.dialect}.`
        : `The answer of ${nameOf(this.#run)} broke off.`
    if (this.#isEventStream) this.#res.end(errorFrame({ status: 502, message, dialect: this.#run.dialect, code }))
    else if (failure) this.#res.destroy()
    else this.#res.end()
    if (this.#isRevoked) return this.#settle({ outcome: 'aborted', status: this.#status, failure: null, verdict })
    this.#settle({ outcome: 'failed', status: this.#status, failure: { code, detail: message }, verdict })
  }

  #onUnreachable(failure: Error): void {
    if (failure instanceof ClientLeft || this.#res.destroyed) return this.#settle({ outcome: 'aborted', status: null, failure: null })
    if (this.#isRevoked) {
      sendError(this.#res, { status: 401, message: UNKNOWN_TOKEN, dialect: this.#run.dialect, code: 'gatehouse.unknown-token' })
      return this.#settle({ outcome: 'aborted', status: null, failure: null })
    }
    if (failure instanceof DomainError) {
      return this.#fail({
        status: 502,
        code: failure.code,
        message: `${nameOf(this.#run)} is at an address that Gatehouse does not call (${String(failure.facts['reason'])}).`,
      })
    }
    const why = (failure as NodeJS.ErrnoException).code ?? failure.name
    this.#fail({ status: 502, code: 'provider.unreachable', message: `${nameOf(this.#run)} cannot be reached (${why}).`, mayRetry: true })
  }

  #fail({ status, code, message, detail = message, mayRetry = false }: Refusal & { detail?: string; mayRetry?: boolean }): void {
    sendError(this.#res, { status, message, dialect: this.#run.dialect, code, mayRetry })
    this.#settle({ outcome: 'failed', status: this.#status, failure: { code, detail } })
  }

  #redacted = ({ code, detail }: { code: FailureCode; detail: string }) => ({ code, detail: redact(detail, [this.#run.key]) })

  #settle({ failure, ...ending }: Omit<Ending, 'firstByteMs' | 'durationMs' | 'verdict'> & Partial<Pick<Ending, 'verdict'>>): void {
    this.#unwatch()
    this.#record?.settle({
      ...ending,
      verdict: ending.verdict ?? null,
      failure: failure && { code: failure.code, detail: failure.detail.slice(0, MAX_DETAIL) },
      firstByteMs: this.#firstByteMs,
      durationMs: this.#elapsedMs(),
    })
  }

  #elapsedMs = () => Math.round(performance.now() - this.#startedMs)
}

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

async function markRefused(run: ProxiedRun): Promise<void> {
  try {
    await markBroken(run.credentialId, run.credentialVersion, 'connection.broken')
    await recheckRuns()
  } catch (error) {
    log.error({ error, credentialId: run.credentialId }, 'A refused key could not be marked')
  }
}

const NOTE_USE_EVERY_MS = 60_000
const notedMs = new Map<string, number>()

/** "Last used" on the connections page; a minute is exact enough. */
function noteUse(credentialId: string): void {
  const nowMs = Date.now()
  if (nowMs - (notedMs.get(credentialId) ?? 0) < NOTE_USE_EVERY_MS) return
  notedMs.set(credentialId, nowMs)
  if (notedMs.size > 10_000) notedMs.clear()
  markUsed(credentialId).catch((error: unknown) => log.warn({ error }, 'The use of a credential could not be noted'))
}
