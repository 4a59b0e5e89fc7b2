/** For tests: a provider on this machine that answers what its test says, and remembers how it was asked. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { vi } from 'vitest'
import type { ConnectInput } from '#server/connections/service.ts'

export type TestProvider = {
  answer: { status: number; body: string }
  asked: { url: string | undefined; headers: IncomingHttpHeaders }[]
  /** What happens elsewhere while it is asked. */
  beforeAnswer: (() => Promise<unknown>) | null
  baseUrl: string
  /** A connection of the scripted kind of server: one's own, in the dialect of Claude Code. */
  key(key: string, over?: Partial<ConnectInput>): ConnectInput
  close(): Promise<void>
}

/** Opened before anything reads the environment, since its address is private. */
export async function startTestProvider(): Promise<TestProvider> {
  const server = createServer((req, res) => {
    provider.asked.push({ url: req.url, headers: req.headers })
    const { status, body } = provider.answer
    void Promise.resolve(provider.beforeAnswer?.()).finally(() =>
      res.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:1/' } : {}).end(body),
    )
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  vi.stubEnv('GATEHOUSE_PRIVATE_UPSTREAMS', `127.0.0.1:${port}`)
  const provider: TestProvider = {
    answer: { status: 200, body: '{}' },
    asked: [],
    beforeAnswer: null,
    baseUrl: `http://127.0.0.1:${port}`,
    key: (key, over) => ({
      harness: 'claude-code',
      scope: 'user',
      secret: { kind: 'api-key', provider: 'custom', key, baseUrl: provider.baseUrl, dialect: 'anthropic-messages' },
      ...over,
    }),
    close: () => new Promise((closed) => server.close(() => closed())),
  }
  return provider
}
