/**
 * The rows of connections: attachment → configuration → credential. The team is in the
 * WHERE of every query. A sealed secret leaves this file only as `Sealed` bytes.
 */
import { Dialect } from '#core/providers/dialects.ts'
import type { CredentialKind, Scope, Settings } from '#core/connections/connection.ts'
import { prisma } from '#server/db/client.ts'
import type { Prisma } from '#server/db/generated/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import type { Sealed } from '#server/connections/vault.ts'

/** Whose connections count for one person in one team, with or without a project. */
export type Reach = Readonly<{ teamId: string; userId: string; projectId: string | null }>

export const kindColumns = { 'api-key': 'api_key', 'auth-file': 'auth_file', 'oauth-token': 'oauth_token' } as const satisfies Record<
  CredentialKind,
  string
>
const kinds = { api_key: 'api-key', auth_file: 'auth-file', oauth_token: 'oauth-token' } as const

export type CredentialRow = {
  id: string
  teamId: string | null
  name: string
  kind: CredentialKind
  provider: string | null
  format: string | null
  issuer: string | null
  baseUrl: string | null
  dialect: Dialect | null
  models: string[]
  sealed: Uint8Array
  masterVersion: number
  version: number
  lastFour: string
  fingerprint: string
  brokenCode: string | null
  lastUsedAt: Date | null
  /** Who pasted the secret that is in it now. */
  createdBy: string
}

export type AttachmentRow = {
  id: string
  scope: Scope
  teamId: string | null
  projectId: string | null
  userId: string | null
  harness: string
  isEnabled: boolean
  createdBy: string
  createdAt: Date
  settings: Settings
  credential: CredentialRow
}

export const whole = { configuration: { include: { credential: true } } } as const satisfies Prisma.AttachmentInclude
type Whole = Prisma.AttachmentGetPayload<{ include: typeof whole }>
type StoredCredential = Whole['configuration']['credential']

const toCredential = (row: StoredCredential): CredentialRow => ({
  ...row,
  kind: kinds[row.kind],
  dialect: Dialect.nullable().catch(null).parse(row.dialect),
})

export const toRow = ({ configuration, ...row }: Whole): AttachmentRow => ({
  ...row,
  settings: configuration.settings as Settings,
  credential: toCredential(configuration.credential),
})

/** Makes "one per harness and scope" one unique index. */
export function scopeKeyOf({ scope, teamId, userId, projectId }: Reach & { scope: Scope }): string {
  switch (scope) {
    case 'project':
      return projectId!
    case 'user':
      return `${teamId}/${userId}`
    case 'platform':
      return 'platform'
  }
}

/** Everything the resolver may choose from: of the project, of the person in this team, of the instance. */
export async function findReachable(reach: Reach, harness?: string): Promise<AttachmentRow[]> {
  const { teamId, userId, projectId } = reach
  const rows = await prisma().attachment.findMany({
    where: {
      ...(harness === undefined ? {} : { harness }),
      configuration: { credential: { revokedAt: null } },
      OR: [
        ...(projectId === null ? [] : [{ scope: 'project' as const, projectId, teamId }]),
        { scope: 'user', userId, teamId },
        { scope: 'platform', teamId: null },
      ],
    },
    include: whole,
  })
  return rows.map(toRow)
}

/** One attachment of the team or the instance, whoever's it is; the caller decides who may touch it. */
export async function findAttachment(teamId: string, id: string): Promise<AttachmentRow | null> {
  const row = await prisma().attachment.findFirst({ where: { id, OR: [{ teamId }, { scope: 'platform', teamId: null }] }, include: whole })
  return row && toRow(row)
}

export async function findCredential(id: string): Promise<(CredentialRow & { isEnabled: boolean }) | null> {
  const row = await prisma().credential.findFirst({
    where: { id, revokedAt: null },
    include: { configurations: { select: { attachments: { where: { isEnabled: true }, select: { id: true }, take: 1 } } } },
  })
  return row && { ...toCredential(row), isEnabled: row.configurations.some((each) => each.attachments.length > 0) }
}

