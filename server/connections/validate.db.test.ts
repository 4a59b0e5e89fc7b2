import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { connect, listConnections, validate } from '#server/connections/service.ts'
import { prisma } from '#server/db/client.ts'
import { seedTeamScope } from '#server/db/testing.ts'

/** A provider that answers what its test says, and remembers how it was asked. */
let status = 200
let asked: { url: string | undefined; headers: IncomingHttpHeaders }[] = []
let server: Server
let baseUrl = ''

beforeAll(async () => {
  server = createServer((req, res) => {
    asked.push({ url: req.url, headers: req.headers })
    res.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:1/' } : {}).end('{}')
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

it('believes a provider that takes the key, refuses it, and takes it again', async () => {
  const { scope, connectionId, stateOf } = await connectOwn('own-key')
  asked = []
  status = 200
  expect(await validate(scope, { connectionId })).toEqual({ state: 'working', code: null })
  expect(asked).toMatchObject([{ url: '/v1/models', headers: { 'x-api-key': 'own-key', 'anthropic-version': '2023-06-01' } }])
  status = 401
  expect(await validate(scope, { connectionId })).toEqual({ state: 'refused', code: 'provider.refused-key' })
  expect(await stateOf()).toMatchObject({
    resolution: { state: 'broken', code: 'connection.broken' },
    attachments: [{ settings: { models: 'claude-own' }, credential: { providerName: new URL(baseUrl).host, lastFour: '' } }],
  })
  status = 200
  expect(await validate(scope, { connectionId })).toEqual({ state: 'working', code: null })
  expect((await stateOf()).resolution.state).toBe('active')
})

it.each([
  [404, { state: 'unverified', code: null }],
  [302, { state: 'unverified', code: null }],
  [429, { state: 'refused', code: 'provider.out-of-quota' }],
  [503, { state: 'refused', code: 'provider.failed' }],
])('leaves the connection as it is when the provider answers %s', async (answer, verdict) => {
  const { scope, connectionId, stateOf } = await connectOwn('own-key')
  status = answer
  expect(await validate(scope, { connectionId })).toEqual(verdict)
  expect((await stateOf()).resolution.state).toBe('active')
})

it('says that nobody answers, that a row cannot be read, and that a login is not asked about', async () => {
  const { scope, connectionId } = await connectOwn('own-key')
  await prisma().credential.updateMany({ where: { teamId: scope.teamId }, data: { baseUrl: 'http://127.0.0.1:9' } })
  expect(await validate(scope, { connectionId })).toEqual({ state: 'refused', code: 'upstream.unsafe' })
  await prisma().credential.updateMany({ where: { teamId: scope.teamId }, data: { masterVersion: 9 } })
  expect(await validate(scope, { connectionId })).toEqual({ state: 'refused', code: 'connection.unreadable' })
  const login = await connect(scope, {
    harness: 'claude-code',
    scope: 'user',
    secret: { kind: 'oauth-token', issuer: 'anthropic', token: 'sk-ant-oat01-x' },
  })
  expect(await validate(scope, login)).toEqual({ state: 'not-checked', code: null })
})
