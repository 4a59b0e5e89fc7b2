/**
 * `/ai/proxy/{wstoken}/{path}`: where an agent's model requests become a provider's, with
 * the real key put in and every token counted. A plain Node handler, mounted ahead of Next
 * (`server/http.ts`) or in a process of its own (`main.ts`).
 *
 * The order is the contract: fixed route (404), token format without I/O, the run and its
 * right to spend, the dialect, a place among those under way, the model, the budgets, then the upstream. Nothing of a body, a key or a
 * token is logged; what the log of a chat gets of an upstream's error went through `redact.ts`.
 * Next: `metered-exchange.ts`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import { upstreamPathOf, type AskingRoute } from '#core/links/proxy-routes.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import { clientKey, RateLimiter } from '#server/access/rate-limit.ts'
import { log } from '#server/log.ts'
import { admission } from '#server/proxy/admission.ts'
import { askingForUsage, readAsked, readBody } from '#server/proxy/body.ts'
import { createPlaces } from '#server/proxy/concurrency.ts'
import { sendError } from '#server/proxy/errors.ts'
import { createUpstreams, upstreamHeaders } from '#server/proxy/forward.ts'
import { cutEverything, findRun, recheckRegularly, recheckRuns } from '#server/proxy/kept-runs.ts'
import { usualLimits, type ProxyLimits } from '#server/proxy/limits.ts'
import { refusedKey, type Refusal } from '#server/proxy/kept-answer.ts'
import { MeteredExchange, unrecorded } from '#server/proxy/metered-exchange.ts'
import { modelInGoogleWords, modelList } from '#server/proxy/model-list.ts'
import { refusalOf } from '#server/proxy/model-refusal.ts'
import { dialectOfUrl, readCall, UNKNOWN_TOKEN, type Call } from '#server/proxy/route.ts'
import type { ProxiedRun } from '#server/proxy/run.ts'
import { buy } from '#server/proxy/spending.ts'
import { configuredGuard, type Guard } from '#server/proxy/upstream-guard.ts'
import { Visit } from '#server/proxy/visit.ts'
import { onHint, type Hint } from '#server/realtime/bus.ts'
import { openRecord, unsettled, type RecordOf } from '#server/usage/service.ts'

export { forgetRun } from '#server/proxy/kept-runs.ts'

export type ProxyHandler = ((req: IncomingMessage, res: ServerResponse) => void) & {
  /** Ends what is under way. Records that are open are settled; `drainUsage` waits for them. */
  close(): Promise<void>
}

export type ProxyOptions = { guard?: Guard; limits?: Partial<ProxyLimits> }

