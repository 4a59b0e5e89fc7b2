import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { connect, listConnections } from '#server/connections/service.ts'
import { validate } from '#server/connections/validation.ts'
import { prisma } from '#server/db/client.ts'
import { seedTeamScope } from '#server/db/testing.ts'

/** A provider that answers what its test says, and remembers how it was asked. */
let status = 200
let body = '{}'
let asked: { url: string | undefined; headers: IncomingHttpHeaders }[] = []
let server: Server
let baseUrl = ''

beforeAll(async () => {
  server = createServer((req, res) => {
    asked.push({ url: req.url, headers: req.headers })
    res.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:1/' } : {}).end(body)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  baseUrl = `http://127.0.0.1:${port}`
  // Read once, when the first connect asks for it.
  vi.stubEnv('GATEHOUSE_PRIVATE_UPSTREAMS', `127.0.0.1:${port}`)
})
afterAll(() => new Promise((closed) => server.close(closed)))

const connectOwn = async (key: string) => {
  const scope = await seedTeamScope()
  const secret = { kind: 'api-key', provider: 'custom', key, baseUrl, dialect: 'anthropic-messages' } as const
  const { connectionId } = await connect(scope, { harness: 'claude-code', scope: 'user', secret, settings: { models: 'claude-own' } })
  const stateOf = async () => (await listConnections(scope, {})).find((row) => row.harness === 'claude-code')!
  return { scope, connectionId, stateOf }
}

const validated = (verdict: string, code: string | null) => ({ verdict, code, at: expect.any(String) as string })

it('believes a provider that takes the key, refuses it, and takes it again', async () => {
  status = 200
  const { scope, connectionId, stateOf } = await connectOwn('own-key')
  asked = []
  expect(await validate(scope, { connectionId })).toEqual(validated('accepted', null))
  expect(asked).toMatchObject([{ url: '/v1/models', headers: { 'x-api-key': 'own-key', 'anthropic-version': '2023-06-01' } }])
  status = 401
  const refused = await validate(scope, { connectionId })
  expect(refused).toEqual(validated('refused', 'provider.refused-key'))
  const attachment = {
    settings: { models: 'claude-own' },
    credential: { providerName: new URL(baseUrl).host, lastFour: '', brokenCode: 'provider.refused-key' },
    verdict: { is: 'refused', at: refused.at },
    lastError: { code: 'provider.refused-key', at: refused.at },
  }
  expect(await stateOf()).toMatchObject({ resolution: { state: 'broken', code: 'connection.broken' }, attachments: [attachment] })
  status = 200
  expect(await validate(scope, { connectionId })).toEqual(validated('accepted', null))
  // It works again, and what went wrong last can still be read.
  expect(await stateOf()).toMatchObject({
    resolution: { state: 'active' },
    attachments: [{ verdict: { is: 'accepted' }, lastError: { code: 'provider.refused-key', at: refused.at } }],
  })
})

it.each([
  [404, '{}', validated('unverified', null)],
  [302, '', validated('unverified', null)],
  [403, '<html>blocked</html>', validated('unverified', null)],
  [402, '{}', validated('out-of-quota', 'provider.out-of-quota')],
  [429, '{}', validated('out-of-quota', 'provider.out-of-quota')],
  [503, '{}', validated('unreachable', 'provider.failed')],
])('leaves the connection as it is when the provider answers %s', async (answer, words, verdict) => {
  status = 200
  const { scope, connectionId, stateOf } = await connectOwn('own-key')
  status = answer
  body = words
  expect(await validate(scope, { connectionId })).toEqual(verdict)
  body = '{}'
  expect((await stateOf()).resolution.state).toBe('active')
})

it('says that nobody answers, and that a row cannot be read', async () => {
  const { scope, connectionId, stateOf } = await connectOwn('own-key')
  const change = (data: { baseUrl?: string; masterVersion?: number }) =>
    prisma().credential.updateMany({ where: { teamId: scope.teamId }, data })
  await change({ baseUrl: 'http://127.0.0.1:9' })
  expect(await validate(scope, { connectionId })).toEqual(validated('unreachable', 'upstream.unsafe'))
  await change({ baseUrl: 'https://nowhere.invalid' })
  expect(await validate(scope, { connectionId })).toEqual(validated('unreachable', 'provider.unreachable'))
  await change({ masterVersion: 9 })
  expect(await validate(scope, { connectionId })).toEqual(validated('unfitting', 'connection.unreadable'))
  expect(await stateOf()).toMatchObject({ attachments: [{ verdict: { is: 'unfitting' }, lastError: { code: 'connection.unreadable' } }] })
})
