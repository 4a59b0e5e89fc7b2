/**
 * `/ai/proxy/{wstoken}/{path}`: where an agent's model requests become a provider's, with
 * the real key put in and every token counted. A plain Node handler, mounted ahead of Next
 * (`server/http.ts`) or in a process of its own (`main.ts`).
 *
 * The order is the contract: fixed route (404), token format without I/O, the run and its
 * right to spend, the dialect, the model, the budgets, then the upstream. Nothing of a body, a key or a
 * token is logged; what the log of a chat gets of an upstream's error went through `redact.ts`.
 * Next: `metered-exchange.ts`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import type { CallKind } from '#core/links/proxy-routes.ts'
import { allows } from '#core/models/catalog.ts'
import type { ModelEntry } from '#core/models/model.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import { log } from '#server/log.ts'
import { askingForUsage, readAsked, readBody, type Asked } from '#server/proxy/body.ts'
import { sendError } from '#server/proxy/errors.ts'
import { createUpstreams, upstreamHeaders } from '#server/proxy/forward.ts'
import { MeteredExchange, refusedKey, type Refusal } from '#server/proxy/metered-exchange.ts'
import { modelList } from '#server/proxy/model-list.ts'
import { readCall, UNKNOWN_TOKEN, type Call } from '#server/proxy/route.ts'
import { cutEverything, findRun, modelQueryFor, recheckRegularly, recheckRuns, type ProxiedRun } from '#server/proxy/run.ts'
import { buy } from '#server/proxy/spending.ts'
import { configuredGuard, type Guard } from '#server/proxy/upstream-guard.ts'
import { onHint } from '#server/realtime/bus.ts'
import { openRecord } from '#server/usage/service.ts'

export { forgetRun } from '#server/proxy/run.ts'

export type ProxyHandler = ((req: IncomingMessage, res: ServerResponse) => void) & {
  /** Ends what is under way. Records that are open are settled; `drainUsage` waits for them. */
  close(): Promise<void>
}

export type ProxyOptions = { guard?: Guard; maxBodyBytes?: number }

export function createProxyHandler({ guard = configuredGuard(), maxBodyBytes }: ProxyOptions = {}): ProxyHandler {
  const upstreams = createUpstreams(guard)
  const stopRechecking = recheckRegularly()
  const stopListening = onHint((hint) => {
    if (hint.about !== 'membership' && hint.about !== 'lease-lost' && hint.about !== 'node-removed') return
    recheckRuns().catch((error: unknown) => log.warn({ err: error }, 'Open model requests could not be checked'))
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
    const admitted = admit(run, asked)
    const bought =
      admitted.is === 'admitted' && kind === 'generate'
        ? await buy({ ...admitted, run, asked, bodyBytes: body.bytes.length, res })
        : admitted
    if (bought.is === 'left') return
    const spending = bought.is === 'bought' ? bought.spending : null
    const record = kind === 'generate' ? openRecord({ ...recordOf(run, call), model: asked.model, spending }) : null
    const exchanging = new MeteredExchange({ res, run, asked, record, startedMs })
    if (bought.is === 'refused') return exchanging.refuse(bought.refusal)
    const url = new URL(`${run.endpoint.baseUrl}${upstreamPath}`)
    const spliced = askingForUsage(body.bytes, asked, run.endpoint)
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
      log.error({ err: error }, 'A model request could not be served')
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
      cutEverything()
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

type Admission = { is: 'admitted'; entry: ModelEntry } | { is: 'refused'; refusal: Refusal }

const refused = (refusal: Refusal): Admission => ({ is: 'refused', refusal })

function admit(run: ProxiedRun, asked: Asked): Admission {
  if (run.isBroken) return refused({ status: 403, code: 'provider.refused-key', message: refusedKey(run) })
  const verdict = allows(modelQueryFor(run), asked.model)
  if (verdict.ok) return { is: 'admitted', entry: verdict.entry }
  const model = `The model "${asked.model.slice(0, 100)}"`
  if (verdict.code === 'model.retired') {
    const hint = verdict.successor ? ` Its successor is ${verdict.successor}.` : ''
    return refused({ status: 404, code: verdict.code, message: `${model} has been retired.${hint}` })
  }
  return refused({
    status: 404,
    code: verdict.code,
    message: `${model} is not one of those that this chat's connection allows. Choose another in Gatehouse.`,
  })
}
