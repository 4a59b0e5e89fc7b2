/** MCP servers that a project brings to its agents. From: `router.ts`. What opens one is never shown again. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { DomainError } from '#core/errors.ts'
import { OWN_SERVERS_MAX, type Finding, type OwnServerHeader } from '#core/mcp/own-server.ts'
import type { ProjectScope } from '#server/access/scope.ts'
import { storable } from '#server/chats/events.ts'
import { mintUuid } from '#server/db/mint.ts'
import { deleteOwnServer, findOwnServers, findToAsk, insertOwnServer, updateOwnServer, writeFinding } from '#server/mcp/own-store.ts'
import { openHeaders, openOwnUpstream, sealHeaders } from '#server/mcp/own-upstream.ts'
import { checkUpstreamUrl } from '#server/proxy/upstream-guard.ts'

const LOOK_MS = 10_000
/** Of all that it answers, unpacked: whatever is put together from it is in our memory. */
const LOOK_MAX_BYTES = 2 * 1024 * 1024
const TOOLS_SHOWN = 60

export type OwnServerView = {
  serverId: string
  name: string
  url: string
  headerNames: string[]
  isEnabled: boolean
  finding: Finding | null
  foundAt: string | null
}

export async function listOwnServers(scope: ProjectScope): Promise<OwnServerView[]> {
  return (await findOwnServers(scope)).map(({ foundAt, ...row }) => ({ ...row, foundAt: foundAt?.toISOString() ?? null }))
}

type NewServer = { name: string; url: string; headers: readonly OwnServerHeader[] }

/** Looked at once on the way; what that finds keeps nobody from adding it. @throws upstream.unsafe, mcp-server.name-taken, mcp-server.too-many */
export async function addOwnServer(
  scope: ProjectScope,
  { name, url, headers }: NewServer,
): Promise<{ serverId: string; finding: Finding }> {
  await checkUpstreamUrl(url)
  const serverId = mintUuid()
  const finding = await look(url, headers)
  const inserted = await insertOwnServer(scope, {
    serverId,
    name,
    url,
    headerNames: headers.map((header) => header.name),
    finding,
    most: OWN_SERVERS_MAX,
    ...sealHeaders({ serverId, teamId: scope.teamId }, headers),
  })
  if (inserted === 'name-taken') throw new DomainError('mcp-server.name-taken', { name })
  if (inserted === 'too-many') throw new DomainError('mcp-server.too-many', { most: OWN_SERVERS_MAX })
  return { serverId, finding }
}

/** @throws mcp-server.missing */
export async function checkOwnServer(scope: ProjectScope, { serverId }: { serverId: string }): Promise<{ finding: Finding }> {
  const server = await findToAsk(scope.projectId, serverId)
  if (!server) throw new DomainError('mcp-server.missing')
  const headers = openHeaders(server)
  const finding: Finding = headers ? await look(server.url, headers) : { is: 'unreadable' }
  await writeFinding(scope, { serverId, finding })
  return { finding }
}

/** @throws mcp-server.missing */
export async function setOwnServerEnabled(scope: ProjectScope, change: { serverId: string; isEnabled: boolean }): Promise<void> {
  if (!(await updateOwnServer(scope, change))) throw new DomainError('mcp-server.missing')
}

/** @throws mcp-server.missing */
export async function removeOwnServer(scope: ProjectScope, which: { serverId: string }): Promise<void> {
  if (!(await deleteOwnServer(scope, which))) throw new DomainError('mcp-server.missing')
}

/** As an agent would come to it: by the same way, through the same guard, with the same headers. Never rejects. */
async function look(url: string, headers: readonly OwnServerHeader[]): Promise<Finding> {
  const upstream = openOwnUpstream()
  const flooded = new AbortController()
  const signal = AbortSignal.any([AbortSignal.timeout(LOOK_MS), flooded.signal])
  const bounded = boundTogether(LOOK_MAX_BYTES, () => flooded.abort())
  const transportUrl = new URL(url)
  let status: number | null = null
  let failure: unknown = null
  const client = new Client({ name: 'gatehouse', version: '1' }, { versionNegotiation: { mode: 'auto' } })
  try {
    const transport = new StreamableHTTPClientTransport(transportUrl, {
      fetch: async (to, init) => {
        // A client of the protocol may look around: what opens this URL is for this URL alone.
        if (String(to) !== transportUrl.href) throw new Error('Elsewhere is not asked')
        const own = new Headers(init?.headers)
        for (const { name, value } of headers) own.set(name, value)
        try {
          const body = typeof init?.body === 'string' ? { body: init.body } : {}
          const answer = await upstream.fetch(transportUrl.href, { method: init?.method ?? 'GET', headers: own, signal, ...body })
          status = answer.status
          const unpacked = answer.body as ReadableStream<Uint8Array> | null
          return new Response(unpacked && unpacked.pipeThrough(bounded()), { status, headers: [...answer.headers] })
        } catch (error) {
          failure = error
          throw error
        }
      },
    })
    await client.connect(transport, { timeout: LOOK_MS, signal })
    const { tools } = await client.listTools(undefined, { timeout: LOOK_MS, signal })
    const title = client.getServerVersion()?.title ?? client.getServerVersion()?.name ?? ''
    return storable({ is: 'good', title: title.slice(0, 200), tools: tools.slice(0, TOOLS_SHOWN).map(({ name }) => name.slice(0, 100)) })
  } catch {
    const isAnswering = status !== null && (failure === null || flooded.signal.aborted)
    if (!isAnswering) return { is: isUnsafe(failure) ? 'unsafe' : 'unreachable' }
    return status === 401 || status === 403 ? { is: 'refused', status } : { is: 'not-mcp', status }
  } finally {
    await client.close().catch(() => {})
    await upstream.close()
  }
}

/** For several streams that may have so much among them. */
function boundTogether(maxBytes: number, onFlood: () => void): () => TransformStream<Uint8Array, Uint8Array> {
  let left = maxBytes
  return () =>
    new TransformStream({
      transform(piece, out) {
        left -= piece.byteLength
        if (left >= 0) return out.enqueue(piece)
        onFlood()
        throw new Error('It answers with more than it may')
      },
    })
}

/** undici tells what broke a connection as the cause. */
function isUnsafe(failure: unknown): boolean {
  const cause = failure instanceof Error && !(failure instanceof DomainError) ? failure.cause : failure
  return cause instanceof DomainError && cause.facts['reason'] !== 'host-not-found'
}