export type NewAttachment = Reach & {
  scope: Scope
  harness: string
  settings: Settings
  credential: Pick<
    CredentialRow,
    'name' | 'kind' | 'provider' | 'format' | 'issuer' | 'baseUrl' | 'dialect' | 'models' | 'lastFour' | 'fingerprint'
  >
  /** Called with the row that will hold it, since a sealed value belongs to its row. */
  seal: (row: { id: string; teamId: string | null }) => Sealed
}

/**
 * Attaches, in the place of what was attached to the same harness and scope. The same
 * sort of credential is replaced in its row, whose version says so to every run that
 * pinned the former; another sort gets a row of its own, and the former goes.
 */
export async function replaceAttachment(given: NewAttachment): Promise<string> {
  return prisma().$transaction(async (tx) => {
    const former = await holdPlace(tx, given)
    const shared = former ? await tx.configuration.count({ where: { credentialId: former.configuration.credentialId } }) : 0
    if (former && shared === 1 && isSameSort(former.configuration.credential, given.credential)) {
      await replaceSecret(tx, former.configuration.credential, given)
      await tx.configuration.update({ where: { id: former.configurationId }, data: { settings: given.settings } })
      await tx.attachment.update({ where: { id: former.id }, data: { isEnabled: true, createdBy: given.userId } })
      return former.id
    }
    return putAttachment(tx, { ...given, former, configurationId: await createConfiguration(tx, given) })
  })
}

/**
 * Attaches a credential that is there already, in the place of what was attached to the same harness and scope.
 * Null when it is gone by now.
 */
export async function attachCredential({
  credentialId,
  ...given
}: Placing & { credentialId: string; settings: Settings }): Promise<string | null> {
  return prisma().$transaction(async (tx) => {
    const former = await holdPlace(tx, given)
    // Held, so that no disconnect takes it away meanwhile.
    const held = await tx.$queryRaw<unknown[]>`select 1 from credential where id = ${credentialId} for key share`
    if (held.length === 0) return null
    const { harness, settings } = given
    const id = mintUuid()
    await tx.configuration.create({
      data: { id, teamId: given.scope === 'platform' ? null : given.teamId, harness, credentialId, settings },
    })
    return putAttachment(tx, { ...given, former, configurationId: id })
  })
}

type Placing = Reach & { scope: Scope; harness: string }

