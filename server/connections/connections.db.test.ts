import { expect, it } from 'vitest'
import type { ConnectInput } from '#server/connections/service.ts'
import { connect, explain, listConnections, setEnabled } from '#server/connections/service.ts'
import { disconnect } from '#server/connections/undo-service.ts'
import { grantDelivery, markBroken, openCredential, resolveForChat } from '#server/connections/resolver.ts'
import { destroyRemoved } from '#server/connections/undo-store.ts'
import { prisma } from '#server/db/client.ts'
import { seedProject, seedTeamScope } from '#server/db/testing.ts'
import { listModels } from '#server/models/service.ts'
import type { TeamScope } from '#server/access/scope.ts'

const failure = (code: string, facts: unknown = expect.anything()) => expect.objectContaining({ name: 'DomainError', code, facts })

const KEY = 'sk-ant-api03-abcdefghijklmnop-WXYZ'
const claudeKey = (key = KEY): ConnectInput => ({
  harness: 'claude-code',
  scope: 'user',
  secret: { kind: 'api-key', provider: 'anthropic', key },
})
const rowOf = async (scope: TeamScope, harness: string, projectId?: string) =>
  (await listConnections(scope, { projectId })).find((row) => row.harness === harness)!

/** Platform connections belong to the whole instance, so a test that makes one takes it away again. */
async function withPlatform<T>(owner: TeamScope, input: ConnectInput, work: (connectionId: string) => Promise<T>): Promise<T> {
  const { connectionId } = await connect(owner, { ...input, scope: 'platform' })
  try {
    return await work(connectionId)
  } finally {
    await disconnect(owner, { connectionId })
  }
}

it('shows a connection without its secret, and keeps the secret sealed', async () => {
  const scope = await seedTeamScope()
  const { connectionId } = await connect(scope, { ...claudeKey(`  ${KEY}\n`), settings: { model: 'claude-haiku-5-5' } })
  const row = await rowOf(scope, 'claude-code')
  expect(row).toMatchObject({
    name: 'Claude Code',
    resolution: { state: 'active', code: null, scope: 'user', connectionId },
    attachments: [
      {
        connectionId,
        scope: 'user',
        isEnabled: true,
        code: null,
        isMine: true,
        createdByName: 'Ada',
        settings: { model: 'claude-haiku-5-5' },
        lastUsedAt: null,
        credential: {
          name: 'Anthropic key',
          kind: 'api-key',
          provider: 'anthropic',
          providerName: 'Anthropic',
          baseUrl: null,
          lastFour: 'WXYZ',
          version: 1,
          brokenCode: null,
        },
      },
    ],
  })
  expect(JSON.stringify(row)).not.toContain('abcdefgh')
  const stored = await prisma().credential.findUniqueOrThrow({ where: { id: row.attachments[0]!.credential.credentialId } })
  expect(Buffer.from(stored.sealed).includes('abcdefgh')).toBe(false)
  expect(await rowOf(scope, 'codex')).toMatchObject({ resolution: { state: 'missing', code: 'connection.missing' }, attachments: [] })
})

it('opens exactly the pinned version of a key, until it is replaced, disabled or disconnected', async () => {
  const scope = await seedTeamScope()
  const { connectionId } = await connect(scope, claudeKey())
  const projectId = await seedProject(scope)
  const place = { teamId: scope.teamId, projectId, userId: scope.userId, harness: 'claude-code' }
  const granted = await grantDelivery(place)
  expect(granted).toMatchObject({
    ok: true,
    credentialVersion: 1,
    payer: { scope: 'user', credentialName: 'Anthropic key', providerName: 'Anthropic', kind: 'api-key' },
    delivery: { via: 'proxy', provider: 'anthropic', dialect: 'anthropic-messages' },
  })
  expect(JSON.stringify(granted)).not.toContain('abcdefgh')
  if (!granted.ok) return
  const pinned = { credentialId: granted.credentialId, version: granted.credentialVersion }
  expect(await openCredential(pinned)).toEqual({
    is: 'open',
    secret: KEY,
    provider: 'anthropic',
    endpoints: [{ dialect: 'anthropic-messages', baseUrl: 'https://api.anthropic.com', authHeader: 'x-api-key' }],
    catalog: { server: null, customModels: [], listed: null },
  })
  await setEnabled(scope, { connectionId, isEnabled: false })
  expect(await openCredential(pinned)).toEqual({ is: 'revoked' })
  await setEnabled(scope, { connectionId, isEnabled: true })
  expect(await openCredential(pinned)).toMatchObject({ is: 'open' })

  expect(await connect(scope, claudeKey('sk-ant-api03-another-key-entirely'))).toMatchObject({ connectionId })
  expect(await openCredential(pinned)).toEqual({ is: 'revoked' })
  expect(await openCredential({ ...pinned, version: 2 })).toMatchObject({ is: 'open', secret: 'sk-ant-api03-another-key-entirely' })

  expect(await disconnect(scope, { connectionId })).toMatchObject({ stops: [] })
  expect(await openCredential({ ...pinned, version: 2 })).toEqual({ is: 'revoked' })
  expect(await resolveForChat(place)).toMatchObject({ ok: false, code: 'connection.missing' })
})

