import { beforeAll, describe, expect, it } from 'vitest'
import { openStates } from '#core/connections/sign-in.ts'
import type { ProjectId } from '#core/ids.ts'
import { enterProject, type TeamScope } from '#server/access/scope.ts'
import { setBudget } from '#server/budgets/service.ts'
import { setOverride } from '#server/connections/overrides-service.ts'
import { connect } from '#server/connections/service.ts'
import { disconnect } from '#server/connections/undo-service.ts'
import { prisma } from '#server/db/client.ts'
import { createConfiguration } from '#server/primitives/configurations-service.ts'
import { createCredential } from '#server/primitives/credentials-service.ts'
import { mintUuid } from '#server/db/mint.ts'
import { seedProject, seedTeamScope } from '#server/db/testing.ts'
import { appRouter } from '#server/trpc/app-router.ts'
import { callerFactory } from '#server/trpc/base.ts'

/**
 * Who may do what with credentials: every procedure that touches one, for everybody who could ask. `ok`, or the exact
 * refusal. `owner` owns the instance and is a plain member here; `maintainer` is a member who created the project;
 * `holder` is the member whose personal connection is meant; `stranger` is an admin elsewhere.
 */
const roles = ['owner', 'admin', 'maintainer', 'member', 'viewer', 'stranger', 'holder'] as const
type Role = (typeof roles)[number]
type Expected = Record<Role, string>

const denied = 'access.denied'
const everybody = (answer: string): Expected => Object.fromEntries(roles.map((role) => [role, answer])) as Expected
const but = (rest: string, given: Partial<Expected>): Expected => ({ ...everybody(rest), ...given })

let people: Record<Role, TeamScope>
let projectId: ProjectId
beforeAll(async () => {
  const admin = await seedTeamScope()
  const { teamId } = admin
  const join = (role: 'member' | 'viewer', isInstanceOwner = false) => seedTeamScope({ teamId, role, isInstanceOwner })
  const [owner, maintainer, member] = [await join('member', true), await join('member'), await join('member')]
  people = { owner, admin, maintainer, member, viewer: await join('viewer'), stranger: await seedTeamScope(), holder: await join('member') }
  projectId = await seedProject(maintainer)
})

const token = { kind: 'oauth-token', issuer: 'anthropic', token: 'sk-ant-oat01-abcdefgh' } as const
const key = { kind: 'api-key', provider: 'anthropic', key: 'sk-ant-api03-abcdefghijkl' } as const
const harness = 'claude-code'

// --- what each cell is asked about, new for each ------------------------------------------------------------------

const personal = () => connect(people.holder, { harness, scope: 'user', secret: key })
const shared = () => connect(people.maintainer, { harness, scope: 'project', projectId, secret: key })
const platform = () => connect(people.owner, { harness, scope: 'platform', secret: key })
const credentialOf = async (made: () => ReturnType<typeof connect>) => {
  const { connectionId } = await made()
  const { configuration } = await prisma().attachment.findUniqueOrThrow({ where: { id: connectionId }, include: { configuration: true } })
  return { credentialId: configuration.credentialId, configurationId: configuration.id, connectionId }
}
/** Connected for the project by the member while they were an admin. */
const demoted = async () => {
  await prisma().attachment.deleteMany({ where: { projectId } })
  const once: TeamScope = { ...people.member, role: 'admin' }
  if ((await prisma().credential.count({ where: { createdBy: once.userId, configurations: { none: {} } } })) === 0)
    await createCredential(once, { name: 'Another', owner: 'user', secret: key })
  const { teamId, userId } = once
  const become = (role: 'admin' | 'member') => prisma().member.update({ where: { teamId_userId: { teamId, userId } }, data: { role } })
  await become('admin')
  try {
    return await credentialOf(() => connect(once, { harness, scope: 'project', projectId, secret: key }))
  } finally {
    await become('member')
  }
}
/** Beside an attached one, of a key that the holder uses alone and in the project. */
const unattached = async () => {
  const { credentialId } = await credentialOf(personal)
  const project = await enterProject({ ...people.holder, role: 'admin' }, { act: 'manage', projectId })
  await setOverride(project, { harness, credentialId })
  return (await createConfiguration(people.holder, { harness: 'opencode', credentialId })).configurationId
}
const signIn = async () => {
  const { teamId, userId } = people.holder
  const id = mintUuid()
  const expiresAt = new Date(Date.now() + 600_000)
  await prisma().signIn.create({ data: { id, teamId, userId, harness: 'codex', scope: 'user', state: openStates[0], expiresAt } })
  return { signInId: id }
}