const lockPlace = (tx: Tx, { scope, scopeKey, harness }: { scope: Scope; scopeKey: string; harness: string }) =>
  tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${`attachment/${scope}/${scopeKey}/${harness}`}, 0))`

/** Two people may connect the same place at once; the second one replaces what the first one made. Returns what stands there. */
async function holdPlace(tx: Tx, placing: Placing): Promise<Whole | null> {
  const { scope, harness } = placing
  const scopeKey = scopeKeyOf(placing)
  await lockPlace(tx, { scope, scopeKey, harness })
  return tx.attachment.findUnique({ where: { scope_scopeKey_harness: { scope, scopeKey, harness } }, include: whole })
}

async function putAttachment(tx: Tx, { former, ...placed }: Placing & { former: Whole | null; configurationId: string }): Promise<string> {
  const { configurationId, userId } = placed
  if (!former) return createAttachment(tx, { ...placed, scopeKey: scopeKeyOf(placed) })
  await tx.attachment.update({
    where: { id: former.id },
    data: { configurationId, isEnabled: true, createdBy: userId, createdAt: new Date() },
  })
  await deleteUnattached(tx, former.configuration)
  return former.id
}

const isSameSort = (former: StoredCredential, next: NewAttachment['credential']) =>
  former.kind === kindColumns[next.kind] &&
  former.provider === next.provider &&
  former.format === next.format &&
  former.issuer === next.issuer &&
  former.baseUrl === next.baseUrl &&
  former.dialect === next.dialect

type Tx = Prisma.TransactionClient

async function replaceSecret(tx: Tx, former: StoredCredential, { seal, credential, userId }: NewAttachment): Promise<void> {
  const { name, models, lastFour, fingerprint } = credential
  await tx.credential.update({
    where: { id: former.id },
    data: {
      ...seal(former),
      name: former.isKept ? former.name : name,
      models,
      lastFour,
      fingerprint,
      createdBy: userId,
      version: { increment: 1 },
      replacedAt: new Date(),
      brokenCode: null,
      brokenAt: null,
    },
  })
}

async function createConfiguration(tx: Tx, { scope, teamId, userId, harness, settings, credential, seal }: NewAttachment): Promise<string> {
  const owner = scope === 'platform' ? null : teamId
  const credentialId = mintUuid()
  await tx.credential.create({
    data: {
      ...credential,
      kind: kindColumns[credential.kind],
      ...seal({ id: credentialId, teamId: owner }),
      id: credentialId,
      teamId: owner,
      createdBy: userId,
    },
  })
  const id = mintUuid()
  await tx.configuration.create({ data: { id, teamId: owner, harness, credentialId, settings } })
  return id
}

type Placed = Placing & { scopeKey: string; configurationId: string }

async function createAttachment(tx: Tx, { scope, scopeKey, teamId, userId, projectId, harness, configurationId }: Placed): Promise<string> {
  const id = mintUuid()
  const owner = {
    project: { teamId, projectId, userId: null },
    user: { teamId, projectId: null, userId },
    platform: { teamId: null, projectId: null, userId: null },
  }[scope]
  await tx.attachment.create({ data: { id, scope, scopeKey, ...owner, harness, configurationId, createdBy: userId } })
  return id
}

/** A configuration without an attachment, and a credential without a configuration, belong to nobody; unless kept by hand. */
async function deleteUnattached(tx: Tx, { id, credentialId }: { id: string; credentialId: string }): Promise<void> {
  await tx.configuration.deleteMany({ where: { id, isKept: false, attachments: { none: {} } } })
  await tx.credential.deleteMany({ where: { id: credentialId, isKept: false, configurations: { none: {} } } })
}

/** False when somebody else was first. */
export async function deleteAttachment(id: string): Promise<boolean> {
  return prisma().$transaction(async (tx) => {
    const place = await tx.attachment.findUnique({ where: { id }, select: { scope: true, scopeKey: true, harness: true } })
    if (!place) return false
    // Else a credential that takes its place right now would be left behind, attached to nothing.
    await lockPlace(tx, place)
    const row = await tx.attachment.findUnique({ where: { id }, include: { configuration: true } })
    if (!row) return false
    await tx.attachment.delete({ where: { id } })
    await deleteUnattached(tx, row.configuration)
    return true
  })
}

/** False when it is gone. */
export async function updateEnabled(id: string, isEnabled: boolean): Promise<boolean> {
  const { count } = await prisma().attachment.updateMany({ where: { id }, data: { isEnabled } })
  return count > 0
}

/** Only while that version is current: a late answer to a former key says nothing of this one. */
export async function updateBroken(credentialId: string, version: number, code: string | null): Promise<boolean> {
  const { count } = await prisma().credential.updateMany({
    where: { id: credentialId, version },
    data: { brokenCode: code, brokenAt: code === null ? null : new Date() },
  })
  return count > 0
}

export async function updateUsed(credentialId: string): Promise<void> {
  await prisma().credential.updateMany({ where: { id: credentialId }, data: { lastUsedAt: new Date() } })
}

/** Chats of the team that an agent works for right now with this credential. */
export async function findChatsOnCredential(teamId: string, credentialId: string): Promise<{ chatId: string; title: string }[]> {
  const chats = await prisma().chat.findMany({
    where: { teamId, archivedAt: null, runs: { some: { credentialId, endedAt: null } } },
    select: { id: true, title: true },
    orderBy: { lastActivityAt: 'desc' },
  })
  return chats.map(({ id, title }) => ({ chatId: id, title }))
}

export async function findUserNames(userIds: readonly string[]): Promise<Map<string, string>> {
  const users = await prisma().user.findMany({ where: { id: { in: [...new Set(userIds)] } }, select: { id: true, name: true } })
  return new Map(users.map((user) => [user.id, user.name]))
}