it('leaves nothing behind when another sort of credential takes the place', async () => {
  const scope = await seedTeamScope()
  const { connectionId } = await connect(scope, claudeKey())
  const second = await connect(scope, {
    harness: 'claude-code',
    scope: 'user',
    secret: { kind: 'oauth-token', issuer: 'anthropic', token: 'sk-ant-oat01-token-token' },
  })
  expect(second.connectionId).toBe(connectionId)
  const where = { teamId: scope.teamId }
  expect([
    await prisma().credential.count({ where }),
    await prisma().configuration.count({ where }),
    await prisma().attachment.count({ where }),
  ]).toEqual([1, 1, 1])
  await disconnect(scope, { connectionId })
  await destroyRemoved(new Date(Date.now() + 1_000))
  expect([
    await prisma().credential.count({ where }),
    await prisma().configuration.count({ where }),
    await prisma().attachment.count({ where }),
  ]).toEqual([0, 0, 0])
})

it('keeps one connection when two people connect the same place at once', async () => {
  const scope = await seedTeamScope()
  const projectId = await seedProject(scope)
  const input = { ...claudeKey(), scope: 'project' as const, projectId }
  const made = await Promise.all(Array.from({ length: 6 }, () => connect(scope, input)))
  expect(new Set(made.map((each) => each.connectionId)).size).toBe(1)
  expect((await rowOf(scope, 'claude-code', projectId)).attachments).toMatchObject([{ scope: 'project', credential: { version: 6 } }])
  expect(await prisma().credential.count({ where: { teamId: scope.teamId } })).toBe(1)
})

it('lets the project win over the person and the person over the platform, and halts where it is disabled', async () => {
  const owner = await seedTeamScope({ isInstanceOwner: true })
  const projectId = await seedProject(owner)
  await withPlatform(owner, claudeKey(), async (platformId) => {
    const explained = () => explain(owner, { harness: 'claude-code', projectId })
    expect(await explained()).toEqual({
      resolution: { state: 'active', code: null, scope: 'platform', connectionId: platformId },
      trace: [
        { scope: 'project', verdict: 'inherit', credentialName: null },
        { scope: 'user', verdict: 'inherit', credentialName: null },
        { scope: 'platform', verdict: 'used', credentialName: 'Anthropic key' },
      ],
    })
    const own = await connect(owner, claudeKey())
    expect((await explained()).resolution).toMatchObject({ state: 'active', scope: 'user', connectionId: own.connectionId })
    const shared = await connect(owner, { ...claudeKey(), scope: 'project', projectId })
    expect((await explained()).resolution).toMatchObject({ state: 'active', scope: 'project', connectionId: shared.connectionId })
    await setEnabled(owner, { connectionId: shared.connectionId, isEnabled: false })
    expect(await explained()).toEqual({
      resolution: { state: 'disabled', code: 'connection.disabled', scope: 'project', connectionId: shared.connectionId },
      trace: [{ scope: 'project', verdict: 'connection.disabled', credentialName: 'Anthropic key' }],
    })
    expect((await explain(owner, { harness: 'claude-code' })).resolution).toMatchObject({ scope: 'user' })
  })
})

it('marks a refused key as broken for that version only', async () => {
  const scope = await seedTeamScope()
  await connect(scope, claudeKey())
  const { credentialId } = (await rowOf(scope, 'claude-code')).attachments[0]!.credential
  expect(await markBroken(credentialId, 2, 'provider.refused-key')).toBe(false)
  expect((await rowOf(scope, 'claude-code')).resolution.state).toBe('active')
  expect(await markBroken(credentialId, 1, 'provider.refused-key')).toBe(true)
  expect(await rowOf(scope, 'claude-code')).toMatchObject({
    resolution: { state: 'broken', code: 'connection.broken' },
    attachments: [{ code: 'connection.broken', credential: { brokenCode: 'provider.refused-key' } }],
  })
  await connect(scope, claudeKey())
  expect((await rowOf(scope, 'claude-code')).resolution.state).toBe('active')
})

