/**
 * The way to an MCP server that a project brings: its URL judged and its address checked at every connection, no redirect
 * followed, and what opens it put in here. From: `own-exchange.ts` for agents, `own-service.ts` for a look at it.
 */
import { Agent, fetch as ask, type Response as Answer } from 'undici'
import { OwnServerHeader } from '#core/mcp/own-server.ts'
import { vault } from '#server/connections/vault.ts'
import type { ToAsk } from '#server/mcp/own-store.ts'
import { configuredGuard, guardedConnector, type Guard } from '#server/proxy/upstream-guard.ts'

/** Of headers alone: an answer may stream for as long as a tool works. */
const HEAD_MS = 120_000

const placeOf = ({ serverId, teamId }: Pick<ToAsk, 'serverId' | 'teamId'>) => ({
  table: 'project_mcp_server',
  rowId: serverId,
  teamId,
  field: 'sealed',
})

export const sealHeaders = (server: Pick<ToAsk, 'serverId' | 'teamId'>, headers: readonly OwnServerHeader[]) =>
  vault().seal(placeOf(server), JSON.stringify(headers))

/** Null when no key that we hold opens them. */
export function openHeaders(server: ToAsk): OwnServerHeader[] | null {
  const opened = vault().open(placeOf(server), server)
  return opened.is === 'open' ? OwnServerHeader.array().parse(JSON.parse(opened.text)) : null
}

export type OwnUpstream = {
  fetch: (url: string, init: { method: string; headers: Headers; body?: Uint8Array | string; signal: AbortSignal }) => Promise<Answer>
  close: () => Promise<void>
}

export function openOwnUpstream(guard: Guard = configuredGuard()): OwnUpstream {
  const dispatcher = new Agent({ connect: guardedConnector(guard), allowH2: false, headersTimeout: HEAD_MS, bodyTimeout: 0 })
  return {
    fetch: (url, { headers, ...init }) => ask(url, { ...init, headers: Object.fromEntries(headers), redirect: 'manual', dispatcher }),
    close: () => dispatcher.destroy(),
  }
}
