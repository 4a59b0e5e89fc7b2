import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { checkKey } from '#server/connections/key-check.ts'

const unreachable = { verdict: 'unreachable', code: 'provider.unreachable' }
const garbled = { verdict: 'unreachable', code: 'provider.garbled' }
const failed = { verdict: 'unreachable', code: 'provider.failed' }
const key = { authHeader: 'authorization-bearer', key: 'sk-abcdefgh' } as const

it('waits no longer for a name that is never found', async () => {
  const guard = { privateUpstreams: [], resolve: () => new Promise<never>(() => {}) }
  expect(await checkKey({ ...key, url: 'https://models.example.org/v1/models' }, { guard, timeoutMs: 20 })).toEqual(unreachable)
})

it.each<[string, RequestListener, object]>([
  ['says nothing', () => {}, unreachable],
  ['breaks off', (_req, res) => res.destroy(), unreachable],
  // Its status has said it already.
  ['takes the key and breaks off', (_req, res) => res.writeHead(200).write('{', () => res.destroy()), { verdict: 'accepted', code: null }],
  ['talks without end', (_req, res) => res.writeHead(401).write(' '.repeat(200_000)), { verdict: 'refused', code: 'provider.refused-key' }],
  [
    'does not know the key, as Google says it',
    (_req, res) => res.writeHead(400).end('{"error":{"code":400,"details":[{"reason":"API_KEY_INVALID"}]}}'),
    { verdict: 'refused', code: 'provider.refused-key' },
  ],
  ['sends elsewhere', (_req, res) => res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), failed],
  ['lists its models', (_req, res) => res.writeHead(200).end('{"data":[]}'), { verdict: 'accepted', code: null }],
  ['lists more than is read', (_req, res) => res.writeHead(200).end(`[${'{},'.repeat(50_000)}{}]`), { verdict: 'accepted', code: null }],
  ['shows a page', (_req, res) => res.writeHead(200).end('<html>Sign in to the hotel</html>'), garbled],
  ['shows what only begins like JSON', (_req, res) => res.writeHead(200).end('{{ title }}'), garbled],
  ['says yes and nothing else', (_req, res) => res.writeHead(204).end(), garbled],
])('judges a provider that %s', async (_what, answer, expected) => {
  const server = createServer(answer)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const patience = { guard: { privateUpstreams: [host] }, timeoutMs: 1_000 }
    expect(await checkKey({ ...key, url: `http://${host}/v1/models` }, patience)).toEqual(expected)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

it('dials no private address, and sends no key in the clear', async () => {
  const patience = { guard: { privateUpstreams: [] }, timeoutMs: 1_000 }
  for (const url of ['https://127.0.0.1/v1/models', 'http://93.184.216.34/v1/models', 'https://169.254.169.254/latest']) {
    expect(await checkKey({ ...key, url }, patience)).toEqual({ verdict: 'unreachable', code: 'upstream.unsafe' })
  }
})
