/**
 * A provider that does what the test says and nothing else: real sockets, four dialects,
 * real keys. A request that a real provider would not take, that carries another key, or
 * that no scene was written for is answered with 500 and remembered; `assertClean` throws it.
 *
 * Two ways to say what it does: `play(...scenes)` gives one scene per request, in order;
 * a `brain` (`fake-provider-brain.ts`) answers real harnesses, whose requests no script can foresee.
 *
 * Base URLs: `${origin}/anthropic`, `${origin}/openai/v1` and `${origin}/gemini`, as a person would connect them.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as afterIo, setTimeout as pause } from 'node:timers/promises'
import type { TokenCounts } from '#core/models/usage.ts'
import { anthropicSpeech } from '#e2e/world/fake-provider-anthropic.ts'
import { chatSpeech } from '#e2e/world/fake-provider-chat.ts'
import { geminiSpeech, inGeminiPath } from '#e2e/world/fake-provider-gemini.ts'
import { responsesSpeech } from '#e2e/world/fake-provider-responses.ts'
import {
  type Ask,
  demand,
  demandObject,
  type Ending,
  type FakeDialect,
  type Json,
  type Said,
  type Scene,
  type Speech,
  Unexpected,
} from '#e2e/world/fake-provider-scene.ts'

const speeches: Readonly<Record<FakeDialect, Speech>> = {
  'anthropic-messages': anthropicSpeech,
  'openai-chat': chatSpeech,
  'openai-responses': responsesSpeech,
  'gemini-generate': geminiSpeech,
}

const generateRoutes: Readonly<Record<string, FakeDialect>> = {
  '/anthropic/v1/messages': 'anthropic-messages',
  '/openai/v1/chat/completions': 'openai-chat',
  '/openai/v1/responses': 'openai-responses',
}

/** How fast a model seems to think and type. Without one everything comes at once. */
export type Pace = { firstMs: number; betweenMs: number }

/** About as fast as a real model of this autumn. */
export const HUMAN_PACE: Pace = { firstMs: 700, betweenMs: 35 }

/** Decides what a real harness is answered. */
export type Brain = (ask: Ask) => Scene

export type FakeProviderOptions = {
  /** The one key that opens it. */
  key: string
  port?: number
  brain?: Brain
  pace?: Pace
  /** Other models are answered with 404, as a real provider does. Any model when absent. */
  models?: readonly string[]
  /** False only when a harness talks to it without our proxy in between: then its headers are its own. */
  isBehindProxy?: boolean
}

/** One request as it arrived, and what became of it. */
export type Received = {
  /** From 1, in order of arrival. */
  number: number
  method: string
  url: string
  headers: IncomingHttpHeaders
  body: Buffer
  ask: Ask | null
  status: number | null
  /** What the answer reported; null when it reported nothing. */
  reported: TokenCounts | null
  /** Resolves when the exchange is over. */
  ended: Promise<'answered' | 'client-left'>
}

const segmentOf: Readonly<Record<FakeDialect, string>> = {
  'anthropic-messages': '/anthropic',
  'openai-chat': '/openai/v1',
  'openai-responses': '/openai/v1',
  'gemini-generate': '/gemini',
}

/** Headers that a client sends and that must stay behind at a proxy. */
const MUST_STAY_BEHIND = ['cookie', 'origin', 'referer', 'x-forwarded-for', 'x-forwarded-host', 'forwarded', 'x-gatehouse-wstoken']

export type FakeProvider = Awaited<ReturnType<typeof startFakeProvider>>

