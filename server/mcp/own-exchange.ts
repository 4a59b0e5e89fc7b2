/**
 * A call of an agent's on its way to an MCP server that its project brings: what opens that one is put in here, and nothing
 * that the agent says of itself goes on. A call of a tool is in the chat's log with its arguments in short.
 * From: `handler.ts`. Next: `own-upstream.ts`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { DomainError } from '#core/errors.ts'
import { summarizeArguments } from '#core/mcp/argument-summary.ts'
import { recordServerFacts } from '#server/chats/append.ts'
import { storable } from '#server/chats/events.ts'
import { findToAsk, type ToAsk } from '#server/mcp/own-store.ts'
import { openHeaders, type OwnUpstream } from '#server/mcp/own-upstream.ts'
import { refuse } from '#server/mcp/refuse.ts'
import type { CallingRun } from '#server/mcp/store.ts'

/** What the protocol says in headers; everything else stays behind, whoever said it. */
const ASKED = /^(content-type|accept|last-event-id|mcp-[a-z-]+)$/
const ANSWERED = /^(content-type|mcp-[a-z-]+|retry-after)$/
const METHODS = new Set(['POST', 'GET', 'DELETE'])

export type OwnExchange = { serverId: string; run: CallingRun; bytes: Buffer; signal: AbortSignal; upstream: OwnUpstream }

export async function exchangeWithOwn(
  req: IncomingMessage,
  res: ServerResponse,
  { serverId, run, bytes, signal, upstream }: OwnExchange,
): Promise<void> {
  const method = req.method ?? 'POST'
  if (!METHODS.has(method)) return refuse(res, 405, 'This is not how an MCP server is asked.')
  const message = method === 'POST' ? readMessage(bytes) : { call: null }
  if (!message) return refuse(res, 400, 'A request is one JSON object, and a call of a tool names it.')
  const { call } = message
  if (call && run.turnId === null) return refuse(res, 403, 'No prompt is being worked on, so there is nobody to act for.')
  const server = await findToAsk(run.projectId, serverId)
  if (!server?.isEnabled) return refuse(res, 404, 'The project has no such MCP server.')
  const own = openHeaders(server)
  if (!own) return refuse(res, 503, 'What opens this MCP server cannot be read: it has to be added again.')
  const headers = new Headers({ accept: 'application/json, text/event-stream' })
  for (const [name, value] of Object.entries(req.headers)) if (typeof value === 'string' && ASKED.test(name)) headers.set(name, value)
  for (const { name, value } of own) headers.set(name, value)
  const startedMs = performance.now()
  let answer: Awaited<ReturnType<typeof send>> = null
  try {
    answer = await send(upstream, server, { method, headers, signal, ...(method === 'POST' && { body: new Uint8Array(bytes) }) })
  } finally {
    // Also of one whose agent has hung up: it may have done its work all the same.
    const isGood = answer !== null && answer.status < 300
    if (call) await logCall(run, { server, call, isGood, durationMs: Math.round(performance.now() - startedMs) })
  }
  if (!answer || res.destroyed)
    return answer ? undefined : refuse(res, 502, 'This MCP server did not answer, or is at an address that we do not call.')
  if (answer.status >= 300 && answer.status < 400) {
    await answer.body?.cancel()
    return refuse(res, 502, 'This MCP server sends elsewhere, which is not followed.')
  }
  // Its 401 is no word about the agent, which could only mistake it for one.
  const status = answer.status === 401 || answer.status === 403 ? 502 : answer.status
  res.writeHead(status, { ...Object.fromEntries([...answer.headers].filter(([name]) => ANSWERED.test(name))), 'cache-control': 'no-store' })
  res.flushHeaders()
  if (answer.body === null) return void res.end()
  await pipeline(Readable.fromWeb(answer.body), res)
}

type Sending = { method: string; headers: Headers; body?: Uint8Array; signal: AbortSignal }

/** Null where nobody can be asked. */
async function send(upstream: OwnUpstream, { url }: ToAsk, sending: Sending) {
  try {
    return await upstream.fetch(url, sending)
  } catch (error) {
    if (sending.signal.aborted) throw error
    if (error instanceof DomainError || error instanceof TypeError) return null
    throw error
  }
}

const Message = z.object({ method: z.unknown().optional(), params: z.unknown().optional() })
const Call = z.object({ name: z.string().min(1), arguments: z.unknown().optional() })
type Call = z.infer<typeof Call>
type Called = { server: ToAsk; call: Call; isGood: boolean; durationMs: number }

async function logCall({ chatId, turnId }: CallingRun, { server, call, isGood, durationMs }: Called): Promise<void> {
  if (turnId === null) return
  await recordServerFacts(chatId, [
    {
      type: 'mcp.called',
      turnId,
      server: server.name,
      tool: storable(call.name.slice(0, 200)),
      arguments: storable(summarizeArguments(call.arguments)),
      outcome: isGood ? 'completed' : 'failed',
      durationMs,
    },
  ])
}

/** Null for what the log could not tell, such as several in one, which the protocol has given up. */
function readMessage(bytes: Buffer): { call: Call | null } | null {
  try {
    const { method, params } = Message.parse(JSON.parse(bytes.toString('utf8')))
    return { call: method === 'tools/call' ? Call.parse(params) : null }
  } catch {
    return null
  }
}
