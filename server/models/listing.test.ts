import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { usualAuthHeader, type Dialect } from '#core/providers/dialects.ts'
import { askForModels, type Listed } from '#server/models/listing.ts'

type Asked = { url: string | undefined; key: string | undefined }

async function ask(dialect: Dialect, answer: RequestListener, timeoutMs = 1_000): Promise<{ listed: Listed; asked: Asked[] }> {
  const asked: Asked[] = []
  const keyIn = ({ headers }: IncomingMessage) =>
    [headers['x-api-key'], headers['x-goog-api-key'], headers.authorization].filter((each) => each !== undefined).join()
  const server = createServer((req, res) => {
    asked.push({ url: req.url, key: keyIn(req) })
    answer(req, res)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const endpoint = { dialect, baseUrl: `http://${host}`, authHeader: usualAuthHeader[dialect] }
  try {
    const listed = await askForModels({ endpoint, key: 'sk-abcdefgh' }, { guard: { privateUpstreams: [host] }, timeoutMs })
    return { listed, asked }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const says =
  (...pages: unknown[]): RequestListener =>
  (_req, res) =>
    void res.end(JSON.stringify(pages.shift()))

it('reads the list of a server that speaks OpenAI’s dialects, with and without an envelope', async () => {
  const { listed, asked } = await ask('openai-chat', says({ object: 'list', data: [{ id: 'qwen3:8b', object: 'model' }, { id: 'llama' }] }))
  expect(listed).toEqual({
    ok: true,
    models: [
      { id: 'llama', name: null },
      { id: 'qwen3:8b', name: null },
    ],
  })
  expect(asked).toEqual([{ url: '/models', key: 'Bearer sk-abcdefgh' }])
  expect((await ask('openai-responses', says([{ id: 'bare' }]))).listed).toEqual({ ok: true, models: [{ id: 'bare', name: null }] })
})

it('turns the pages of Anthropic’s', async () => {
  const first = { data: [{ type: 'model', id: 'claude-b', display_name: 'Claude B' }], has_more: true, last_id: 'claude-b' }
  const { listed, asked } = await ask(
    'anthropic-messages',
    says(first, { data: [{ id: 'claude-a' }], has_more: false, last_id: 'claude-a' }),
  )
  expect(listed).toEqual({
    ok: true,
    models: [
      { id: 'claude-a', name: null },
      { id: 'claude-b', name: 'Claude B' },
    ],
  })
  expect(asked).toEqual([
    { url: '/v1/models?limit=1000', key: 'sk-abcdefgh' },
    { url: '/v1/models?limit=1000&after_id=claude-b', key: 'sk-abcdefgh' },
  ])
})

it('turns the pages of Gemini’s, whose ids have a folder', async () => {
  const first = { models: [{ name: 'models/gemini-x', displayName: 'Gemini X' }], nextPageToken: 'a/b' }
  const { listed, asked } = await ask('gemini-generate', says(first, { models: [{ name: 'models/gemini-y' }] }))
  expect(listed).toEqual({
    ok: true,
    models: [
      { id: 'gemini-x', name: 'Gemini X' },
      { id: 'gemini-y', name: null },
    ],
  })
  expect(asked.map(({ url }) => url)).toEqual(['/v1beta/models?pageSize=1000', '/v1beta/models?pageSize=1000&pageToken=a%2Fb'])
})

it('takes nothing that is no id, and stops where a list does not end', async () => {
  const odd = [7, null, '', 'with space', '{env:KEY}', 'x'.repeat(300), 'fine']
  expect((await ask('openai-chat', says({ data: odd.map((id) => ({ id })) }))).listed).toEqual({
    ok: true,
    models: [{ id: 'fine', name: null }],
  })
  let page = 0
  const endless: RequestListener = (_req, res) => {
    page++
    res.end(JSON.stringify({ data: [{ id: `m-${page}` }], has_more: true, last_id: `m-${page}` }))
  }
  const { listed } = await ask('anthropic-messages', endless)
  expect(listed).toMatchObject({ ok: true, models: { length: 10 } })
})

it.each<[string, RequestListener, string]>([
  ['refuses the key', (_req, res) => res.writeHead(401).end('{}'), 'provider.refused-key'],
  ['sends elsewhere', (_req, res) => res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), 'provider.failed'],
  ['knows no such list', (_req, res) => res.writeHead(404).end('{}'), 'provider.failed'],
  ['shows a page', (_req, res) => res.end('<html>'), 'provider.garbled'],
  ['answers something else', (_req, res) => res.end('{"models":"many"}'), 'provider.garbled'],
  ['talks without end', (_req, res) => void res.write(' '.repeat(5_000_000)), 'provider.garbled'],
  ['breaks off', (_req, res) => res.destroy(), 'provider.unreachable'],
])('says why a provider that %s gave nothing', async (_what, answer, code) => {
  expect((await ask('openai-chat', answer)).listed).toEqual({ ok: false, code })
})

it('waits no longer, however many pages there are', async () => {
  expect((await ask('openai-chat', () => {}, 50)).listed).toEqual({ ok: false, code: 'provider.unreachable' })
})

it('dials no private address', async () => {
  const endpoint = { dialect: 'openai-chat', baseUrl: 'https://169.254.169.254/v1', authHeader: 'authorization-bearer' } as const
  const listed = await askForModels({ endpoint, key: 'k' }, { guard: { privateUpstreams: [] }, timeoutMs: 1_000 })
  expect(listed).toEqual({ ok: false, code: 'upstream.unsafe' })
})