// --- the table ----------------------------------------------------------------------------------------------------

const ownAlone = but('connection.missing', { holder: 'ok' })
const maintained = but(denied, { admin: 'ok', maintainer: 'ok', stranger: 'connection.missing' })
const instance = but(denied, { owner: 'ok' })
const inTeam = but('ok', { stranger: 'project.missing' })
const ofProject = but(denied, { admin: 'ok', maintainer: 'ok', stranger: 'project.missing' })
const audited = but(denied, { owner: 'ok', admin: 'ok', stranger: 'ok' })
/** Of this team; and what an admin elsewhere hears. */
const admins = (elsewhere: string) => but(denied, { admin: 'ok', stranger: elsewhere })
const daily = { period: 'day', limitMicros: 1_000_000 } as const
const prompters = but('ok', { viewer: denied })
const model = { provider: 'anthropic', model: 'claude-opus-5' }
/** A credential that the holder pasted for themselves. */
const theirs = but('credential.missing', { holder: 'ok', viewer: denied })

/** What `demoted` made: the member sees it as its author; the owner of the instance, the viewer and the others do not. */
const lapsed = but('credential.missing', { admin: 'ok', maintainer: 'ok', member: denied, viewer: denied })
const ofLapsed = (missing: string): Expected => ({ ...lapsed, owner: missing, stranger: missing, holder: missing })

/** It would begin, if there were a node. */
const begun = (expected: Expected): Expected =>
  Object.fromEntries(roles.map((role) => [role, expected[role] === 'ok' ? 'node.offline' : expected[role]])) as Expected

type Row = [procedure: string, of: string, input: () => unknown, expected: Expected]
const connection = (procedure: string, more: object = {}): Row[] => [
  [procedure, 'personal', async () => ({ ...(await personal()), ...more }), ownAlone],
  [procedure, 'project', async () => ({ ...(await shared()), ...more }), maintained],
  [procedure, 'platform', async () => ({ ...(await platform()), ...more }), instance],
]
const removal = (procedure: string): Row[] =>
  connection(procedure).map(([name, of, input, expected]) => [name, of, input, of === 'personal' ? { ...ownAlone, admin: 'ok' } : expected])

