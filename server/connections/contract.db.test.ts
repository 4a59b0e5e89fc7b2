import { afterAll, beforeAll, expect, it } from 'vitest'
import { createToken } from '#server/accounts/tokens-service.ts'
import { startTestProvider, type TestProvider } from '#server/connections/testing-provider.ts'
import { seedProject, seedTeamScope } from '#server/db/testing.ts'
import { startTestServer, type TestServer } from '#server/testing-http.ts'

let provider: TestProvider
let server: TestServer
beforeAll(async () => {
  provider = await startTestProvider()
  server = await startTestServer()
})
afterAll(() => Promise.all([provider.close(), server.close()]))

it('lets a script connect, look, share, take away and bring back, over HTTP alone, and never shows the key', async () => {
  const scope = await seedTeamScope()
  const projectId = await seedProject(scope, { name: 'One' })
  const { token } = await createToken(scope, { name: 'Script', days: 1 })
  const headers = { authorization: `Bearer ${token}` }
  const heard: string[] = []
  const call = async (path: string, input: unknown, isQuery = false) => {
    const answer = await server.call(`connections.${path}`, { input, isQuery, headers })
    heard.push(JSON.stringify(answer))
    const body = answer.body as { result?: { data?: unknown }; error?: { message: string; data: { domain: unknown } } }
    return body.error ? { status: answer.status, ...(body.error.data.domain as object) } : (body.result?.data ?? null)
  }
  const { connectionId, verdict } = (await call('connect', provider.key('own-secret-key-WXYZ'))) as {
    connectionId: string
    verdict: string
  }
  expect(verdict).toBe('accepted')
  expect(provider.asked.at(-1)).toMatchObject({ url: '/v1/models', headers: { 'x-api-key': 'own-secret-key-WXYZ' } })
  expect(await call('validate', { connectionId })).toEqual({ verdict: 'accepted', code: null, at: expect.any(String) })
  expect(await call('setShared', { connectionId, isShared: true })).toBe(null)
  const used = { state: 'active', scope: 'user', connectionId }
  expect(await call('explain', { harness: 'claude-code', projectId }, true)).toMatchObject({ resolution: used })
  const rows = (await call('list', { projectId }, true)) as { harness: string }[]
  const row = { resolution: used, attachments: [{ isShared: true, mayChange: true }] }
  expect(rows.find((each) => each.harness === 'claude-code')).toMatchObject(row)
  expect(await call('preview', { connectionId }, true)).toEqual({
    stops: [],
    privateStops: 0,
    elsewhere: 0,
    afterwards: { state: 'missing', code: 'connection.missing', scope: null, credentialName: null },
  })
  expect(await call('details', { connectionId }, true)).toMatchObject({ harnessName: 'Claude Code', credential: { lastFour: 'WXYZ' } })
  const gone = (await call('disconnect', { connectionId })) as { stops: []; undoId: string; undoUntil: string }
  expect(gone).toEqual({ stops: [], privateStops: 0, undoId: expect.any(String), undoUntil: expect.any(String) })
  expect(await call('undo', gone)).toEqual({ connectionId })
  expect(await call('undo', gone)).toEqual({ status: 409, code: 'undo.too-late', facts: {} })

  provider.answer.status = 401
  expect(await call('connect', provider.key('another-secret-key', { onRefused: 'reject' }))).toEqual({
    status: 422,
    code: 'credential.refused',
    facts: { harness: 'claude-code', provider: 'custom' },
  })
  expect(await call('validate', { connectionId })).toMatchObject({ verdict: 'refused', code: 'provider.refused-key' })
  expect(heard.join('\n')).not.toMatch(/secret-key/)
})
