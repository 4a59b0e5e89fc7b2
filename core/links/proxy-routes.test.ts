import fc from 'fast-check'
import { expect, it } from 'vitest'
import { character } from '#core/testing-text.ts'
import { findProxyRoute, proxyRoutes, proxySegments, upstreamPathOf, type AskingRoute } from '#core/links/proxy-routes.ts'

it('finds exactly what is in the table', () => {
  for (const route of proxyRoutes) {
    const isNamed = route.path.includes('{model}')
    expect(findProxyRoute(route.method, route.path.replace('{model}', 'gemini-4-argon'))).toEqual({
      route,
      model: isNamed ? 'gemini-4-argon' : null,
    })
  }
  for (const [method, path] of [
    ['GET', 'anthropic/v1/messages'],
    ['POST', 'anthropic/v1/messages/'],
    ['POST', 'anthropic/v1/messages/batches'],
    ['POST', 'Anthropic/v1/messages'],
    ['POST', 'anthropic/v1/../v1/messages'],
    ['POST', 'openai/v1/embeddings/'],
    ['GET', 'openai/v1/embeddings'],
    ['POST', 'gemini/v1beta/models'],
    ['POST', 'gemini/v1beta/models/gemini-4-argon'],
    ['POST', 'gemini/v1beta/models/gemini-4-argon:embedContent'],
    ['POST', 'gemini/v1/models/gemini-4-argon:generateContent'],
    ['GET', 'gemini/v1beta/models/'],
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

const inPath = (segment: string) => findProxyRoute('POST', `gemini/v1beta/models/${segment}:generateContent`)?.model ?? null

it.each([
  ['gemini-4-argon', 'gemini-4-argon'],
  ['gemini%2D4%2dargon', 'gemini-4-argon'],
  ['local_model.v1', 'local_model.v1'],
])('reads the model %s in a path as %s', (segment, model) => expect(inPath(segment)).toBe(model))

it.each([
  '',
  '.',
  '..',
  '%2e%2e',
  '%2E.',
  '%252e%252e',
  'a..b',
  'a/b',
  'a%2fb',
  'a%2Fb',
  'a%5cb',
  'a\\b',
  'a:b',
  'a%3ab',
  'a%00',
  'a%0d%0ahost:x',
  'a%',
  'a%zz',
  'a%ff',
  'a?b',
  'a%3fkey=b',
  'a#b',
  'a b',
  '{model}',
  'a'.repeat(201),
])('takes %j in a path for no model', (segment) => expect(inPath(segment)).toBeNull())

it('sends an upstream no other path than the table has, whatever stands in a request’s', () => {
  const asking = proxyRoutes.filter((route): route is AskingRoute => route.upstreamPath !== null)
  const known = new Set(asking.map((route) => upstreamPathOf(route, 'MODEL')))
  fc.assert(
    fc.property(fc.constantFrom(...asking), segment, fc.boolean(), (route, piece, isPrefixed) => {
      const path = route.path.includes('{model}')
        ? route.path.replace('{model}', () => piece)
        : isPrefixed
          ? piece + route.path
          : route.path + piece
      const found = findProxyRoute('POST', path)
      if (!found) return
      const upstream = upstreamPathOf(found.route as AskingRoute, found.model)
      expect(known).toContain(upstream.replace(/\/models\/[^/:]+:/, '/models/MODEL:'))
      // As any server might tidy it up: there is nothing left to tidy.
      expect(new URL(upstream, 'https://upstream.example').pathname).toBe(upstream)
      expect(decodeURIComponent(upstream)).toBe(upstream)
    }),
    { numRuns: 1_000 },
  )
})

/** What a path could be made of by somebody who wants to be elsewhere. */
const segment = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '..',
        '.',
        '/',
        '\\',
        '%2e',
        '%2f',
        '%5c',
        '%25',
        '%00',
        ':',
        ';',
        '?',
        '#',
        '//',
        'gemini-4-argon',
        'v1',
        ' ',
        '\t',
        '＃',
        '․․',
      ),
      fc.string({ unit: character, maxLength: 4 }),
      fc.string({ unit: fc.constantFrom('a', '-', '.', '%', '2', 'f', '_'), maxLength: 8 }),
    ),
    { maxLength: 5 },
  )
  .map((pieces) => pieces.join(''))
