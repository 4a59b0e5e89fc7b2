/**
 * For tests of what an agent meets: the handler between a run that may spend and the fake provider, which follows the
 * script that a test plays, and fails one that leaves its script.
 */
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { ProxiedDialect } from '#core/links/proxy-routes.ts'
import { startFakeProvider, type FakeProvider } from '#e2e/world/fake-provider.ts'
import { pool } from '#server/db/client.ts'
import { createProxyHandler } from '#server/proxy/handler.ts'
import { ask, pathOf, question, seedRun, serveOnLoopback, type SeededRun, type Served } from '#server/proxy/testing.ts'
import { drainUsage, readRecords } from '#server/usage/service.ts'

export const KEY = 'sk-real-4f0c2d7b9a6e1358'
export const dialects: readonly ProxiedDialect[] = ['anthropic-messages', 'openai-chat', 'openai-responses', 'gemini-generate']
export const tokens = { inputTokens: 120, outputTokens: 34, cacheReadTokens: 56, cacheWriteTokens: 7, reasoningTokens: 8 }
/** As far as the dialect can say it: Google's does not tell what was written to a cache from other input. */
export const told = (dialect: ProxiedDialect) =>
  dialect === 'gemini-generate' ? { ...tokens, inputTokens: 127, cacheWriteTokens: 0 } : tokens

export let provider: FakeProvider
export let proxy: Served

/** Called once by a file of tests: opens both before them, and closes them afterwards. */
export function talkThroughProxy(): void {
  let close = async (): Promise<void> => {}
  beforeAll(async () => {
    provider = await startFakeProvider({ key: KEY })
    process.env['GATEHOUSE_PRIVATE_UPSTREAMS'] = provider.host
    const handler = createProxyHandler()
    proxy = await serveOnLoopback(handler)
    close = async () => {
      await proxy.close()
      await handler.close()
      await provider.close()
    }
  })
  afterAll(() => close())
  afterEach(async () => {
    await drainUsage()
    provider.assertClean()
  })
}

export const seed = (dialect: ProxiedDialect, settings?: Record<string, string>) =>
  seedRun({ dialect, baseUrl: provider.baseUrl(dialect), key: KEY, ...(settings && { settings }) })

type Sending = Partial<Parameters<typeof ask>[0]> & { model?: string; isStream?: boolean }

export const send = (run: SeededRun, dialect: ProxiedDialect, { model, isStream, ...more }: Sending = {}) => {
  const how = { ...(model !== undefined && { model }), ...(isStream !== undefined && { isStream }) }
  return ask({ origin: proxy.origin, path: pathOf(dialect, how), token: run.token, body: question(dialect, how), ...more })
}

export async function recordsOf(run: SeededRun) {
  await drainUsage()
  return readRecords(run.scope, { chatId: run.chatId, limit: 10 })
}

export async function factsOf(run: SeededRun) {
  await drainUsage()
  const { rows } = await pool().query('select type, payload from chat_event where "chatId" = $1 order by seq', [run.chatId])
  return rows as { type: string; payload: Record<string, unknown> }[]
}
