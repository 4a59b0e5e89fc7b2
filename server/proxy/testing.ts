/**
 * For tests of the proxy: a chat whose run may spend, a provider behind it on loopback,
 * and the handler on a real socket between them.
 */
import { createServer, request, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import type { ChatId, RunId, TurnId } from '#core/ids.ts'
import type { ProxiedDialect } from '#core/links/proxy-routes.ts'
import { enterTeam, type TeamScope } from '#server/access/scope.ts'
import { connect } from '#server/connections/service.ts'
import { pool, prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { seedChat, seedMember } from '#server/db/testing.ts'
import { mintWstoken } from '#server/proxy/token.ts'

export type Served = { origin: string; host: string; close(): Promise<void> }

export async function serveOnLoopback(listener: RequestListener): Promise<Served> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    host,
    origin: `http://${host}`,
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

const harnessOf: Record<ProxiedDialect, string> = {
  'anthropic-messages': 'claude-code',
  'openai-chat': 'opencode',
  'openai-responses': 'codex',
  'gemini-generate': 'opencode',
}
export const modelOf: Record<ProxiedDialect, string> = {
  'anthropic-messages': 'claude-opus-5-5',
  'openai-chat': 'gpt-6.1-sol',
  'openai-responses': 'gpt-6.1-sol',
  'gemini-generate': 'gemini-4-argon',
}
/** Where a question of this dialect goes: only Gemini's says there what the others say in the body. */
export function pathOf(dialect: ProxiedDialect, { model = modelOf[dialect], isStream = true } = {}): string {
  switch (dialect) {
    case 'anthropic-messages':
      return 'anthropic/v1/messages'
    case 'openai-chat':
      return 'openai/v1/chat/completions'
    case 'openai-responses':
      return 'openai/v1/responses'
    case 'gemini-generate':
      return `gemini/v1beta/models/${model}:${isStream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`
  }
}

export type SeededRun = {
  scope: TeamScope
  chatId: ChatId
  runId: RunId
  turnId: TurnId
  token: string
  connectionId: string
  credentialId: string
}

/** A run of a new person's new chat, on a custom provider at `baseUrl` or on a preset, with a turn under way. */
export async function seedRun({
  dialect,
  baseUrl,
  preset,
  key,
  settings,
}: {
  dialect: ProxiedDialect
  key: string
  settings?: Record<string, string>
} & ({ baseUrl: string; preset?: never } | { preset: string; baseUrl?: never })): Promise<SeededRun> {
  const { caller, teamId } = await seedMember()
  const scope = await enterTeam(caller, { act: 'prompt', teamId })
  const harness = harnessOf[dialect]
  const { connectionId } = await connect(scope, {
    harness,
    scope: 'user',
    secret: { kind: 'api-key', key, dialect, ...(preset === undefined ? { provider: 'custom', baseUrl } : { provider: preset }) },
    settings,
  })
  const { configuration } = await prisma().attachment.findUniqueOrThrow({ where: { id: connectionId }, include: { configuration: true } })
  const chatId = await seedChat(scope, { harness })
  const node = await prisma().node.create({ data: { id: mintUuid(), name: mintUuid() } })
  const turnId = mintUuid() as TurnId
  await pool().query(
    `update chat_head set epoch = 1, "nodeId" = $2, "leaseUntil" = now() + interval '1 hour', "activeTurn" = $3, "activeBy" = $4 where "chatId" = $1`,
    [chatId, node.id, turnId, caller.userId],
  )
  const { token, hash } = mintWstoken()
  const run = await prisma().run.create({
    data: {
      id: mintUuid(),
      chatId,
      nodeId: node.id,
      epoch: 1,
      harness,
      provider: preset ?? 'custom',
      dialect,
      credentialId: configuration.credentialId,
      credentialVersion: 1,
      wstokenHash: hash,
    },
  })
  return { scope, chatId, runId: run.id as RunId, turnId, token, connectionId, credentialId: configuration.credentialId }
}

export type Answer = { status: number; headers: IncomingMessage['headers']; body: Buffer; text: string; isWhole: boolean }

export type Asking = {
  origin: string
  path: string
  method?: string
  token?: string
  body?: string | Buffer | Record<string, unknown>
  headers?: Record<string, string | string[]>
  /** Called with each chunk; return true to hang up. */
  onChunk?: (chunk: Buffer) => boolean | void
}

/** One request as a harness sends it: sentinel key, token in the path. */
export function ask({ origin, path, method = 'POST', token, body, headers = {}, onChunk }: Asking): Promise<Answer> {
  const bytes = body === undefined ? null : typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const req = request(
      {
        // As it is: a URL object would tidy the dots away that some tests are about.
        path: token === undefined ? path : `/ai/proxy/${token}/${path}`,
        hostname,
        port,
        method,
        agent: false,
        headers: {
          authorization: `Bearer ${SENTINEL_KEY}`,
          'anthropic-version': '2023-06-01',
          ...(bytes !== null && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(bytes) }),
          ...headers,
        },
      },
      (res) => {
        const chunks: Buffer[] = []
        const answer = (isWhole: boolean): Answer => {
          const whole = Buffer.concat(chunks)
          return { status: res.statusCode ?? 0, headers: res.headers, body: whole, text: whole.toString('utf8'), isWhole }
        }
        res.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          if (onChunk?.(chunk)) req.destroy()
        })
        res.on('end', () => resolve(answer(true)))
        res.on('error', () => resolve(answer(false)))
      },
    )
    req.on('error', reject)
    req.end(bytes ?? undefined)
  })
}

/** A question to a model in each dialect. */
export const question = (dialect: ProxiedDialect, { model = modelOf[dialect], isStream = true } = {}): Record<string, unknown> => {
  switch (dialect) {
    case 'anthropic-messages':
      return { model, max_tokens: 1000, messages: [{ role: 'user', content: 'Hello?' }], stream: isStream }
    case 'openai-chat':
      return { model, messages: [{ role: 'user', content: 'Hello?' }], stream: isStream }
    case 'openai-responses':
      return { model, input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello?' }] }], stream: isStream }
    case 'gemini-generate':
      return { contents: [{ role: 'user', parts: [{ text: 'Hello?' }] }] }
  }
}