const table: Row[] = [
  ['connections.list', 'project', () => ({ projectId }), inTeam],
  ['connections.explain', 'project', () => ({ harness, projectId }), inTeam],
  ['connections.connect', 'personal', () => ({ harness, scope: 'user', secret: token }), prompters],
  ['connections.connect', 'project', () => ({ harness, scope: 'project', projectId, secret: token }), ofProject],
  ['connections.connect', 'platform', () => ({ harness, scope: 'platform', secret: token }), instance],
  ...connection('connections.validate'),
  ...connection('connections.setEnabled', { isEnabled: true }),
  ['connections.setShared', 'personal', async () => ({ ...(await personal()), isShared: true }), ownAlone],
  [
    'connections.setShared',
    'project',
    async () => ({ ...(await shared()), isShared: true }),
    { ...maintained, admin: 'request.invalid', maintainer: 'request.invalid' },
  ],
  ...removal('connections.preview'),
  ...connection('connections.preview', { act: 'disable' }),
  ...removal('connections.disconnect'),
  ['connections.details', 'personal', personal, ownAlone],
  ['connections.details', 'project', shared, but('ok', { stranger: 'connection.missing' })],
  ['connections.details', 'platform', platform, everybody('ok')],
  ['connections.undo', 'personal', async () => disconnect(people.holder, await personal()), but('undo.too-late', { holder: 'ok' })],
  ['connections.undo', 'project', async () => disconnect(people.maintainer, await shared()), but('undo.too-late', { maintainer: 'ok' })],
  ['projectOverrides.list', 'project', () => ({ projectId }), inTeam],
  [
    'projectOverrides.set',
    'of the project',
    async () => ({ projectId, harness: 'opencode', credentialId: (await credentialOf(shared)).credentialId }),
    ofProject,
  ],
  // What is the holder's alone is nobody's to hand on, not even an admin's.
  [
    'projectOverrides.set',
    'personal',
    async () => ({ projectId, harness, credentialId: (await credentialOf(personal)).credentialId }),
    { ...ofProject, admin: 'connection.missing', maintainer: 'connection.missing' },
  ],
  [
    'projectOverrides.remove',
    'project',
    async () => {
      await shared()
      return { projectId, harness }
    },
    ofProject,
  ],
  ['credentials.list', 'own', () => undefined, prompters],
  ['credentials.create', 'own', () => ({ name: 'Mine', secret: token }), prompters],
  ['credentials.create', 'platform', () => ({ name: 'All', owner: 'platform', secret: token }), instance],
  ['credentials.get', 'personal', () => credentialOf(personal), theirs],
  ['credentials.rename', 'personal', async () => ({ ...(await credentialOf(personal)), name: 'New' }), theirs],
  ['credentials.replaceSecret', 'personal', async () => ({ ...(await credentialOf(personal)), secret: key }), theirs],
  ['credentials.delete', 'personal', () => credentialOf(personal), { ...theirs, holder: 'credential.in-use' }],
  // Whoever pasted a project's key and maintains the project no longer may take it away, and not put another in its place.
  ['credentials.get', 'demoted author', demoted, { ...lapsed, member: 'ok' }],
  ['credentials.rename', 'demoted author', async () => ({ ...(await demoted()), name: 'New' }), lapsed],
  ['credentials.replaceSecret', 'demoted author', async () => ({ ...(await demoted()), secret: key }), lapsed],
  ['credentials.delete', 'demoted author', demoted, { ...lapsed, admin: 'credential.in-use', maintainer: 'credential.in-use' }],
  [
    'configurations.update',
    'demoted author',
    async () => ({ configurationId: (await demoted()).configurationId, settings: { model: 'claude-haiku-5-5' } }),
    ofLapsed('configuration.missing'),
  ],
  [
    'configurations.update',
    'demoted author, another credential',
    async () => {
      const { configurationId } = await demoted()
      // Nobody but the author sees the other one; and the author may not.
      const { teamId, userId } = people.member
      const { id: credentialId } = await prisma().credential.findFirstOrThrow({
        where: { teamId, createdBy: userId, configurations: { none: {} } },
      })
      return { configurationId, credentialId }
    },
    { ...ofLapsed('configuration.missing'), admin: 'credential.missing', maintainer: 'credential.missing' },
  ],
  [
    'configurations.delete',
    'demoted author',
    demoted,
    { ...ofLapsed('configuration.missing'), admin: 'configuration.in-use', maintainer: 'configuration.in-use' },
  ],
  [
    'attachments.detach',
    'demoted author',
    async () => ({ attachmentId: (await demoted()).connectionId }),
    { ...ofLapsed('connection.missing'), member: 'ok' },
  ],
  // Attached nowhere, a configuration is a matter of its credential, not of everybody who sees that.
  [
    'configurations.update',
    'unattached, of a shared credential',
    async () => ({ configurationId: await unattached(), settings: {} }),
    but('configuration.missing', { holder: 'ok', viewer: denied, admin: denied, maintainer: denied }),
  ],
  ['configurations.list', 'own', () => undefined, prompters],
  ['configurations.get', 'personal', () => credentialOf(personal), but('configuration.missing', { holder: 'ok', viewer: denied })],
  ['configurations.create', 'personal', async () => ({ harness, ...(await credentialOf(personal)), configurationId: undefined }), theirs],
  [
    'configurations.update',
    'personal',
    async () => ({ configurationId: (await credentialOf(personal)).configurationId, settings: {} }),
    but('configuration.missing', { holder: 'ok', viewer: denied }),
  ],
  [
    'configurations.delete',
    'personal',
    () => credentialOf(personal),
    but('configuration.missing', { holder: 'configuration.in-use', viewer: denied }),
  ],
  ['attachments.list', 'own', () => undefined, prompters],
  [
    'attachments.attach',
    'personal',
    async () => ({ configurationId: (await credentialOf(personal)).configurationId, scope: 'project', projectId }),
    but('configuration.missing', { holder: denied, viewer: denied }),
  ],
  [
    'attachments.detach',
    'personal',
    async () => ({ attachmentId: (await personal()).connectionId }),
    but('connection.missing', { holder: 'ok', viewer: denied }),
  ],
  ['signIns.start', 'personal', () => ({ harness: 'codex', scope: 'user' }), begun(prompters)],
  ['signIns.start', 'project', () => ({ harness: 'codex', scope: 'project', projectId }), begun(ofProject)],
  ['signIns.start', 'platform', () => ({ harness: 'codex', scope: 'platform' }), begun(instance)],
  ['signIns.get', 'personal', signIn, but('sign-in.missing', { holder: 'ok' })],
  ['signIns.answer', 'personal', async () => ({ ...(await signIn()), answer: 'x' }), but('sign-in.missing', { holder: 'request.invalid' })],
  ['signIns.cancel', 'personal', signIn, but('sign-in.missing', { holder: 'ok' })],
  ['budgets.list', 'team', () => undefined, everybody('ok')],
  ['budgets.applying', 'project', () => ({ projectId }), inTeam],
  ['budgets.set', 'team', () => ({ ...daily, scope: { is: 'team' } }), admins('ok')],
  ['budgets.set', 'project', () => ({ ...daily, scope: { is: 'project', projectId } }), admins('project.missing')],
  ['budgets.set', 'member', () => ({ ...daily, scope: { is: 'member', userId: people.holder.userId } }), admins('member.missing')],
  ['budgets.remove', 'team', () => setBudget(people.admin, { ...daily, scope: { is: 'team' } }), admins('budget.missing')],
  ['models.list', 'project', () => ({ harness, projectId }), inTeam],
  ['models.catalog', 'team', () => undefined, everybody('ok')],
  ['models.policy', 'team', () => undefined, everybody('ok')],
  ['models.setRule', 'team', () => ({ ...model, isAllowed: false }), admins('ok')],
  ['models.clearRule', 'team', () => model, admins('ok')],
  // An owner of the instance who is no admin here has no say for all teams from here either.
  ['models.setRule', 'platform', () => ({ ...model, for: 'platform', isAllowed: false }), everybody(denied)],
  ['models.clearRule', 'platform', () => ({ ...model, for: 'platform' }), everybody(denied)],
  ['models.setPolicy', 'team', () => ({ unpriced: 'refuse' }), admins('ok')],
  [
    'models.discover',
    'personal',
    async () => ({ credentialId: (await credentialOf(personal)).credentialId }),
    but('credential.missing', { holder: 'ok', viewer: denied }),
  ],
  [
    'models.preview',
    'nowhere',
    () => ({ baseUrl: 'http://127.0.0.1:9', dialect: 'openai-chat', key: 'k' }),
    but('upstream.unsafe', { viewer: denied }),
  ],
  ['audit.list', 'team', () => ({}), audited],
  ['audit.export', 'team', () => ({ format: 'json' }), audited],
  ['team.previewRemoval', 'member', () => ({ userId: people.member.userId }), but(denied, { admin: 'ok', stranger: 'member.missing' })],
]

