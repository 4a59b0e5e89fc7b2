import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createToken } from '#server/accounts/tokens-service.ts'
import { enterProject, type TeamScope } from '#server/access/scope.ts'
import { grantDelivery, openCredential, resolveForChat } from '#server/connections/resolver.ts'
import { connect, listConnections } from '#server/connections/service.ts'
import { disconnect } from '#server/connections/undo-service.ts'
import { prisma } from '#server/db/client.ts'
import { seedChat, seedProject, seedTeamScope } from '#server/db/testing.ts'
import { startTestServer, type TestServer } from '#server/testing-http.ts'
import { attach, detach, listAttachments } from '#server/primitives/attachments-service.ts'
import {
  createConfiguration,
  getConfiguration,
  listConfigurations,
  removeConfiguration,
  updateConfiguration,
} from '#server/primitives/configurations-service.ts'
import { createCredential, getCredential, listCredentials, remove, rename, replace } from '#server/primitives/credentials-service.ts'
import type { Secret } from '#core/connections/secret.ts'
import type { AttachmentId, ConfigurationId, CredentialId } from '#core/ids.ts'

const failure = (code: string, facts: unknown = expect.anything()) => expect.objectContaining({ name: 'DomainError', code, facts })

const key = (text = 'sk-or-v1-abcdefghijklmnop'): Secret => ({ kind: 'api-key', provider: 'openrouter', key: text })
const login: Secret = {
  kind: 'auth-file',
  format: 'codex',
  contents: JSON.stringify({ tokens: { access_token: 'a', refresh_token: 'r' } }),
}
const named = (name: string, secret = key()) => ({ name, owner: 'user', secret }) as const

/** A credential, a configuration of it for `harness`, attached for its owner. */
async function whole(scope: TeamScope, harness = 'opencode', secret = key()) {
  const { credentialId } = await createCredential(scope, named('Spare', secret))
  const { configurationId } = await createConfiguration(scope, { harness, credentialId })
  const { attachmentId } = await attach(scope, { configurationId, scope: 'user' })
  return { credentialId, configurationId, attachmentId }
}

