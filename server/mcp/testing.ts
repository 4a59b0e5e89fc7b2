/** For tests of our MCP server: a run with a turn under way, the server on a real port, and the official client on both sides of the protocol's turn. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { ChatId, RunId, TurnId } from '#core/ids.ts'
import { groupsWithout, type ToolName } from '#core/mcp/tool-groups.ts'
import { MCP_PATH } from '#core/links/mcp-route.ts'
import { recordServerFacts } from '#server/chats/append.ts'
import { pool, prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { createToken } from '#server/accounts/tokens-service.ts'
import { openAuth } from '#server/accounts/auth.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { readEnv } from '#server/env.ts'
import { Health } from '#server/health.ts'
import { createHttpServer, noParts } from '#server/http.ts'
import { allowedOrigins } from '#server/http-guards.ts'
import { createMcpPart } from '#server/mcp/handler.ts'
import { mintMcpToken } from '#server/mcp/token.ts'
import { createProxyHandler } from '#server/proxy/handler.ts'
import { mintWstoken } from '#server/proxy/token.ts'
import { createApiHandler } from '#server/trpc/http-handler.ts'

export type McpTestServer = { url: string; close(): Promise<void> }

/** Our MCP server beside the proxy and the API, as `server/run.ts` puts them on one port. */
export async function startMcpServer(): Promise<McpTestServer> {
  const parts = noParts()
  const finding = createHttpServer({ env: readEnv({}), parts, health: new Health() }).listen(0, '127.0.0.1')
  await new Promise((resolve) => finding.once('listening', resolve))
  const { port } = finding.address() as { port: number }
  await new Promise((resolve) => finding.close(resolve))
  const env = readEnv({ PORT: String(port), GATEHOUSE_TESTING: '1' })
  openAuth({ ...env, secret: 'a secret for tests, which is long enough', trustedOrigins: [...allowedOrigins(env)] })
  const [mcp, proxy] = [createMcpPart({ origins: allowedOrigins(env) }), createProxyHandler()]
  Object.assign(parts, { mcp, proxy, api: createApiHandler(env) })
  const server = createHttpServer({ env, parts, health: new Health() }).listen(port, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: env.url,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await mcp.close()
      await proxy.close()
    },
  }
}

export type CallingTestRun = { runId: RunId; chatId: ChatId; turnId: TurnId; token: string; wstoken: string }

/** Leases the chat to a new node and begins a turn of this person's there. */
export async function seedCallingRun(by: TeamScope, chatId: ChatId): Promise<CallingTestRun> {
  const node = await prisma().node.create({ data: { id: mintUuid(), name: mintUuid() } })
  const [turnId, runId] = [mintUuid() as TurnId, mintUuid() as RunId]
  await recordServerFacts(chatId, [{ type: 'turn.requested', turnId, by: by.userId, prompt: [{ type: 'text', text: 'Work' }] }])
  await pool().query(
    `update chat_head set epoch = 1, "nodeId" = $2, "leaseUntil" = now() + interval '1 hour', "activeTurn" = $3, "activeBy" = $4 where "chatId" = $1`,
    [chatId, node.id, turnId, by.userId],
  )
  const [mcp, ws] = [mintMcpToken(), mintWstoken()]
  await prisma().run.create({
    data: {
      id: runId,
      chatId,
      nodeId: node.id,
      epoch: 1,
      harness: 'scripted',
      provider: 'openai',
      dialect: 'openai-responses',
      credentialId: 'credential',
      credentialVersion: 1,
      wstokenHash: ws.hash,
      mcpTokenHash: mcp.hash,
      mcpGroups: groupsWithout([]),
    },
  })
  return { runId, chatId, turnId, token: mcp.token, wstoken: ws.token }
}

/** A token of the person's own, for the API. */
export const accessTokenOf = async (scope: TeamScope): Promise<string> => (await createToken(scope, { name: 'Script', days: 1 })).token

export type ToolAnswer = { isError: boolean; text: string; output: Record<string, unknown> | undefined }
export type TestClient = {
  /** What the two sides have agreed on. */
  protocolVersion: string | undefined
  toolNames(): Promise<string[]>
  call(name: ToolName, given?: Record<string, unknown>): Promise<ToolAnswer>
  close(): Promise<void>
}

/** @param version what the client insists on; the newest when none is named */
export async function openClient(url: string, token: string, version?: string): Promise<TestClient> {
  const isModern = version === undefined || version >= '2026'
  const client = new Client(
    { name: 'a test', version: '1' },
    {
      versionNegotiation: { mode: isModern ? { pin: version ?? '2026-07-28' } : 'legacy' },
      ...(version && !isModern && { supportedProtocolVersions: [version] }),
    },
  )
  const transport = new StreamableHTTPClientTransport(new URL(MCP_PATH, url), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  })
  await client.connect(transport)
  return {
    protocolVersion: client.getNegotiatedProtocolVersion(),
    toolNames: async () => (await client.listTools()).tools.map(({ name }) => name),
    async call(name, given = {}) {
      const { content, structuredContent, isError } = await client.callTool({ name, arguments: given })
      const text = content.map((each) => (each.type === 'text' ? each.text : '')).join('')
      return { isError: isError ?? false, text, output: structuredContent as Record<string, unknown> | undefined }
    },
    close: () => client.close(),
  }
}
