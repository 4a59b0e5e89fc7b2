import { expect, it } from 'vitest'
import { findProxyRoute, proxyRoutes, proxySegments } from '#core/links/proxy-routes.ts'

it('finds exactly what is in the table', () => {
  for (const route of proxyRoutes) expect(findProxyRoute(route.method, route.path)).toBe(route)
  for (const [method, path] of [
    ['GET', 'anthropic/v1/messages'],
    ['POST', 'anthropic/v1/messages/'],
    ['POST', 'anthropic/v1/messages/batches'],
    ['POST', 'Anthropic/v1/messages'],
    ['POST', 'anthropic/v1/../v1/messages'],
    ['POST', 'openai/v1/embeddings'],
    ['POST', ''],
  ] as const) {
    expect(findProxyRoute(method, path)).toBeNull()
  }
})

it('has no two routes for one request', () => {
  const keys = proxyRoutes.map((route) => `${route.method} ${route.path}`)
  expect(new Set(keys).size).toBe(keys.length)
})

it('keeps every generating route below the segment that its dialect’s harnesses are told', () => {
  for (const route of proxyRoutes) {
    if (route.kind !== 'generate') continue
    expect(route.path.startsWith(`${proxySegments[route.dialects[0] as keyof typeof proxySegments]}/`)).toBe(true)
  }
})