describe('the three by hand', () => {
  it('make a connection as connecting does, each told by the others, and no secret in any of them', async () => {
    const scope = await seedTeamScope({ role: 'member' })
    const projectId = await seedProject(scope)
    const ids = await whole(scope)
    expect(await getCredential(scope, ids)).toMatchObject({
      credentialId: ids.credentialId,
      name: 'Spare',
      kind: 'api-key',
      providerName: 'OpenRouter',
      lastFour: 'mnop',
      version: 1,
      owner: 'user',
      isMine: true,
      isKept: true,
      code: null,
      configurationIds: [ids.configurationId],
      attachmentCount: 1,
      mayChange: true,
    })
    await updateConfiguration(scope, { configurationId: ids.configurationId, settings: { model: 'openai/gpt-6-sol' } })
    expect(await getConfiguration(scope, ids)).toMatchObject({
      harness: 'opencode',
      credentialName: 'Spare',
      settings: { model: 'openai/gpt-6-sol' },
      attachmentIds: [ids.attachmentId],
      code: null,
    })
    const seen = {
      credentials: await listCredentials(scope),
      configurations: await listConfigurations(scope),
      attachments: await listAttachments(scope),
    }
    expect(seen.attachments).toMatchObject([
      { attachmentId: ids.attachmentId, scope: 'user', userName: 'Ada', isEnabled: true, code: null, mayDetach: true },
    ])
    expect(JSON.stringify(seen)).not.toContain('abcdefgh')
    expect(await resolveForChat({ teamId: scope.teamId, projectId, userId: scope.userId, harness: 'opencode' })).toMatchObject({
      ok: true,
      credentialId: ids.credentialId,
      payer: { scope: 'user', credentialName: 'Spare' },
    })
  })

  it('serve every harness that fits, and refuse what does not', async () => {
    const scope = await seedTeamScope()
    const { credentialId } = await createCredential(scope, named('For all'))
    for (const harness of ['opencode', 'claude-code', 'codex']) await createConfiguration(scope, { harness, credentialId })
    expect(await getCredential(scope, { credentialId })).toMatchObject({ configurationIds: { length: 3 } })
    const file = await createCredential(scope, named('Login', login))
    await expect(createConfiguration(scope, { harness: 'claude-code', credentialId: file.credentialId })).rejects.toEqual(
      failure('connection.refused-by-harness'),
    )
    await expect(createConfiguration(scope, { harness: 'codex', credentialId, settings: { mode: 'none' } })).rejects.toEqual(
      failure('request.invalid'),
    )
    const bad: [Secret, string][] = [
      [{ ...key('short') } as Secret, 'credential.malformed'],
      [{ kind: 'api-key', provider: 'custom', key: 'k', baseUrl: 'https://llm.example.org/v1' }, 'credential.malformed'],
      [{ kind: 'api-key', provider: 'custom', key: 'k', baseUrl: 'https://10.0.0.1/v1', dialect: 'openai-chat' }, 'upstream.unsafe'],
      [{ kind: 'auth-file', format: 'none', contents: '{}' }, 'connection.refused-by-harness'],
    ]
    for (const [secret, code] of bad) await expect(createCredential(scope, named('Bad', secret))).rejects.toEqual(failure(code))
  })

  it('hold one place once: another is refused, or takes the place of the one that is named', async () => {
    const scope = await seedTeamScope()
    const first = await whole(scope)
    const { configurationId } = await createConfiguration(scope, { harness: 'opencode', credentialId: first.credentialId })
    const again = { configurationId, scope: 'user' } as const
    await expect(attach(scope, again)).rejects.toEqual(failure('attachment.place-taken', { harness: 'opencode' }))
    await expect(attach(scope, { ...again, replaces: 'another' as AttachmentId })).rejects.toEqual(failure('attachment.place-taken'))
    const { attachmentId } = await attach(scope, { ...again, replaces: first.attachmentId as AttachmentId })
    expect(await listAttachments(scope)).toMatchObject([{ attachmentId, configurationId }])
    const both = await Promise.allSettled([1, 2].map(() => attach(scope, { ...again, replaces: attachmentId as AttachmentId })))
    expect(both.map((each) => each.status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await prisma().attachment.count({ where: { userId: scope.userId } })).toBe(1)
  })

  it('are deleted from the end, and never while something stands on them', async () => {
    const scope = await seedTeamScope()
    const ids = await whole(scope)
    await expect(remove(scope, ids)).rejects.toEqual(failure('credential.in-use', { count: 1 }))
    await expect(removeConfiguration(scope, ids)).rejects.toEqual(failure('configuration.in-use', { count: 1 }))
    expect(await detach(scope, ids)).toEqual({ stops: [], privateStops: 0 })
    await expect(detach(scope, ids)).rejects.toEqual(failure('connection.missing'))
    expect(await getConfiguration(scope, ids)).toMatchObject({ attachmentCount: 0 })
    await expect(remove(scope, ids)).rejects.toEqual(failure('credential.in-use'))
    await removeConfiguration(scope, ids)
    expect(await getCredential(scope, ids)).toMatchObject({ configurationIds: [] })
    await remove(scope, ids)
    await expect(getCredential(scope, ids)).rejects.toEqual(failure('credential.missing'))
    expect(await prisma().configuration.count({ where: { credentialId: ids.credentialId } })).toBe(0)
  })

  it('tell the audit log, without what was pasted', async () => {
    const scope = await seedTeamScope()
    const ids = await whole(scope)
    await rename(scope, { credentialId: ids.credentialId, name: 'Team key' })
    await replace(scope, { credentialId: ids.credentialId, secret: key('sk-or-v1-qrstuvwxyzabcdef') })
    await updateConfiguration(scope, { configurationId: ids.configurationId, settings: {} })
    await detach(scope, ids)
    await removeConfiguration(scope, ids)
    await remove(scope, ids)
    const entries = await prisma().auditEntry.findMany({ where: { teamId: scope.teamId }, orderBy: { seq: 'asc' } })
    expect(entries.map((each) => each.act)).toEqual([
      'credential.created',
      'configuration.created',
      'attachment.created',
      'credential.renamed',
      'credential.replaced',
      'configuration.changed',
      'attachment.deleted',
      'configuration.deleted',
      'credential.deleted',
    ])
    expect(entries[3]).toMatchObject({
      actorName: 'Ada',
      subjectId: ids.credentialId,
      facts: { credentialName: 'Team key', formerName: 'Spare' },
    })
    expect(JSON.stringify(entries.map((each) => each.facts))).not.toMatch(/abcdefgh|qrstuv/)
  })
})

describe('a secret that is replaced', () => {
  it('ends whatever pinned the former, and mends what was broken', async () => {
    const scope = await seedTeamScope()
    const ids = await whole(scope)
    const projectId = await seedProject(scope)
    const granted = await grantDelivery({ teamId: scope.teamId, projectId, userId: scope.userId, harness: 'opencode' })
    if (!granted.ok) throw new Error(granted.code)
    const pin = { credentialId: granted.credentialId, version: granted.credentialVersion }
    expect(await openCredential(pin)).toMatchObject({ is: 'open' })
    await prisma().credential.update({ where: { id: ids.credentialId }, data: { brokenCode: 'provider.refused-key' } })
    expect(await getCredential(scope, ids)).toMatchObject({ code: 'provider.refused-key' })
    expect(await replace(scope, { credentialId: ids.credentialId, secret: key('sk-or-v1-qrstuvwxyzabcdef') })).toMatchObject({ version: 2 })
    expect(await openCredential(pin)).toEqual({ is: 'revoked' })
    expect(await openCredential({ ...pin, version: 2 })).toMatchObject({ is: 'open', secret: 'sk-or-v1-qrstuvwxyzabcdef' })
    expect(await getCredential(scope, ids)).toMatchObject({ version: 2, lastFour: 'cdef', code: null, replacedAt: expect.any(String) })
  })

  it('does not wake what was stopped by detaching, when it is attached again', async () => {
    const scope = await seedTeamScope()
    const { credentialId, configurationId, attachmentId } = await whole(scope)
    const pin = { credentialId, version: 1 }
    expect(await openCredential(pin)).toMatchObject({ is: 'open' })
    await detach(scope, { attachmentId })
    expect(await openCredential(pin)).toEqual({ is: 'revoked' })
    await attach(scope, { configurationId, scope: 'user' })
    expect(await openCredential(pin)).toEqual({ is: 'revoked' })
    // Nor by disconnecting, which leaves what was named by hand.
    const second = { credentialId, version: 2 }
    expect(await openCredential(second)).toMatchObject({ is: 'open' })
    await disconnect(scope, { connectionId: (await listAttachments(scope))[0]!.attachmentId })
    await attach(scope, { configurationId, scope: 'user' })
    expect(await openCredential(second)).toEqual({ is: 'revoked' })
  })

  it('says of a login that it is over, as its file does', async () => {
    const scope = await seedTeamScope()
    const over = { claudeAiOauth: { accessToken: 'a', expiresAt: 1_000 } }
    const secret: Secret = { kind: 'auth-file', format: 'claude', contents: JSON.stringify(over) }
    const ids = await whole(scope, 'claude-code', secret)
    expect(await getCredential(scope, ids)).toMatchObject({ code: 'login.expired', isKept: true })
    expect(await listAttachments(scope)).toMatchObject([{ code: 'login.expired' }])
    const fresh = { claudeAiOauth: { accessToken: 'a', expiresAt: 4_000_000_000_000 } }
    await replace(scope, { ...ids, secret: { ...secret, contents: JSON.stringify(fresh) } })
    expect(await getCredential(scope, ids)).toMatchObject({ code: null })
  })

  it('stays of its kind, and of use to every harness that has it', async () => {
    const scope = await seedTeamScope()
    const { credentialId } = await whole(scope, 'claude-code', { kind: 'api-key', provider: 'anthropic', key: 'sk-ant-api03-abcdefghijk' })
    await expect(replace(scope, { credentialId, secret: login })).rejects.toEqual(failure('credential.malformed'))
    const groq: Secret = { kind: 'api-key', provider: 'groq', key: 'gsk_abcdefghijklmnop' }
    await expect(replace(scope, { credentialId, secret: groq })).rejects.toEqual(failure('connection.refused-by-harness'))
    expect(await replace(scope, { credentialId, secret: key() })).toMatchObject({ version: 2 })
  })

  it('is not taken for one of the same id that was deleted, by a run that still pins that', async () => {
    const scope = await seedTeamScope()
    const credentialId = `again-${scope.teamId}` as CredentialId
    await createCredential(scope, { ...named('First'), credentialId })
    const node = await prisma().node.create({ data: { id: scope.teamId, name: scope.teamId } })
    const run = { id: randomUUID(), chatId: await seedChat(scope), nodeId: node.id, epoch: 1, harness: 'opencode' }
    await prisma().run.create({ data: { ...run, credentialId, credentialVersion: 1 } })
    await remove(scope, { credentialId })
    await createCredential(scope, { ...named('Second'), credentialId })
    expect(await getCredential(scope, { credentialId })).toMatchObject({ name: 'Second', version: 2 })
  })
})

describe('what a connection made', () => {
  it('goes with it, unless somebody named it by hand', async () => {
    const scope = await seedTeamScope()
    const connectOwn = async () => {
      const { connectionId } = await connect(scope, { harness: 'opencode', scope: 'user', secret: key() })
      const { credentialId } = (await listAttachments(scope)).find((each) => each.attachmentId === connectionId)!
      return { connectionId, credentialId }
    }
    const passing = await connectOwn()
    expect(await getCredential(scope, passing)).toMatchObject({ isKept: false, name: 'OpenRouter key' })
    await disconnect(scope, passing)
    await expect(getCredential(scope, passing)).rejects.toEqual(failure('credential.missing'))

    const kept = await connectOwn()
    await rename(scope, { ...kept, name: 'Mine for good' })
    // Replaced as a connection, it keeps the name that it was given.
    await connect(scope, { harness: 'opencode', scope: 'user', secret: key('sk-or-v1-qrstuvwxyzabcdef') })
    expect(await getCredential(scope, kept)).toMatchObject({ name: 'Mine for good', version: 2, isKept: true })
    await disconnect(scope, kept)
    expect(await getCredential(scope, kept)).toMatchObject({ isKept: true, attachmentCount: 0 })
    expect((await listConnections(scope, {})).find((row) => row.harness === 'opencode')).toMatchObject({ attachments: [] })
  })

  it('is bound in time, or is gone: never half of both, when somebody disconnects at that moment', async () => {
    const scope = await seedTeamScope()
    for (let round = 0; round < 6; round += 1) {
      const { connectionId } = await connect(scope, { harness: 'opencode', scope: 'user', secret: key() })
      const { credentialId } = (await listAttachments(scope)).find((each) => each.attachmentId === connectionId)!
      const [bound] = await Promise.allSettled([
        createConfiguration(scope, { harness: 'claude-code', credentialId }),
        disconnect(scope, { connectionId }),
      ])
      if (bound.status === 'rejected') {
        expect(bound.reason).toEqual(failure('credential.missing'))
        await expect(getCredential(scope, { credentialId })).rejects.toEqual(failure('credential.missing'))
        continue
      }
      expect(await getCredential(scope, { credentialId })).toMatchObject({ isKept: true, attachmentCount: 0 })
      await attach(scope, { ...bound.value, scope: 'user' })
      expect((await listConnections(scope, {})).find((row) => row.harness === 'claude-code')).toMatchObject({
        resolution: { state: 'active' },
        attachments: [{ credential: { credentialId, isKept: true } }],
      })
      await disconnect(scope, { connectionId: (await listAttachments(scope))[0]!.attachmentId })
    }
  })
})

describe('who sees and changes what', () => {
  it('is told apart: mine, a project’s that I maintain, the platform’s', async () => {
    const owner = await seedTeamScope({ isInstanceOwner: true, name: 'Ada' })
    const mei = await seedTeamScope({ teamId: owner.teamId, role: 'member', name: 'Mei' })
    const stranger = await seedTeamScope()
    const hers = await whole(mei)
    for (const other of [owner, stranger]) {
      await expect(getCredential(other, hers)).rejects.toEqual(failure('credential.missing'))
      await expect(getConfiguration(other, hers)).rejects.toEqual(failure('configuration.missing'))
      await expect(detach(other, hers)).rejects.toEqual(failure('connection.missing'))
      await expect(rename(other, { ...hers, name: 'x' })).rejects.toEqual(failure('credential.missing'))
      expect(await listCredentials(other)).toEqual([])
    }
    // In her project an admin sees it, and yet does not change what she also uses for herself.
    const projectId = await seedProject(mei)
    const { attachmentId } = await attach(mei, { configurationId: hers.configurationId, scope: 'project', projectId })
    expect(await getCredential(owner, hers)).toMatchObject({ isMine: false, ownerName: 'Mei', mayChange: false })
    await expect(replace(owner, { ...hers, secret: key() })).rejects.toEqual(failure('access.denied'))
    await detach(mei, hers)
    expect(await getCredential(owner, hers)).toMatchObject({ mayChange: true })
    await detach(owner, { attachmentId })
    await expect(getCredential(owner, hers)).rejects.toEqual(failure('credential.missing'))
    expect(await getCredential(mei, hers)).toMatchObject({ attachmentCount: 0 })

    await expect(createCredential(mei, { ...named('All'), owner: 'platform' })).rejects.toEqual(failure('access.denied'))
    const { credentialId } = await createCredential(owner, { ...named('All'), owner: 'platform' })
    await expect(getCredential(mei, { credentialId })).rejects.toEqual(failure('credential.missing'))
    const platforms = await createConfiguration(owner, { harness: 'opencode', credentialId })
    await expect(attach(owner, { configurationId: hers.configurationId, scope: 'platform' })).rejects.toEqual(
      failure('configuration.missing'),
    )
    const own = await createCredential(owner, named('Own'))
    const ownConfiguration = await createConfiguration(owner, { harness: 'opencode', ...own })
    await expect(attach(owner, { ...ownConfiguration, scope: 'platform' })).rejects.toEqual(failure('request.invalid'))
    const everywhere = await attach(owner, { ...platforms, scope: 'platform' })
    await expect(updateConfiguration(owner, { ...platforms, ...own })).rejects.toEqual(failure('request.invalid'))
    await detach(owner, everywhere)
    await removeConfiguration(owner, platforms)
    await remove(owner, { credentialId })
  })

  it('lets nobody hand on somebody else’s login, or attach where they do not rule', async () => {
    const admin = await seedTeamScope()
    const mei = await seedTeamScope({ teamId: admin.teamId, role: 'member', name: 'Mei' })
    const hers = await whole(mei, 'codex', login)
    const { configurationId } = hers
    const projectId = await seedProject(mei)
    await attach(mei, { configurationId, scope: 'project', projectId })
    await expect(attach(admin, { configurationId, scope: 'user' })).rejects.toEqual(failure('connection.not-yours'))
    await expect(createConfiguration(admin, { credentialId: hers.credentialId, harness: 'codex' })).rejects.toEqual(
      failure('connection.not-yours'),
    )
    const others = await seedProject(admin)
    await expect(attach(mei, { configurationId, scope: 'project', projectId: others })).rejects.toEqual(failure('access.denied'))
    await expect(attach(mei, { configurationId, scope: 'project' })).rejects.toEqual(failure('request.invalid'))
    await expect(attach(mei, { configurationId, scope: 'platform' })).rejects.toEqual(failure('access.denied'))
    // What is attached in a project that was archived can still be taken away.
    await prisma().project.update({ where: { id: projectId }, data: { archivedAt: new Date() } })
    await expect(enterProject(mei, { act: 'manage', projectId })).rejects.toEqual(failure('project.missing'))
    for (const each of await listAttachments(mei)) await detach(mei, each)
    await removeConfiguration(mei, hers)
    await remove(mei, hers)
  })
})

describe('ids over HTTP', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server.close())

  const ids = [
    'a/b/../c',
    '..',
    '.',
    'a+b=c&d%2F?#e',
    ' spaces  inside ',
    '100%',
    'C:\\temp\\x',
    '👩‍👩‍👧‍👦🏳️‍🌈',
    'مفتاح الفريق',
    'e\u0301\u0302 n\u0303',
    '\u202eabc\u202c',
    '"quoted" \'; drop table credential; --',
    '{"json":[1]}',
    '__proto__',
    'null',
    '\r\n\t',
    '😀'.repeat(200),
  ]

  it.each(ids)('%j is taken as it is, by every procedure', async (text) => {
    const scope = await seedTeamScope()
    const { token } = await createToken(scope, { name: 'Script', days: 1 })
    const headers = { authorization: `Bearer ${token}` }
    const ask = async (path: string, input?: unknown) => {
      const { status, body } = await server.call(path, { input, headers, isQuery: /\.(get|list)$/.test(path) })
      return { status, data: (body as { result?: { data: unknown } }).result?.data, body }
    }
    const [credentialId, configurationId, attachmentId] = [text, text, text]
    expect(await ask('credentials.create', { credentialId, name: 'Named', secret: key() })).toMatchObject({
      status: 200,
      data: { credentialId },
    })
    expect(await ask('credentials.create', { credentialId, name: 'Named', secret: key() })).toMatchObject({
      status: 409,
      body: { error: { data: { domain: { code: 'primitive.id-taken' } } } },
    })
    expect(await ask('configurations.create', { configurationId, harness: 'opencode', credentialId })).toMatchObject({
      data: { configurationId },
    })
    expect(await ask('configurations.create', { configurationId, harness: 'opencode', credentialId })).toMatchObject({ status: 409 })
    expect(await ask('attachments.attach', { attachmentId, configurationId, scope: 'user' })).toMatchObject({ data: { attachmentId } })
    expect(await ask('connections.setEnabled', { connectionId: attachmentId, isEnabled: false })).toMatchObject({ status: 200 })
    expect(await ask('attachments.list')).toMatchObject({
      data: [{ attachmentId, configurationId, credentialId, code: 'connection.disabled' }],
    })
    expect(await ask('credentials.get', { credentialId })).toMatchObject({ data: { credentialId, configurationIds: [configurationId] } })
    expect(await ask('configurations.get', { configurationId })).toMatchObject({ data: { configurationId, attachmentIds: [attachmentId] } })
    expect(await ask('credentials.rename', { credentialId, name: '新しい名前' })).toMatchObject({ status: 200 })
    expect(await ask('credentials.replaceSecret', { credentialId, secret: key() })).toMatchObject({ data: { version: 2 } })
    expect(await ask('configurations.update', { configurationId, settings: { effort: 'high' } })).toMatchObject({ status: 200 })
    expect(await ask('attachments.detach', { attachmentId })).toMatchObject({ status: 200 })
    expect(await ask('configurations.delete', { configurationId })).toMatchObject({ status: 200 })
    expect(await ask('credentials.delete', { credentialId })).toMatchObject({ status: 200 })
    expect(await ask('credentials.list')).toMatchObject({ data: [] })
  })

  it('tells canonically equal spellings apart', async () => {
    const scope = await seedTeamScope()
    await createCredential(scope, { ...named('Composed'), credentialId: '\u00e9' as CredentialId })
    await createCredential(scope, { ...named('Decomposed'), credentialId: 'e\u0301' as CredentialId })
    expect(await getCredential(scope, { credentialId: '\u00e9' })).toMatchObject({ name: 'Composed' })
    expect(await getCredential(scope, { credentialId: 'e\u0301' })).toMatchObject({ name: 'Decomposed' })
  })

  it.each(['', 'a\0b', '\ud800', 'x\udc00y', 'x'.repeat(201), '😀'.repeat(201)])('%j is refused by name', async (text) => {
    const scope = await seedTeamScope()
    const { token } = await createToken(scope, { name: 'Script', days: 1 })
    const headers = { authorization: `Bearer ${token}` }
    const refused = (field: string) => ({
      status: 400,
      body: { error: { data: { domain: { code: 'request.invalid', facts: { fields: [field] } } } } },
    })
    const call = (path: string, input: unknown, isQuery = false) => server.call(path, { input, headers, isQuery })
    expect(await call('credentials.create', { credentialId: text, name: 'N', secret: key() })).toMatchObject(refused('credentialId'))
    expect(await call('credentials.get', { credentialId: text }, true)).toMatchObject(refused('credentialId'))
    expect(await call('configurations.delete', { configurationId: text })).toMatchObject(refused('configurationId'))
    expect(await call('attachments.detach', { attachmentId: text })).toMatchObject(refused('attachmentId'))
    expect(await call('connections.disconnect', { connectionId: text })).toMatchObject(refused('connectionId'))
  })

  it('keeps viewers out', async () => {
    const scope = await seedTeamScope({ role: 'viewer' })
    const { token } = await createToken(scope, { name: 'Script', days: 1 })
    expect(await server.call('credentials.list', { headers: { authorization: `Bearer ${token}` } })).toMatchObject({ status: 403 })
  })
})

it('takes the ids of the others’ primitives for taken, and shows nothing of them', async () => {
  const [one, other] = [await seedTeamScope(), await seedTeamScope()]
  await createCredential(one, { ...named('Theirs'), credentialId: 'shared id' as CredentialId })
  await expect(createCredential(other, { ...named('Mine'), credentialId: 'shared id' as CredentialId })).rejects.toEqual(
    failure('primitive.id-taken'),
  )
  await expect(
    createConfiguration(other, { harness: 'opencode', credentialId: 'shared id', configurationId: 'c' as ConfigurationId }),
  ).rejects.toEqual(failure('credential.missing'))
})