export async function startFakeProvider(options: FakeProviderOptions) {
  const { key, brain, pace, models, isBehindProxy = true } = options
  const received: Received[] = []
  const problems: string[] = []
  const scenes: Scene[] = []
  const refusals = new Map<string, number>()
  let served = models ?? []
  const gates = new Map<string, ReturnType<typeof Promise.withResolvers<void>>>()
  const arrivals: { number: number; resolve: (request: Received) => void }[] = []

  const gateOf = (name: string) => {
    const known = gates.get(name) ?? Promise.withResolvers<void>()
    gates.set(name, known)
    return known
  }

  const server = createServer((req, res) => {
    void answer(req, res).catch((failure: unknown) => {
      problems.push(`request ${req.method} ${req.url}: ${String(failure)}`)
      res.destroy()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    let hasLeft = false
    const ended = Promise.withResolvers<'answered' | 'client-left'>()
    res.on('close', () => {
      hasLeft = !res.writableFinished
      ended.resolve(hasLeft ? 'client-left' : 'answered')
    })
    try {
      for await (const chunk of req) chunks.push(chunk as Buffer)
    } catch {
      return // the client left while it was still speaking
    }
    const request: Received = {
      number: received.length + 1,
      method: req.method ?? '',
      url: req.url ?? '',
      headers: req.headers,
      body: Buffer.concat(chunks),
      ask: null,
      status: null,
      reported: null,
      ended: ended.promise,
    }
    received.push(request)
    const [path = '', query = ''] = request.url.split('?')
    const inPath = inGeminiPath(path)
    const dialect: FakeDialect = path.startsWith('/gemini/')
      ? 'gemini-generate'
      : (generateRoutes[path] ?? (path.startsWith('/anthropic/') ? 'anthropic-messages' : 'openai-chat'))
    const sendJson = (status: number, body: Json, extra: Readonly<Record<string, string>> = {}) => {
      request.status = status
      res
        .writeHead(status, { 'content-type': 'application/json', 'x-request-id': `req_${request.number}`, ...extra })
        .end(JSON.stringify(body))
    }
    try {
      const refused = refusals.get(String(keysIn(request)[0]))
      if (refused !== undefined) return sendJson(refused, speeches[dialect].error(refused, `The provider answers ${refused}.`))
      checkHeaders(request, dialect)
      if (request.method === 'GET' && /^\/(anthropic\/v1|openai\/v1|gemini\/v1beta)\/models$/.test(path))
        return sendJson(200, listing(dialect, served))
      demand(request.method === 'POST', `${request.method} ${path} is nothing that a provider serves`)
      const body = readBody(request)
      if (path === '/anthropic/v1/messages/count_tokens') {
        request.ask = speeches[dialect].read(body, null)
        return sendJson(200, { input_tokens: tokensFor(request, []).inputTokens })
      }
      if (path === '/openai/v1/embeddings') return sendJson(200, embed(request, body))
      demand(inPath !== null || path in generateRoutes, `POST ${path} is nothing that a provider serves`)
      request.ask = speeches[dialect].read(body, inPath)
      if (inPath?.verb === 'countTokens') return sendJson(200, { totalTokens: tokensFor(request, []).inputTokens })
      // Without it the stream would be one array.
      demand(!inPath?.isStream || query === 'alt=sse', `the query is ${query}`)
      if (models && !models.includes(request.ask.model))
        return sendJson(404, speeches[dialect].error(404, `The model ${request.ask.model} does not exist.`))
      const scene = scenes.shift() ?? brain?.(request.ask)
      demand(scene, 'no scene was written for this request')
      await play(scene, request, res, () => hasLeft)
    } catch (failure) {
      if (!(failure instanceof Unexpected)) throw failure
      problems.push(`request ${request.number} (${request.method} ${path}): ${failure.message}`)
      if (!res.headersSent) sendJson(500, speeches[dialect].error(500, `The fake provider did not expect this: ${failure.message}`))
      else res.destroy()
    } finally {
      for (const waiting of arrivals.filter((each) => each.number <= received.length)) waiting.resolve(received[waiting.number - 1]!)
    }
  }

  const keysIn = ({ headers }: Received) =>
    [headers['x-api-key'], headers['x-goog-api-key'], headers.authorization?.replace(/^Bearer /, '')].filter((each) => each !== undefined)

  function checkHeaders(request: Received, dialect: FakeDialect): void {
    const { headers } = request
    const given = keysIn(request)
    demand(given.length === 1, `it carries ${given.length} keys instead of one`)
    demand(given[0] === key, 'it carries another key than the one that was connected')
    if (dialect === 'anthropic-messages') demand(headers['anthropic-version'] === '2023-06-01', 'anthropic-version is missing')
    if (!isBehindProxy) return
    demand(request.method !== 'POST' || headers['accept-encoding'] === 'identity', 'an answer could come compressed')
    for (const name of MUST_STAY_BEHIND) demand(headers[name] === undefined, `the header ${name} came through the proxy`)
  }

  async function play(scene: Scene, request: Received, res: ServerResponse, hasLeft: () => boolean): Promise<void> {
    const ask = request.ask!
    const speech = speeches[ask.dialect]
    const [first] = scene
    // Between the client's question and the first byte: steps of time only.
    const extra: Record<string, string> = Object.assign({}, ...scene.filter((step) => step.is === 'headers').map((step) => step.headers))
    if (first?.is === 'error') {
      request.status = first.status
      res.writeHead(first.status, { 'content-type': 'application/json', ...first.headers })
      res.end(first.body ?? JSON.stringify(speech.error(first.status, first.message)))
      return
    }
    if (first?.is === 'redirect') {
      request.status = 307
      res.writeHead(307, { location: first.to, ...extra }).end()
      return
    }
    if (first?.is === 'garbage') {
      request.status = 200
      res.writeHead(200, { 'content-type': first.contentType }).end(first.bytes)
      return
    }
    if (pace) await pause(pace.firstMs)
    let firstSaid = 0
    for (; firstSaid < scene.length && ['slow', 'gate', 'hang', 'cut', 'headers'].includes(scene[firstSaid]!.is); firstSaid += 1) {
      const goesOn = await wait(scene[firstSaid]!, res)
      if (!goesOn || hasLeft()) return
    }
    const said = scene.filter((step): step is Said => step.is === 'text' || step.is === 'thought' || step.is === 'toolCall')
    for (const each of said) checkSaid(ask, each)
    const tokens = scene.find((step) => step.is === 'usage')?.tokens ?? tokensFor(request, said)
    const ending: Ending = { tokens, stop: scene.find((step) => step.is === 'stop')?.reason ?? 'end' }
    const id = `${request.number}`
    request.status = 200
    if (!ask.isStream) {
      request.reported = tokens
      res.writeHead(200, { 'content-type': 'application/json', 'x-request-id': `req_${id}`, ...extra })
      res.end(JSON.stringify(speech.whole(ask, id, said, ending)))
      return
    }
    res.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-request-id': `req_${id}`,
      ...extra,
    })
    const write = async (frames: readonly string[]) => {
      for (const frame of frames) {
        if (hasLeft()) return
        if (!res.write(frame)) await new Promise<void>((resolve) => res.once('drain', resolve).once('close', resolve))
        if (pace) await pause(pace.betweenMs)
      }
    }
    const writer = speech.stream(ask, id, tokens)
    await write(writer.open())
    for (const step of scene.slice(firstSaid)) {
      if (hasLeft()) return
      if (step.is === 'text' || step.is === 'thought' || step.is === 'toolCall') await write(writer.say(step))
      else if (step.is === 'garbage') await write([step.bytes])
      else if (step.is === 'stopShort') return void res.end()
      else if (!(await wait(step, res))) return
    }
    if (hasLeft()) return
    if (ask.dialect !== 'openai-chat' || ask.wantsUsage) request.reported = tokens
    await write(writer.close(ending))
    res.end()
  }

  /** @returns whether the answer goes on */
  async function wait(step: Scene[number], res: ServerResponse): Promise<boolean> {
    const left = new Promise<void>((resolve) => (res.closed ? resolve() : res.once('close', resolve)))
    switch (step.is) {
      case 'slow':
        await Promise.race([pause(step.ms), left])
        return true
      case 'gate':
        await Promise.race([gateOf(step.name).promise, left])
        return !res.closed
      case 'hang':
        await left
        return false
      case 'cut':
        // What was written leaves the process one turn of the loop later, and is part of the scene.
        await afterIo()
        res.destroy()
        return false
      case 'error':
      case 'redirect':
        throw new Unexpected(`a scene has ${step.is} behind other steps`)
      default:
        return true
    }
  }

  return {
    host,
    origin: `http://${host}`,
    /** What a person enters as base URL to connect it as a custom provider of this dialect. */
    baseUrl: (dialect: FakeDialect) => `http://${host}${segmentOf[dialect]}`,
    key,
    received: received as readonly Received[],
    /** Appends scenes; each answers one request. */
    play: (...more: Scene[]) => void scenes.push(...more),
    /** Answers whoever comes with this key with a status of its own, as a provider does with keys that it does not know. */
    refuse: (other: string, status = 401) => void refusals.set(other, status),
    /** What it says from now on that it serves; it answers to any other model all the same. */
    list: (...ids: string[]) => void (served = ids),
    /** Lets every answer go on that waits, or will wait, at this gate. */
    open: (name: string) => gateOf(name).resolve(),
    /** Resolves once the request with this number has arrived and was answered, or waits in its scene no longer. */
    settled: (number: number): Promise<Received> =>
      received[number - 1]?.status !== null && received[number - 1] !== undefined
        ? Promise.resolve(received[number - 1]!)
        : new Promise((resolve) => arrivals.push({ number, resolve })),
    /** Throws everything that was not as it should be, scenes that nobody asked for included. */
    assertClean(): void {
      const left = scenes.length > 0 ? [`${scenes.length} scenes were never asked for`] : []
      const all = [...problems, ...left]
      if (all.length > 0) throw new Error(`The fake provider complains:\n- ${all.join('\n- ')}`)
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function readBody({ headers, body }: Received): Json {
  demand(headers['content-type']?.startsWith('application/json'), 'the content type is not application/json')
  demand(headers['content-encoding'] === undefined, 'the body is compressed')
  demand(headers['content-length'] === undefined || Number(headers['content-length']) === body.length, 'content-length is wrong')
  try {
    return demandObject(JSON.parse(body.toString('utf8')), 'the body')
  } catch (failure) {
    if (failure instanceof Unexpected) throw failure
    throw new Unexpected('the body is no JSON')
  }
}

/** A model may only call what was offered to it. */
function checkSaid(ask: Ask, said: Said): void {
  if (said.is !== 'toolCall') return
  demand(ask.tools.has(said.name), `the scene calls ${said.name}, and only ${[...ask.tools].join(', ')} are offered`)
  demand(typeof said.input === 'object' || ask.dialect === 'openai-responses', `freeform tools exist in openai-responses only`)
}

/** A count that grows with the conversation, as a bill does; most of a long one is read from the cache. */
function tokensFor({ body }: Received, said: readonly Said[]): TokenCounts {
  const input = Math.ceil(body.length / 4)
  const cacheReadTokens = input > 4_000 ? Math.floor(input * 0.75) : 0
  const spoken = (each: Said) => (each.is === 'toolCall' ? JSON.stringify(each.input).length : each.text.length)
  const of = (list: readonly Said[]) => Math.ceil(list.reduce((sum, each) => sum + spoken(each), 0) / 4)
  return {
    inputTokens: input - cacheReadTokens,
    outputTokens: Math.max(1, of(said)),
    cacheReadTokens,
    cacheWriteTokens: 0,
    reasoningTokens: of(said.filter((each) => each.is === 'thought')),
  }
}

/** One vector for each text; what it reports is input alone. */
function embed(request: Received, body: Json): Json {
  const input = [body['input']].flat()
  demand(typeof body['model'] === 'string' && input.length > 0, 'it is no request for embeddings')
  const tokens = tokensFor(request, [])
  request.reported = { ...tokens, inputTokens: tokens.inputTokens + tokens.cacheReadTokens, cacheReadTokens: 0, outputTokens: 0 }
  const counted = request.reported.inputTokens
  return {
    object: 'list',
    model: body['model'],
    data: input.map((_, index) => ({ object: 'embedding', index, embedding: [0.5, -0.5] })),
    usage: { prompt_tokens: counted, total_tokens: counted },
  }
}

function listing(dialect: FakeDialect, models: readonly string[]): Json {
  switch (dialect) {
    case 'anthropic-messages':
      return {
        data: models.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' })),
        has_more: false,
        first_id: models[0] ?? null,
        last_id: models.at(-1) ?? null,
      }
    case 'gemini-generate':
      return { models: models.map((id) => ({ name: `models/${id}`, displayName: id })) }
    default:
      return { object: 'list', data: models.map((id) => ({ id, object: 'model', created: 1_795_000_000, owned_by: 'fake' })) }
  }
}
