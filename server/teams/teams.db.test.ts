import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createToken } from '#server/accounts/tokens-service.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { enterTeam } from '#server/access/scope.ts'
import { prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { seedChat, seedMember, seedPerson, seedProject, seedTeamScope } from '#server/db/testing.ts'
import { acceptInvitation, invite, readInvitation, revokeInvitation } from '#server/teams/invitations-service.ts'
import { onHint } from '#server/realtime/bus.ts'
import { connect as connectTo } from '#server/connections/service.ts'
import { disconnect, undo } from '#server/connections/undo-service.ts'
import { findKey } from '#server/daemons/identity-store.ts'
import { createJoinToken, endWorkOfMember } from '#server/daemons/service.ts'
import { enrol } from '#server/daemons/testing-nodes.ts'
import { createCredential } from '#server/primitives/credentials-service.ts'
import { previewRemoval } from '#server/teams/removal-service.ts'
import { describeTeam, onMemberRemoved, remove, rename, setRole } from '#server/teams/service.ts'
import { startTestServer, type TestServer } from '#server/testing-http.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

const failure = (code: string) => expect.objectContaining({ name: 'DomainError', code })
const tokenOf = ({ url }: { url: string }) => url.split('/').at(-1)!
const uniqueEmail = () => `${mintUuid()}@example.org`

describe('an invitation', () => {
  it('makes an account and a member, once', async () => {
    const admin = await seedTeamScope()
    await rename(admin, 'Engines')
    const email = uniqueEmail()
    const invited = await invite(admin, { email, role: 'member' })
    const token = tokenOf(invited)
    expect(new URL(invited.url).pathname).toBe(`/invite/${token}`)
    expect(await readInvitation(token)).toEqual({ teamName: 'Engines', email, role: 'member', hasAccount: false })
    expect((await describeTeam(admin)).invitations).toMatchObject([{ email, role: 'member', invitedByName: 'Ada' }])

    await expect(acceptInvitation(null, { token, name: 'Grace' })).rejects.toEqual(failure('request.invalid'))
    const answer = await server.call('invitations.accept', { input: { token, name: 'Grace', password: 'correct horse' } })
    expect(answer).toMatchObject({ status: 200, body: { result: { data: { email } } } })
    await expect(acceptInvitation(null, { token, name: 'Eve', password: 'correct horse' })).rejects.toEqual(failure('invitation.unusable'))
    await expect(readInvitation(token)).rejects.toEqual(failure('invitation.unusable'))

    const headers = await server.signIn({ email, password: 'correct horse' })
    expect(await server.call('me.get', { headers })).toMatchObject({
      body: { result: { data: { user: { name: 'Grace', isInstanceOwner: false }, team: { name: 'Engines', role: 'member' } } } },
    })
    expect((await describeTeam(admin)).members.map((each) => [each.name, each.role])).toEqual([
      ['Ada', 'admin'],
      ['Grace', 'member'],
    ])
    expect((await describeTeam(admin)).invitations).toEqual([])
    await expect(invite(admin, { email, role: 'viewer' })).rejects.toEqual(failure('request.invalid'))
  })

  it('is accepted by an existing account only when signed in as it', async () => {
    const admin = await seedTeamScope()
    const guest = await seedPerson()
    const token = tokenOf(await invite(admin, { email: guest.email, role: 'viewer' }))
    expect(await readInvitation(token)).toMatchObject({ hasAccount: true })
    await expect(acceptInvitation(null, { token, name: 'Eve', password: 'correct horse' })).rejects.toEqual(failure('session.missing'))
    await expect(acceptInvitation(await seedPerson(), { token })).rejects.toEqual(failure('invitation.other-email'))
    expect(await acceptInvitation(guest, { token })).toEqual({ email: guest.email })
    expect(await enterTeam(guest, { act: 'read', teamId: admin.teamId })).toMatchObject({ role: 'viewer' })
  })

  it('is useless when it was revoked, replaced, or is three days old', async () => {
    const admin = await seedTeamScope()
    const email = uniqueEmail()
    const replaced = tokenOf(await invite(admin, { email, role: 'member' }))
    const current = tokenOf(await invite(admin, { email, role: 'member' }))
    await expect(readInvitation(replaced)).rejects.toEqual(failure('invitation.unusable'))
    const { invitationId, expiresAt } = (await describeTeam(admin)).invitations[0]!
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(71 * 3_600_000)
    await expect(revokeInvitation(await seedTeamScope(), invitationId)).rejects.toEqual(failure('invitation.unusable'))
    expect(await readInvitation(current)).toMatchObject({ email })
    await prisma().invitation.update({ where: { id: invitationId }, data: { expiresAt: new Date(Date.now() - 1) } })
    await expect(readInvitation(current)).rejects.toEqual(failure('invitation.unusable'))
    await revokeInvitation(admin, invitationId)
    expect(await prisma().invitation.count({ where: { teamId: admin.teamId } })).toBe(0)
  })
})

describe('roles', () => {
  it('are set by admins, who cannot all go', async () => {
    const admin = await seedTeamScope()
    const member = await seedTeamScope({ teamId: admin.teamId, role: 'member' })
    await expect(setRole(admin, { userId: admin.userId, role: 'member' })).rejects.toEqual(failure('team.last-admin'))
    await expect(remove(admin, admin.userId)).rejects.toEqual(failure('team.last-admin'))
    await setRole(admin, { userId: member.userId, role: 'admin' })

    // Each takes the other's role away at the same moment: one of them stays.
    const second = { ...member, role: 'admin' } as TeamScope
    const both = await Promise.allSettled([remove(admin, member.userId), remove(second, admin.userId)])
    expect(both.map((each) => each.status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await prisma().member.count({ where: { teamId: admin.teamId, role: 'admin' } })).toBe(1)
  })

  it('are seen to change by everybody who looks at the list', async () => {
    const admin = await seedTeamScope()
    const guest = await seedPerson()
    const heard: string[] = []
    const stop = onHint((hint) => hint.about === 'list' && hint.teamId === admin.teamId && heard.push(hint.topic))
    await acceptInvitation(guest, { token: tokenOf(await invite(admin, { email: guest.email, role: 'viewer' })) })
    await setRole(admin, { userId: guest.userId, role: 'member' })
    await remove(admin, guest.userId)
    await expect(setRole(admin, { userId: guest.userId, role: 'viewer' })).rejects.toEqual(failure('member.missing'))
    stop()
    expect(heard).toEqual(['members', 'members', 'members'])
  })

  it('decide over HTTP, where foreign members are like unknown ones', async () => {
    const admin = await seedTeamScope()
    const member = await seedTeamScope({ teamId: admin.teamId, role: 'member' })
    const foreign = await seedTeamScope()
    const as = async (scope: TeamScope) => ({ authorization: `Bearer ${(await createToken(scope, { name: 'Script', days: 1 })).token}` })
    const changes = [
      ['team.rename', { name: 'Mine' }],
      ['team.invite', { email: uniqueEmail(), role: 'admin' }],
      ['team.setRole', { userId: member.userId, role: 'admin' }],
      ['team.remove', { userId: admin.userId }],
    ] as const
    const headers = await as(member)
    for (const [path, input] of changes)
      expect(await server.call(path, { input, headers })).toMatchObject({ status: 403, body: { error: { message: 'access.denied' } } })
    const adminHeaders = await as(admin)
    for (const userId of [foreign.userId, 'nobody']) {
      expect(await server.call('team.remove', { input: { userId }, headers: adminHeaders })).toMatchObject({
        status: 404,
        body: { error: { message: 'member.missing' } },
      })
      expect(await server.call('team.setRole', { input: { userId, role: 'viewer' }, headers: adminHeaders })).toMatchObject({ status: 404 })
    }
  })
})

describe('a removed member', () => {
  /** A connection as the connections of a person are stored. */
  async function connect(
    scope: TeamScope,
    { shared = false, kind = 'api_key' }: { shared?: boolean; kind?: 'api_key' | 'auth_file' } = {},
  ): Promise<string> {
    const [credentialId, configurationId] = [mintUuid(), mintUuid()]
    const { teamId, userId } = scope
    const secret = {
      kind,
      name: 'Key',
      sealed: new Uint8Array([1]),
      masterVersion: 1,
      lastFour: 'abcd',
      fingerprint: 'f',
      createdBy: userId,
    } as const
    await prisma().credential.create({ data: { id: credentialId, teamId, ...secret } })
    await prisma().configuration.create({ data: { id: configurationId, teamId, harness: 'codex', credentialId } })
    const attachment = { teamId, harness: 'codex', configurationId, createdBy: userId }
    await prisma().attachment.create({ data: { id: mintUuid(), scope: 'user', scopeKey: `${teamId} ${userId}`, userId, ...attachment } })
    if (shared) {
      const projectId = await seedProject(scope)
      await prisma().attachment.create({ data: { id: mintUuid(), scope: 'project', scopeKey: projectId, projectId, ...attachment } })
    }
    return credentialId
  }

  it('leaves nothing that still acts for them', async () => {
    const admin = await seedTeamScope()
    const { caller } = await seedMember({ teamId: admin.teamId, role: 'member' })
    const member = await enterTeam(caller, { act: 'read', teamId: admin.teamId })
    const elsewhere = await seedTeamScope()
    await prisma().member.create({ data: { teamId: elsewhere.teamId, userId: member.userId, role: 'member' } })
    const { token } = await createToken(member, { name: 'Script', days: 1 })
    const { token: kept } = await createToken({ ...member, teamId: elsewhere.teamId }, { name: 'Script', days: 1 })
    await prisma().session.create({
      data: { id: mintUuid(), token: mintUuid(), userId: member.userId, expiresAt: new Date(Date.now() + 1_000_000) },
    })
    const personal = await connect(member)
    const others = await connect(admin, { shared: true })
    const chatId = await seedChat(member)
    const nodeId = mintUuid()
    await prisma().node.create({ data: { id: nodeId, name: nodeId } })
    const runId = mintUuid()
    await prisma().chatHead.update({ where: { chatId }, data: { nodeId, epoch: 1, leaseUntil: new Date(Date.now() + 15_000) } })
    await prisma().run.create({
      data: { id: runId, chatId, nodeId, epoch: 1, harness: 'codex', credentialId: personal, credentialVersion: 1 },
    })

    const told: string[] = []
    onMemberRemoved(endWorkOfMember)
    onMemberRemoved(async (tx, removed) => {
      const { rowCount } = await tx.query('select from member where "userId" = $1 and "teamId" = $2', [removed.userId, removed.teamId])
      told.push(`still ${rowCount} member`)
      return () => void told.push('gone')
    })
    await remove(admin, member.userId)

    expect(told).toEqual(['still 1 member', 'gone'])
    const asScript = (own: string) => server.call('me.get', { headers: { authorization: `Bearer ${own}` } })
    expect((await asScript(token)).status).toBe(401)
    expect((await asScript(kept)).status).toBe(200)
    expect(await prisma().session.count({ where: { userId: member.userId } })).toBe(0)
    expect(await prisma().credential.findMany({ where: { id: { in: [personal, others] } }, select: { id: true } })).toEqual([
      { id: others },
    ])
    expect(await prisma().configuration.count({ where: { credentialId: personal } })).toBe(0)
    expect(await prisma().run.findUnique({ where: { id: runId }, select: { endedAt: true } })).toEqual({
      endedAt: expect.any(Date) as Date,
    })
    expect(await prisma().chatHead.findUnique({ where: { chatId }, select: { nodeId: true, epoch: true } })).toEqual({
      nodeId: null,
      epoch: 2,
    })
    expect(await prisma().chatEvent.findMany({ where: { chatId }, select: { type: true } })).toEqual([{ type: 'run.ended' }])
    await expect(enterTeam(caller, { act: 'read', teamId: admin.teamId })).rejects.toEqual(failure('team.missing'))
    expect(await enterTeam(caller, { act: 'read' })).toMatchObject({ teamId: elsewhere.teamId })
  })

  it('does not take along what the team shares by now', async () => {
    const admin = await seedTeamScope()
    const member = await seedTeamScope({ teamId: admin.teamId, role: 'member' })
    const credentialId = await connect(member, { shared: true })
    await remove(admin, member.userId)
    expect(await prisma().credential.count({ where: { id: credentialId } })).toBe(1)
    expect(await prisma().attachment.findMany({ where: { teamId: admin.teamId }, select: { scope: true } })).toEqual([{ scope: 'project' }])

    // A login is nobody's but theirs.
    const other = await seedTeamScope({ teamId: admin.teamId, role: 'member' })
    const login = await connect(other, { shared: true, kind: 'auth_file' })
    await remove(admin, other.userId)
    expect(await prisma().credential.count({ where: { id: login } })).toBe(0)
  })

  it('is told of before, to the admin who asks, and leaves nothing that works', async () => {
    const admin = await seedTeamScope()
    const { caller } = await seedMember({ teamId: admin.teamId, role: 'admin', name: 'Mei' })
    const mei = await enterTeam(caller, { act: 'read', teamId: admin.teamId })
    const { teamId, userId } = mei
    const [withKey, withLogin] = [await seedProject(admin, { name: 'Keyed' }), await seedProject(mei, { name: 'Logged' })]
    const key = { kind: 'api-key', provider: 'openai', key: 'sk-proj-abcdefghijkl' } as const
    const contents = JSON.stringify({ tokens: { access_token: 'a', refresh_token: 'r' } })
    const login = { kind: 'auth-file', format: 'codex', contents } as const
    const own = await connectTo(mei, { harness: 'codex', scope: 'user', secret: key })
    const removed = await connectTo(mei, { harness: 'opencode', scope: 'user', secret: key })
    const undone = await disconnect(mei, removed)
    await connectTo(mei, { harness: 'codex', scope: 'project', projectId: withKey, secret: key })
    await connectTo(mei, { harness: 'codex', scope: 'project', projectId: withLogin, secret: login })
    await createCredential(mei, { name: 'Spare', owner: 'user', secret: login, models: undefined })
    const { token } = await createToken(mei, { name: 'Script', days: 1 })
    const link = tokenOf(await invite(mei, { email: uniqueEmail(), role: 'admin' }))
    const joining = await createJoinToken(mei, { name: mintUuid() })
    const machine = await enrol((await createJoinToken(mei, { name: mintUuid() })).token)
    const expiresAt = new Date(Date.now() + 600_000)
    await prisma().session.create({ data: { id: mintUuid(), token: mintUuid(), userId, expiresAt } })
    await prisma().signIn.create({
      data: { id: mintUuid(), teamId, userId, harness: 'codex', scope: 'user', state: 'waiting-for-person', expiresAt },
    })
    const chatId = await seedChat(admin, { projectId: withKey, harness: 'codex' })
    const onMachine = await seedChat(admin, { projectId: withLogin, harness: 'codex' })
    const nodeId = mintUuid()
    await prisma().node.create({ data: { id: nodeId, name: nodeId } })
    // Somebody else's chat, at work on a prompt of hers.
    const held = { nodeId, epoch: 1, leaseUntil: expiresAt, activeBy: userId, activeTurn: mintUuid() }
    await prisma().chatHead.update({ where: { chatId }, data: held })
    // Nothing of hers but the machine that it runs on.
    const there = { nodeId: machine.nodeId, epoch: 1, leaseUntil: expiresAt, activeBy: admin.userId, activeTurn: mintUuid() }
    await prisma().chatHead.update({ where: { chatId: onMachine }, data: there })
    await prisma().chat.update({ where: { id: onMachine }, data: { nodeId: machine.nodeId } })

    expect(await previewRemoval(admin, userId)).toEqual({
      name: 'Mei',
      chats: [
        { chatId: onMachine, title: 'Chat', projectName: 'Logged' },
        { chatId, title: 'Chat', projectName: 'Keyed' },
      ],
      privateChats: 0,
      nodes: [{ nodeId: machine.nodeId, name: machine.name }],
      tokens: 1,
      sessions: 1,
      invitations: 1,
      signIns: 1,
      connections: [{ connectionId: own.connectionId, harness: 'codex', harnessName: 'Codex', kind: 'api-key' }],
      projects: [
        { projectId: withKey, name: 'Keyed', harness: 'codex', harnessName: 'Codex', becomes: 'stays' },
        { projectId: withLogin, name: 'Logged', harness: 'codex', harnessName: 'Codex', becomes: 'destroyed' },
      ],
    })
    await expect(previewRemoval(admin, 'nobody')).rejects.toEqual(failure('member.missing'))
    onMemberRemoved(endWorkOfMember)
    const cut: string[] = []
    const stop = onHint((hint) => hint.about === 'node-cut' && cut.push(hint.nodeId))
    await remove(admin, userId)
    stop()
    expect(cut).toEqual([machine.nodeId])
    expect(await findKey(machine.nodeId)).toBeNull()
    const freed = await prisma().chat.findUnique({ where: { id: onMachine }, select: { nodeId: true, head: { select: { nodeId: true } } } })
    expect(freed).toEqual({ nodeId: null, head: { nodeId: null } })
    const said = await prisma().auditEntry.findMany({
      where: { subjectId: machine.nodeId },
      select: { act: true, actorId: true, facts: true },
      orderBy: { seq: 'asc' },
    })
    expect(said).toEqual([
      { act: 'node.joined', actorId: userId, facts: { name: machine.name } },
      { act: 'node.removed', actorId: admin.userId, facts: { name: machine.name } },
    ])

    expect((await server.call('me.get', { headers: { authorization: `Bearer ${token}` } })).status).toBe(401)
    await expect(acceptInvitation(null, { token: link, name: 'Mei', password: 'correct horse' })).rejects.toEqual(
      failure('invitation.unusable'),
    )
    await expect(enrol(joining.token)).rejects.toEqual(failure('node.join-token-unusable'))
    await expect(undo(mei, undone)).rejects.toEqual(failure('undo.too-late'))
    const where = { teamId, createdBy: userId }
    const left = await prisma().credential.findMany({ where, select: { kind: true, configurations: { select: { harness: true } } } })
    expect(left).toEqual([{ kind: 'api_key', configurations: [{ harness: 'codex' }] }])
    expect(await prisma().attachment.findMany({ where: { teamId }, select: { projectId: true } })).toEqual([{ projectId: withKey }])
    expect(await prisma().signIn.count({ where: { userId } })).toBe(0)
    expect(await prisma().session.count({ where: { userId } })).toBe(0)
    expect(await prisma().chatHead.findUnique({ where: { chatId }, select: { nodeId: true } })).toEqual({ nodeId: null })
    await expect(previewRemoval(admin, userId)).rejects.toEqual(failure('member.missing'))
  })
})
