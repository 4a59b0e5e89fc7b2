import { expect, it, vi } from 'vitest'
import { enterProject, type TeamScope } from '#server/access/scope.ts'
import { removeOverride, setOverride } from '#server/connections/overrides-service.ts'
import { grantDelivery, openCredential, resolveForChat } from '#server/connections/resolver.ts'
import { connect, listConnections, setEnabled, setShared, type ConnectInput } from '#server/connections/service.ts'
import { disconnect, sweepRemovedRegularly, undo } from '#server/connections/undo-service.ts'
import { destroyRemoved } from '#server/connections/undo-store.ts'
import { describeConnection, previewRemoval } from '#server/connections/use-service.ts'
import { validate } from '#server/connections/validation.ts'
import { pool, prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { seedChat, seedProject, seedTeamScope } from '#server/db/testing.ts'

const failure = (code: string) => expect.objectContaining({ name: 'DomainError', code })
const key = (over: Partial<ConnectInput> = {}): ConnectInput => ({
  harness: 'claude-code',
  scope: 'user',
  secret: { kind: 'api-key', provider: 'anthropic', key: 'sk-ant-api03-abcdefghijklmnop-WXYZ' },
  ...over,
})
const placeOf = async (scope: TeamScope, harness = 'claude-code') => ({
  teamId: scope.teamId,
  projectId: await seedProject(scope),
  userId: scope.userId,
  harness,
})
const counts = async ({ teamId }: TeamScope) => [
  await prisma().credential.count({ where: { teamId } }),
  await prisma().configuration.count({ where: { teamId } }),
  await prisma().attachment.count({ where: { teamId } }),
]
async function seedRun(chatId: string, credentialId: string): Promise<void> {
  const nodeId = mintUuid()
  await prisma().node.create({ data: { id: nodeId, name: nodeId } })
  const run = { id: mintUuid(), chatId, nodeId, epoch: 1, harness: 'claude-code', credentialId, credentialVersion: 1 }
  await prisma().run.create({ data: run })
}
const later = () => new Date(Date.now() + 1_000)
const actsOf = async ({ teamId }: TeamScope) =>
  (await prisma().auditEntry.findMany({ where: { teamId }, orderBy: { seq: 'asc' } })).map((entry) => entry.act)

it('stops at once what is disconnected, and brings it back as it was, though not its runs', async () => {
  const scope = await seedTeamScope()
  const place = await placeOf(scope)
  const { connectionId } = await connect(scope, key({ settings: { model: 'claude-haiku-5-5' } }))
  await setShared(scope, { connectionId, isShared: true })
  const before = (await listConnections(scope, {})).find((row) => row.harness === 'claude-code')!
  const granted = await grantDelivery(place)
  if (!granted.ok) throw new Error(granted.code)
  const pinned = { credentialId: granted.credentialId, version: granted.credentialVersion }

  const { undoId, undoUntil } = await disconnect(scope, { connectionId })
  expect(Math.abs(Date.parse(undoUntil) - Date.now() - 60_000)).toBeLessThan(10_000)
  expect(await openCredential(pinned)).toEqual({ is: 'revoked' })
  expect(await resolveForChat(place)).toMatchObject({ ok: false, code: 'connection.missing' })
  // Nobody can reach for it meanwhile.
  const project = await enterProject(scope, { act: 'manage', projectId: place.projectId })
  await expect(setOverride(project, { harness: 'claude-code', credentialId: pinned.credentialId })).rejects.toEqual(
    failure('connection.missing'),
  )
  const other = await seedTeamScope({ teamId: scope.teamId })
  await expect(undo(other, { undoId })).rejects.toEqual(failure('undo.too-late'))

  expect(await undo(scope, { undoId })).toEqual({ connectionId })
  const after = (await listConnections(scope, {})).find((row) => row.harness === 'claude-code')!
  const [was] = before.attachments
  expect(after).toEqual({ ...before, attachments: [{ ...was, credential: { ...was!.credential, version: 2 } }] })
  expect(await openCredential(pinned)).toEqual({ is: 'revoked' })
  expect(await openCredential({ ...pinned, version: 2 })).toMatchObject({ is: 'open' })
  await expect(undo(scope, { undoId })).rejects.toEqual(failure('undo.too-late'))
  await destroyRemoved(later())
  expect(await counts(scope)).toEqual([1, 1, 1])
})

it('is too late to undo once the place is taken or a minute has passed, and then nothing is left', async () => {
  const scope = await seedTeamScope()
  const { connectionId } = await connect(scope, key())
  const first = await disconnect(scope, { connectionId })
  const next = await connect(scope, key())
  await expect(undo(scope, first)).rejects.toEqual(failure('undo.too-late'))
  expect(await counts(scope)).toEqual([1, 1, 1])

  const second = await disconnect(scope, next)
  await prisma().removedAttachment.update({ where: { id: second.undoId }, data: { removedAt: new Date(Date.now() - 61_000) } })
  await expect(undo(scope, second)).rejects.toEqual(failure('undo.too-late'))
  const stop = sweepRemovedRegularly()
  await vi.waitFor(async () => expect(await counts(scope)).toEqual([0, 0, 0]))
  stop()
  expect(await prisma().removedAttachment.count()).toBe(0)
})

it('leaves one connection and no orphan, however many connect, disconnect and undo at once', async () => {
  const scope = await seedTeamScope()
  let { connectionId } = await connect(scope, key())
  for (let round = 0; round < 5; round += 1) {
    const gone = await disconnect(scope, { connectionId })
    const ends = await Promise.allSettled([undo(scope, gone), connect(scope, key()), undo(scope, gone), connect(scope, key())])
    expect(ends.filter((each) => each.status === 'fulfilled').length).toBeGreaterThanOrEqual(2)
    await destroyRemoved(later())
    expect(await counts(scope)).toEqual([1, 1, 1])
    connectionId = (await listConnections(scope, {})).flatMap((row) => row.attachments)[0]!.connectionId as typeof connectionId
    const both = [
      disconnect(scope, { connectionId }),
      connect(scope, key({ secret: { kind: 'oauth-token', issuer: 'anthropic', token: 'sk-ant-oat01-a' } })),
    ]
    await Promise.allSettled(both)
    await destroyRemoved(later())
    const [credentials, configurations, attachments] = await counts(scope)
    expect([credentials, configurations]).toEqual([attachments, attachments])
    connectionId = (await connect(scope, key())).connectionId
  }
})

it('keeps a credential for as long as another connection stands on it, whichever goes first', async () => {
  const scope = await seedTeamScope()
  const place = await placeOf(scope)
  const project = await enterProject(scope, { act: 'manage', projectId: place.projectId })
  const own = await connect(scope, key())
  const { credentialId } = (await listConnections(scope, {})).flatMap((row) => row.attachments)[0]!.credential
  await setOverride(project, { harness: 'claude-code', credentialId })
  const chatId = await seedChat(scope, { projectId: place.projectId, harness: 'claude-code' })
  await seedRun(chatId, credentialId)
  // The project gives the chat the same credential, so nothing stops.
  const gone = await disconnect(scope, own)
  expect(gone.stops).toEqual([])
  expect(await resolveForChat(place)).toMatchObject({ ok: true, credentialId, credentialVersion: 1 })
  const removed = await removeOverride(project, { harness: 'claude-code' })
  expect(removed.stops).toMatchObject([{ chatId }])
  expect(await resolveForChat(place)).toMatchObject({ ok: false })
  await undo(scope, removed)
  expect(await resolveForChat(place)).toMatchObject({ ok: true, credentialId, credentialVersion: 2, payer: { scope: 'project' } })
  await undo(scope, gone)
  await destroyRemoved(later())
  expect(await counts(scope)).toEqual([1, 2, 2])

  // Replacing one of the two changes nothing for the other.
  await connect(scope, key({ secret: { kind: 'api-key', provider: 'anthropic', key: 'sk-ant-api03-another-key-entirely' } }))
  expect(await resolveForChat(place)).toMatchObject({ ok: true, credentialId, payer: { scope: 'project' } })
  expect(await counts(scope)).toEqual([2, 2, 2])
})

it('revokes what it replaces, whatever sort it was, and leaves no orphan', async () => {
  const scope = await seedTeamScope()
  const place = await placeOf(scope)
  const sorts: ConnectInput['secret'][] = [
    { kind: 'api-key', provider: 'anthropic', key: 'sk-ant-api03-one-one-one' },
    { kind: 'api-key', provider: 'anthropic', key: 'sk-ant-api03-two-two-two' },
    { kind: 'api-key', provider: 'openrouter', key: 'sk-or-v1-three-three' },
    { kind: 'oauth-token', issuer: 'anthropic', token: 'sk-ant-oat01-four-four' },
    { kind: 'auth-file', format: 'claude', contents: '{"claudeAiOauth":{"accessToken":"five"}}' },
    { kind: 'api-key', provider: 'anthropic', key: 'sk-ant-api03-six-six-six' },
  ]
  let former: { credentialId: string; version: number } | null = null
  for (const secret of sorts) {
    await connect(scope, key({ secret }))
    const granted = await grantDelivery(place)
    if (!granted.ok) throw new Error(granted.code)
    const pinned = { credentialId: granted.credentialId, version: granted.credentialVersion }
    expect(pinned).not.toEqual(former)
    if (former) expect(await openCredential(former)).toEqual({ is: 'revoked' })
    former = pinned
    expect(await counts(scope)).toEqual([1, 1, 1])
  }
})

it('tells what hangs on a connection, and what holds without it', async () => {
  const owner = await seedTeamScope({ isInstanceOwner: true })
  const mei = await seedTeamScope({ teamId: owner.teamId, role: 'member', name: 'Mei' })
  const [one, two] = [await seedProject(owner, { name: 'One' }), await seedProject(owner, { name: 'Two' })]
  const platform = await connect(owner, key({ scope: 'platform' }))
  try {
    const own = await connect(mei, key())
    const running = await seedChat(mei, { projectId: one, harness: 'claude-code' })
    await seedChat(mei, { projectId: two, harness: 'claude-code' })
    await seedChat(owner, { projectId: two, harness: 'claude-code' })
    const { credentialId } = (await listConnections(mei, {})).flatMap((row) => row.attachments).find((each) => each.isMine)!.credential
    await seedRun(running, credentialId)

    const afterwards = { state: 'active', code: null, scope: 'platform', credentialName: 'Anthropic key' }
    const stops = [{ chatId: running, title: 'Chat', projectId: one, projectName: 'One' }]
    const projects = [
      { projectId: one, name: 'One' },
      { projectId: two, name: 'Two' },
    ]
    expect(await previewRemoval(mei, { ...own, act: 'disconnect' })).toEqual({
      stops,
      privateStops: 0,
      elsewhere: 0,
      afterwards,
    })
    expect(await previewRemoval(mei, { ...own, act: 'disable' })).toMatchObject({
      afterwards: { state: 'disabled', code: 'connection.disabled', scope: 'user' },
    })
    expect(await describeConnection(mei, own)).toMatchObject({
      harnessName: 'Claude Code',
      createdByName: 'Mei',
      mayChange: true,
      replacedAt: null,
      usedBy: { projects, chats: stops, privateChats: 0, elsewhere: 0 },
    })
    // The platform's serves the owner's chat alone, until the project has one of its own.
    expect(await describeConnection(mei, platform)).toMatchObject({ mayChange: false, usedBy: { projects: [projects[1]], chats: [] } })
    const shared = await connect(owner, key({ scope: 'project', projectId: two }))
    expect(await describeConnection(owner, platform)).toMatchObject({ usedBy: { projects: [] } })
    expect(await describeConnection(mei, shared)).toMatchObject({
      projectName: 'Two',
      mayChange: false,
      usedBy: { projects: [projects[1]] },
    })
    expect(await previewRemoval(owner, { ...shared, act: 'disconnect' })).toMatchObject({ afterwards: { scope: 'platform' } })
    // Another comes before it: the next run is on that one, and what runs now would still stop.
    await connect(owner, key({ scope: 'project', projectId: one }))
    expect(await describeConnection(mei, own)).toMatchObject({ usedBy: { projects: [], chats: stops } })
    expect((await disconnect(mei, own)).stops).toEqual(stops)
  } finally {
    await disconnect(owner, platform)
  }
})

it('writes each act into the audit log, and nothing of a secret', async () => {
  const scope = await seedTeamScope()
  const projectId = await seedProject(scope)
  const { connectionId } = await connect(scope, key())
  await connect(scope, key())
  await validate(scope, { connectionId })
  await setShared(scope, { connectionId, isShared: true })
  await setShared(scope, { connectionId, isShared: false })
  await setEnabled(scope, { connectionId, isEnabled: false })
  await setEnabled(scope, { connectionId, isEnabled: true })
  const { credentialId } = (await listConnections(scope, {})).flatMap((row) => row.attachments)[0]!.credential
  const project = await enterProject(scope, { act: 'manage', projectId })
  await setOverride(project, { harness: 'claude-code', credentialId })
  await removeOverride(project, { harness: 'claude-code' })
  // By its row it is no other act.
  const again = await setOverride(project, { harness: 'claude-code', credentialId })
  await disconnect(scope, again)
  await undo(scope, await disconnect(scope, { connectionId }))
  expect(await actsOf(scope)).toEqual([
    'connection.connected',
    'connection.replaced',
    'connection.validated',
    'connection.shared',
    'connection.unshared',
    'connection.disabled',
    'connection.enabled',
    'override.set',
    'override.removed',
    'override.set',
    'override.removed',
    'connection.disconnected',
    'connection.restored',
  ])
  const { rows } = await pool().query('select facts, "subjectId", "actorId" from audit_entry where "teamId" = $1 order by seq', [
    scope.teamId,
  ])
  expect(rows[0]).toMatchObject({
    subjectId: connectionId,
    actorId: scope.userId,
    facts: { harness: 'claude-code', scope: 'user', credentialName: 'Anthropic key', providerName: 'Anthropic', verdict: 'unreachable' },
  })
  expect(JSON.stringify(rows)).not.toContain('abcdefgh')
  // What came to nothing is not in it.
  await expect(connect(scope, key({ harness: 'nobody' }))).rejects.toEqual(failure('harness.unknown'))
  await expect(disconnect(scope, { connectionId: 'nobody' })).rejects.toEqual(failure('connection.missing'))
  expect(await actsOf(scope)).toHaveLength(13)
})
