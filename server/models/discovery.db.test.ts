import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { TeamScope } from '#server/access/scope.ts'
import { connect } from '#server/connections/service.ts'
import { startTestProvider, type TestProvider } from '#server/connections/testing-provider.ts'
import { prisma } from '#server/db/client.ts'
import { seedProject, seedTeamScope } from '#server/db/testing.ts'
import { readCatalog } from '#server/models/catalog-service.ts'
import { discoverModels, previewModels } from '#server/models/discovery-service.ts'
import { setRule } from '#server/models/rule-service.ts'
import { listModels } from '#server/models/service.ts'

let provider: TestProvider
beforeAll(async () => {
  provider = await startTestProvider()
})
afterAll(() => provider.close())
beforeEach(() => {
  provider.asked.length = 0
})
afterEach(() => {
  provider.answer = { status: 200, body: '{}' }
})

const lists = (...ids: string[]) => {
  provider.answer = { status: 200, body: JSON.stringify({ data: ids.map((id) => ({ id })) }) }
}
const server = () => URL.parse(provider.baseUrl)!.host
const connectOwn = (scope: TeamScope, over: Partial<Parameters<typeof connect>[1]> = {}) =>
  connect(scope, {
    harness: 'opencode',
    scope: 'user',
    secret: { kind: 'api-key', provider: 'custom', key: 'vllm', baseUrl: provider.baseUrl, dialect: 'openai-chat' },
    ...over,
  })
const menuOf = async (scope: TeamScope) => (await listModels(scope, { harness: 'opencode' })).models.map((each) => each.id)
const pageOf = async (scope: TeamScope) => (await readCatalog(scope)).providers.find((each) => each.server === server())

it('shows what a server serves, offers what the catalog knows of it, and the rest once an admin allows and prices it', async () => {
  const scope = await seedTeamScope()
  await connectOwn(scope)
  // Not asked yet: a mirror of the dialect's vendor, as far as anybody knows.
  expect(await menuOf(scope)).toContain('gpt-6.1-sol')
  expect(await pageOf(scope)).toMatchObject({ isConnected: true, listing: null, undecided: [] })

  lists('gpt-6-sol', 'qwen3:8b', 'llama4')
  expect(await discoverModels(scope, {})).toMatchObject([{ providerName: server(), code: null, count: 3 }])
  expect(provider.asked.at(-1)).toMatchObject({ url: '/v1/models', headers: { authorization: 'Bearer vllm' } })
  expect(await menuOf(scope)).toEqual(['gpt-6-sol'])
  const page = await pageOf(scope)
  expect(page).toMatchObject({ listing: { code: null, listedAt: expect.any(String) }, models: [{ id: 'gpt-6-sol', code: null }] })
  expect(page?.undecided.map((each) => each.id)).toEqual(['llama4', 'qwen3:8b'])

  const price = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
  await setRule(scope, { provider: 'custom', server: server(), model: 'qwen3:8b', for: 'team', isAllowed: true, price })
  expect(await menuOf(scope)).toEqual(['gpt-6-sol', 'qwen3:8b'])
  expect(await pageOf(scope)).toMatchObject({
    undecided: [{ id: 'llama4' }],
    models: [{ id: 'gpt-6-sol' }, { id: 'qwen3:8b', isAdded: true, hasOwnPrice: true, ruledBy: 'team', price: { inputMicros: 0 } }],
  })
})

it('keeps what was said when the next question is not answered, and forgets it with the secret', async () => {
  const scope = await seedTeamScope()
  await connectOwn(scope)
  lists('gpt-6-sol')
  await discoverModels(scope, {})
  provider.answer = { status: 500, body: '{}' }
  expect(await discoverModels(scope, {})).toMatchObject([{ code: 'provider.failed' }])
  expect(await menuOf(scope)).toEqual(['gpt-6-sol'])
  expect(await pageOf(scope)).toMatchObject({ listing: { code: 'provider.failed', listedAt: expect.any(String) } })

  await connectOwn(scope)
  expect(await pageOf(scope)).toMatchObject({ listing: null })
  expect(await menuOf(scope)).toContain('gpt-6.1-sol')
  expect(await discoverModels(scope, {})).toMatchObject([{ code: 'provider.failed' }])
  expect(await pageOf(scope)).toMatchObject({ listing: { code: 'provider.failed', listedAt: null } })
})

it('lets the connector’s own choice stand above the list', async () => {
  const scope = await seedTeamScope()
  await connectOwn(scope, { settings: { models: 'llama4' } })
  lists('gpt-6-sol', 'llama4', 'qwen3:8b')
  await discoverModels(scope, {})
  expect(await menuOf(scope)).toEqual(['llama4'])
  const page = await pageOf(scope)
  expect(page?.models.map(({ id, code }) => [id, code])).toEqual([['llama4', null]])
  expect(page?.undecided.map((each) => each.id)).toEqual(['gpt-6-sol', 'qwen3:8b'])
})

it('asks with the keys of one’s own, of the team’s projects and of the instance, and with nobody else’s', async () => {
  const scope = await seedTeamScope()
  const [mei, stranger] = [await seedTeamScope({ teamId: scope.teamId, role: 'member' }), await seedTeamScope()]
  await connectOwn(mei)
  lists('gpt-6-sol')
  expect(await discoverModels(scope, {})).toEqual([])
  const projectId = await seedProject(scope)
  await connectOwn(scope, { scope: 'project', projectId })
  expect(await discoverModels(scope, {})).toHaveLength(1)
  expect(await discoverModels(mei, {})).toHaveLength(2)
  expect(await discoverModels(stranger, {})).toEqual([])
  const { id } = await prisma().credential.findFirstOrThrow({ where: { createdBy: mei.userId } })
  await expect(discoverModels(scope, { credentialId: id })).rejects.toMatchObject({ code: 'credential.missing' })
})

it('asks a server that is not connected yet, and keeps nothing of it', async () => {
  const before = await prisma().modelListing.count()
  lists('llama4')
  const asked = { baseUrl: provider.baseUrl, dialect: 'openai-chat', key: ' vllm ' } as const
  expect(await previewModels(asked)).toEqual({ models: [{ id: 'llama4', name: null }] })
  expect(provider.asked.at(-1)).toMatchObject({ headers: { authorization: 'Bearer vllm' } })
  expect(await prisma().modelListing.count()).toBe(before)
  provider.answer = { status: 401, body: '{}' }
  await expect(previewModels(asked)).rejects.toMatchObject({ code: 'provider.refused-key' })
  await expect(previewModels({ ...asked, baseUrl: 'https://127.0.0.1/v1' })).rejects.toMatchObject({ code: 'upstream.unsafe' })
  await expect(previewModels({ ...asked, baseUrl: 'nowhere' })).rejects.toMatchObject({ code: 'credential.malformed' })
})