async function ask(role: Role, procedure: string, input: unknown): Promise<string> {
  const { userId, teamId, isInstanceOwner } = people[role]
  const caller = { userId, name: role, email: `${role}@example.org`, isInstanceOwner, via: { is: 'session', sessionId: 's' } } as const
  const [noun, act] = procedure.split('.') as [string, string]
  const procedures = callerFactory(appRouter)({ caller, teamId, clientAddress: null }) as unknown as Record<
    string,
    Record<string, (input: unknown) => Promise<unknown>>
  >
  try {
    const answer = JSON.stringify((await procedures[noun]![act]!(input)) ?? null)
    return /abcdefgh/.test(answer) ? 'a secret' : 'ok'
  } catch (error) {
    return (error as Error).message
  }
}

describe('every procedure, for everybody', () => {
  it.each(table)('%s (%s)', async (procedure, _of, input, expected) => {
    const answers: Partial<Expected> = {}
    for (const role of roles) answers[role] = await ask(role, procedure, await input())
    expect(answers).toEqual(expected)
    await prisma().attachment.deleteMany({ where: { OR: [{ scope: 'platform' }, { projectId }] } })
    await prisma().signIn.deleteMany({ where: { createdAt: { lt: new Date() } } })
  })

  it('leaves none out', () => {
    const nouns = [
      'connections',
      'projectOverrides',
      'credentials',
      'configurations',
      'attachments',
      'signIns',
      'audit',
      'budgets',
      'models',
    ]
    const all = Object.keys(appRouter._def.procedures).filter((path) => nouns.includes(path.split('.')[0]!))
    expect([...new Set(table.map(([procedure]) => procedure))].filter((path) => !path.startsWith('team.')).toSorted()).toEqual(
      all.toSorted(),
    )
  })
})

it('lets an admin end a personal connection, and neither use nor see what is in it', async () => {
  const { admin, holder } = people
  const { connectionId } = await personal()
  const project = await enterProject(admin, { act: 'manage', projectId })
  const { credentialId } = await credentialOf(personal)
  await expect(setOverride(project, { harness, credentialId })).rejects.toMatchObject({ code: 'connection.missing' })
  expect(await ask('admin', 'connections.details', { connectionId })).toBe('connection.missing')
  expect(await ask('admin', 'connections.disconnect', { connectionId })).toBe('ok')
  expect(await ask('holder', 'connections.validate', { connectionId })).toBe('connection.missing')
  expect(await prisma().attachment.count({ where: { userId: holder.userId } })).toBe(0)
})