it('shows an unreadable row as one to replace, beside readable ones', async () => {
  const scope = await seedTeamScope()
  await connect(scope, claudeKey())
  await connect(scope, { harness: 'codex', scope: 'user', secret: { kind: 'api-key', provider: 'openai', key: 'sk-proj-abcdefgh' } })
  const { credentialId } = (await rowOf(scope, 'claude-code')).attachments[0]!.credential
  await prisma().credential.update({ where: { id: credentialId }, data: { masterVersion: 9 } })
  expect(await rowOf(scope, 'claude-code')).toMatchObject({ resolution: { state: 'broken', code: 'connection.unreadable' } })
  expect(await rowOf(scope, 'codex')).toMatchObject({ resolution: { state: 'active' } })
  expect(await openCredential({ credentialId, version: 1 })).toEqual({ is: 'unreadable' })
})

it('does not open a secret in the place of another row', async () => {
  const scope = await seedTeamScope()
  await connect(scope, claudeKey())
  await connect(scope, { harness: 'codex', scope: 'user', secret: { kind: 'api-key', provider: 'openai', key: 'sk-proj-abcdefgh' } })
  const [claude, codex] = [(await rowOf(scope, 'claude-code')).attachments[0]!, (await rowOf(scope, 'codex')).attachments[0]!]
  const other = await prisma().credential.findUniqueOrThrow({ where: { id: codex.credential.credentialId } })
  await prisma().credential.update({ where: { id: claude.credential.credentialId }, data: { sealed: Uint8Array.from(other.sealed) } })
  expect(await openCredential({ credentialId: claude.credential.credentialId, version: 1 })).toEqual({ is: 'unreadable' })
})

it('gives each scope to those who may have it', async () => {
  const admin = await seedTeamScope()
  const member = await seedTeamScope({ teamId: admin.teamId, role: 'member' })
  const viewer = await seedTeamScope({ teamId: admin.teamId, role: 'viewer' })
  const projectId = await seedProject(admin)
  const project = { ...claudeKey(), scope: 'project' as const }
  await expect(connect(viewer, claudeKey())).rejects.toEqual(failure('access.denied'))
  await expect(connect(member, { ...project, projectId })).rejects.toEqual(failure('access.denied'))
  await expect(connect(admin, project)).rejects.toEqual(failure('request.invalid'))
  await expect(connect(admin, { ...project, projectId: 'nowhere' })).rejects.toEqual(failure('project.missing'))
  await expect(connect(admin, { ...claudeKey(), scope: 'platform' })).rejects.toEqual(failure('access.denied'))
  const foreign = await seedTeamScope()
  await expect(connect(foreign, { ...project, projectId })).rejects.toEqual(failure('project.missing'))
  await expect(listConnections(foreign, { projectId })).rejects.toEqual(failure('project.missing'))
})

it('answers for a foreign connection as for an unknown one, and lets an admin only remove a personal one', async () => {
  const admin = await seedTeamScope()
  const member = await seedTeamScope({ teamId: admin.teamId, role: 'member' })
  const foreign = await seedTeamScope()
  const { connectionId } = await connect(member, claudeKey())
  for (const scope of [foreign, await seedTeamScope({ teamId: admin.teamId, role: 'member' })]) {
    await expect(disconnect(scope, { connectionId })).rejects.toEqual(failure('connection.missing'))
    await expect(setEnabled(scope, { connectionId, isEnabled: false })).rejects.toEqual(failure('connection.missing'))
  }
  await expect(setEnabled(admin, { connectionId, isEnabled: false })).rejects.toEqual(failure('connection.missing'))
  expect((await rowOf(admin, 'claude-code')).attachments).toEqual([])
  expect(await disconnect(admin, { connectionId })).toMatchObject({ stops: [] })
  await expect(disconnect(member, { connectionId })).rejects.toEqual(failure('connection.missing'))
})