export function createProxyHandler({ guard = configuredGuard(), limits: given }: ProxyOptions = {}): ProxyHandler {
  const limits = { ...usualLimits, ...given }
  const upstreams = createUpstreams(guard, limits)
  const places = createPlaces(limits)
  const guesses = new RateLimiter()
  const stopRechecking = recheckRegularly()
  const stopListening = onHint((hint) => {
    if (!changesRuns(hint)) return
    recheckRuns().catch((error: unknown) => log.warn({ err: error }, 'Open model requests could not be checked'))
  })

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const read = readCall(req)
    if (!read.ok) return sendError(res, { ...read, code: 'gatehouse.refused' })
    const { route, token } = read.call
    const [said] = route.dialects
    const address = clientKey(req.socket.remoteAddress ?? '')
    const rate = { perMinute: limits.guesses, nowMs: Date.now() }
    const found = findRun(token, () => !guesses.isSpent(address, rate))
    const run = found instanceof Promise ? await found : found
    if (run === 'not-asked') {
      return sendError(res, {
        status: 429,
        message: 'Too many tokens that open nothing came from this address. Try again in a minute.',
        dialect: said,
        code: 'gatehouse.too-many-requests',
        mayRetry: true,
        retryAfterSeconds: 30,
      })
    }
    if (run === null) {
      guesses.allow(address, rate)
      return sendError(res, { status: 401, message: UNKNOWN_TOKEN, dialect: said, code: 'gatehouse.unknown-token' })
    }
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
      case 'models':
        return sendJson(res, modelList(run.models))
      case 'model': {
        const { model } = read.call
        const found = modelInGoogleWords(run.models, model ?? '')
        if (found) return sendJson(res, found)
        return sendError(res, { status: 404, message: `There is no model ${model} here.`, dialect: said, code: 'model.unknown' })
      }
      case 'generate':
      case 'embed':
      case 'count':
        return admit(req, res, { call: read.call, run, route })
    }
  }

  /** Before the body is read: it is what takes memory. */
  async function admit(req: IncomingMessage, res: ServerResponse, asking: Omit<Asking, 'visit'>): Promise<void> {
    if (res.destroyed) return
    // Nothing goes unrecorded: what cannot be written down in time is not begun.
    if (unsettled() >= limits.unsettled) return sendError(res, { ...unrecorded, dialect: asking.run.dialect, retryAfterSeconds: 1 })
    const place = places.take(asking.run.runId)
    if (!place.ok) {
      const whose = place.full === 'run' ? 'This chat has' : 'Gatehouse has'
      return sendError(res, {
        status: 429,
        message: `${whose} as many model requests under way as it may have at once.`,
        dialect: asking.run.dialect,
        code: 'gatehouse.too-many-requests',
        mayRetry: true,
        retryAfterSeconds: 1,
      })
    }
    const { call, run, route } = asking
    await ask(req, res, { call, run, route, visit: new Visit(res, { runId: run.runId, leave: place.leave }) })
  }

  async function ask(req: IncomingMessage, res: ServerResponse, { call, run, route, visit }: Asking): Promise<void> {
    const dialect = route.kind === 'embed' ? 'openai-chat' : run.dialect
    const startedMs = performance.now()
    const body = await readBody(req, limits)
    if (!body.ok) return sendError(res, { ...body, dialect, code: 'gatehouse.body' })
    const inPath = call.model === null ? null : { model: call.model, isStream: route.streams ?? false }
    const understood = readAsked(body.bytes, inPath)
    if (!understood.ok) return sendError(res, { status: 400, message: understood.message, dialect, code: 'gatehouse.body' })
    const { asked } = understood
    const verdict = admission(run.models, asked, route.kind)
    const refusal = run.isBroken ? keyRefusal(run) : verdict.ok ? null : refusalOf(asked.model, verdict)
    const isMetered = route.kind !== 'count'
    const bought =
      isMetered && verdict.ok && !refusal ? await buy({ run, asked, entry: verdict.entry, bodyBytes: body.bytes.length, res }) : null
    if (bought?.is === 'left') return
    const spending = bought?.is === 'bought' ? bought.spending : null
    const record = isMetered ? openRecord(recordOf(run, { route: route.path, model: asked.model, spending })) : null
    const exchanging = new MeteredExchange({ res, run, asked, dialect, record, startedMs, isBackground: verdict.isBackground })
    if (visit.endedBecause !== null) return exchanging.refuseEnded(visit.endedBecause)
    if (refusal) return exchanging.refuse(refusal)
    if (bought?.is === 'refused') return exchanging.refuse(bought.refusal)
    const url = new URL(`${run.endpoint.baseUrl}${upstreamPathOf(route, call.model)}`)
    const spliced = route.kind === 'generate' ? askingForUsage(body.bytes, asked, run.endpoint) : null
    const bytes = spliced ?? body.bytes
    exchanging.start({
      upstreams,
      visit,
      stalledClientMs: limits.stalledClientMs,
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
      log.error({ err: error }, 'A model request could not be served')
      sendError(res, {
        status: 503,
        message: 'Gatehouse could not serve this request just now.',
        dialect: dialectOfUrl(req.url),
        code: 'gatehouse.failed',
        mayRetry: true,
      })
    })
  }
  return Object.assign(handle, {
    async close() {
      stopRechecking()
      stopListening()
      cutEverything()
      await upstreams.close()
    },
  })
}

/** Whether what a run may spend, or ask for, may be another now. */
const changesRuns = (hint: Hint): boolean =>
  hint.about === 'membership' ||
  hint.about === 'lease-lost' ||
  hint.about === 'node-cut' ||
  (hint.about === 'list' && (hint.topic === 'connections' || hint.topic === 'models'))

type Asking = { call: Call; run: ProxiedRun; route: AskingRoute; visit: Visit }

function sendJson(res: ServerResponse, value: Record<string, unknown>): void {
  const body = Buffer.from(JSON.stringify(value))
  res.writeHead(200, ['content-type', 'application/json', 'content-length', String(body.length)]).end(body)
}

const recordOf = (run: ProxiedRun, { route, model, spending }: Pick<RecordOf, 'route' | 'model' | 'spending'>): RecordOf => ({
  teamId: run.teamId,
  projectId: run.projectId,
  chatId: run.chatId,
  runId: run.runId,
  harness: run.harness.id,
  provider: run.provider,
  dialect: run.dialect,
  credentialId: run.credentialId,
  credentialVersion: run.credentialVersion,
  route,
  model,
  spending,
})

const keyRefusal = (run: ProxiedRun): Refusal => ({ status: 403, code: 'provider.refused-key', message: refusedKey(run) })