it('refuses what the harness cannot take or what is no credential, and stores nothing of it', async () => {
  const scope = await seedTeamScope()
  const attempt = (input: Partial<ConnectInput>) => connect(scope, { ...claudeKey(), ...input })
  await expect(attempt({ harness: 'nobody' })).rejects.toEqual(failure('harness.unknown'))
  await expect(attempt({ harness: 'scripted' })).rejects.toEqual(failure('harness.unknown'))
  await expect(attempt({ harness: 'codex' })).rejects.toEqual(
    failure('connection.refused-by-harness', { harness: 'codex', kind: 'api-key', provider: 'anthropic' }),
  )
  await expect(attempt({ secret: { kind: 'api-key', provider: 'anthropic', key: 'two words here' } })).rejects.toEqual(
    failure('credential.malformed', { field: 'key', problem: 'spaces' }),
  )
  await expect(attempt({ settings: { mode: 'chaos' } })).rejects.toEqual(failure('request.invalid'))
  for (const baseUrl of ['http://127.0.0.1:1', 'https://127.0.0.1', 'https://169.254.169.254/latest', 'https://[::1]/']) {
    await expect(attempt({ secret: { kind: 'api-key', provider: 'custom', key: 'k', baseUrl } })).rejects.toEqual(
      failure('upstream.unsafe'),
    )
  }
  expect(await prisma().credential.count({ where: { teamId: scope.teamId } })).toBe(0)
})

it('hands a native login to its run only, whole', async () => {
  const scope = await seedTeamScope()
  const contents = JSON.stringify({ tokens: { access_token: 'at', refresh_token: 'rt' } })
  await connect(scope, { harness: 'codex', scope: 'user', secret: { kind: 'auth-file', format: 'codex', contents } })
  const place = { teamId: scope.teamId, projectId: await seedProject(scope), userId: scope.userId, harness: 'codex' }
  const granted = await grantDelivery(place)
  expect(granted).toMatchObject({ ok: true, payer: { kind: 'auth-file' }, delivery: { via: 'file', format: 'codex', contents } })
  expect(await resolveForChat(place)).toMatchObject({ ok: true, loginOf: scope.userId })
  expect(granted.ok && (await openCredential({ credentialId: granted.credentialId, version: 1 }))).toEqual({ is: 'revoked' })
  expect(await listModels(scope, { harness: 'codex' })).toMatchObject({ defaultModel: 'gpt-6.1-sol' })
})

it('knows a shared login as the one of whoever pasted it last', async () => {
  const admin = await seedTeamScope()
  const other = await seedTeamScope({ teamId: admin.teamId, name: 'Mei' })
  const projectId = await seedProject(admin)
  const paste = (scope: TeamScope, token: string) =>
    connect(scope, {
      harness: 'codex',
      scope: 'project',
      projectId,
      secret: { kind: 'auth-file', format: 'codex', contents: JSON.stringify({ tokens: { access_token: token, refresh_token: 'rt' } }) },
    })
  const place = { teamId: admin.teamId, projectId, userId: admin.userId, harness: 'codex' }
  const { connectionId } = await paste(admin, 'one')
  expect(await resolveForChat(place)).toMatchObject({ loginOf: admin.userId, credentialVersion: 1 })
  expect(await paste(other, 'two')).toMatchObject({ connectionId })
  expect(await resolveForChat(place)).toMatchObject({ loginOf: other.userId, credentialVersion: 2 })
  expect((await rowOf(other, 'codex', projectId)).attachments).toMatchObject([{ isMine: true, createdByName: 'Mei' }])
})

it('lists the models of the connection that holds, and nothing without one', async () => {
  const scope = await seedTeamScope()
  const projectId = await seedProject(scope)
  expect(await listModels(scope, { harness: 'opencode', projectId })).toEqual({ models: [], defaultModel: null })
  await connect(scope, {
    harness: 'opencode',
    scope: 'user',
    secret: { kind: 'api-key', provider: 'groq', key: 'gsk_abcdefgh' },
    settings: { model: 'openai/gpt-oss-20b' },
  })
  const menu = await listModels(scope, { harness: 'opencode', projectId })
  expect(menu.defaultModel).toBe('openai/gpt-oss-20b')
  expect(menu.models[0]).toEqual({
    id: 'openai/gpt-oss-120b',
    name: 'GPT OSS 120B',
    provider: 'groq',
    providerName: 'Groq',
    lifecycle: 'current',
    contextTokens: 131_072,
    outputTokens: 65_536,
    price: { inputMicros: 150_000, outputMicros: 600_000, cacheReadMicros: 75_000, cacheWriteMicros: 150_000 },
  })
  await expect(listModels(scope, { harness: 'nobody' })).rejects.toEqual(failure('harness.unknown'))
})
