/**
 * What stands where: attaches in the place of what was attached to the same harness and scope, and destroys what
 * that leaves to nobody. Each change carries its audit entry in its own transaction.
 * From: `service.ts`, `overrides-service.ts`. Taking away is `undo-store.ts`; what is held meanwhile, `holds.ts`.
 */
import type { Scope, Settings } from '#core/connections/connection.ts'
import { prismaDb } from '#server/audit/service.ts'
import { holdCredentials, holdMember, holdPlace } from '#server/connections/holds.ts'
import {
  type AuditDb,
  kindColumns,
  scopeKeyOf,
  type CredentialRow,
  type Reach,
  type StoredCredential,
  type Tx,
  type Whole,
} from '#server/connections/store.ts'
import type { Sealed } from '#server/connections/vault.ts'
import { prisma } from '#server/db/client.ts'
import { Prisma } from '#server/db/generated/client.ts'
import { mintUuid } from '#server/db/mint.ts'

export type Placing = Reach & { scope: Scope; harness: string }

/** What became of a place, for the audit entry that goes with it. */
export type Placed = { connectionId: string; credentialId: string; version: number; formerCredentialId: string | null }
type Note = (db: AuditDb, placed: Placed) => Promise<void>

/** What a check of a secret that is stored now has found. */
export type Checked = Pick<CredentialRow, 'verdict' | 'verdictAt' | 'lastErrorCode' | 'lastErrorAt' | 'brokenCode'>

type Login = { loginFacts: Prisma.InputJsonObject | null }

export type NewAttachment = Placing & {
  /** Undefined leaves those of what stood there, and a custom provider's models with them. */
  settings: Settings | undefined
  credential: Pick<
    CredentialRow,
    'name' | 'kind' | 'provider' | 'format' | 'issuer' | 'baseUrl' | 'dialect' | 'models' | 'lastFour' | 'fingerprint'
  > &
    Checked &
    Login
  /** Called with the row that will hold it, since a sealed value belongs to its row. */
  seal: (row: { id: string; teamId: string | null }) => Sealed
}

/**
 * Attaches, in the place of what was attached to the same harness and scope. The same
 * sort of credential is replaced in its row, whose version says so to every run that
 * pinned the former; another sort gets a row of its own, and the former goes.
 */
export async function replaceAttachment(given: NewAttachment, note: Note): Promise<string> {
  return prisma().$transaction(async (tx) => {
    await holdMember(tx, given)
    const former = await holdPlace(tx, { ...given, scopeKey: scopeKeyOf(given) })
    const placed = former && (await isAlone(tx, former, given)) ? await renew(tx, former, given) : await putNew(tx, former, given)
    await note(prismaDb(tx), { ...placed, formerCredentialId: former?.configuration.credentialId ?? null })
    return placed.connectionId
  })
}

/**
 * Whether the secret may be replaced in its row: the same sort, of the same owner, and nothing else, attached or to be
 * brought back, stands on it. What somebody else named and kept is theirs, wherever it is attached.
 */
async function isAlone(tx: Tx, former: Whole, { scope, teamId, userId, credential }: NewAttachment): Promise<boolean> {
  const { credentialId, credential: stored } = former.configuration
  if (!isSameSort(stored, credential) || stored.teamId !== (scope === 'platform' ? null : teamId)) return false
  if (stored.isKept && stored.createdBy !== userId) return false
  const [configurations, attachments, removed] = [
    await tx.configuration.count({ where: { credentialId } }),
    await tx.attachment.count({ where: { configuration: { credentialId } } }),
    await tx.removedAttachment.count({ where: { configuration: { credentialId } } }),
  ]
  return configurations === 1 && attachments === 1 && removed === 0
}

async function renew(tx: Tx, former: Whole, given: NewAttachment) {
  const version = await replaceSecret(tx, former.configuration.credential, withFormer(given, former))
  if (given.settings) await tx.configuration.update({ where: { id: former.configurationId }, data: { settings: given.settings } })
  await tx.attachment.update({ where: { id: former.id }, data: { isEnabled: true, createdBy: given.userId } })
  return { connectionId: former.id, credentialId: former.configuration.credentialId, version }
}

async function putNew(tx: Tx, former: Whole | null, given: NewAttachment) {
  const { credentialId, configurationId } = await createConfiguration(tx, former ? withFormer(given, former) : given)
  return { connectionId: await putAttachment(tx, { ...given, former, configurationId }), credentialId, version: 1 }
}

/** Whoever says nothing of how the harness works there changes nothing about it. */
function withFormer(given: NewAttachment, { configuration }: Whole): NewAttachment {
  if (given.settings) return given
  const { settings, credential } = configuration
  const models = isSameSort(credential, given.credential) ? credential.models : given.credential.models
  return { ...given, settings: settings as Settings, credential: { ...given.credential, models } }
}

/**
 * Attaches a credential that is there already, in the place of what was attached to the same harness and scope.
 * Null when it is gone by now.
 */
export async function attachCredential(
  { credentialId, ...given }: Placing & { credentialId: string; settings: Settings },
  note: Note,
): Promise<string | null> {
  return prisma().$transaction(async (tx) => {
    await holdMember(tx, given)
    const former = await holdPlace(tx, { ...given, scopeKey: scopeKeyOf(given) }, [credentialId])
    const held = (await holdCredentials(tx, [credentialId])).get(credentialId)
    if (!held) return null
    const { harness, settings } = given
    const id = mintUuid()
    await tx.configuration.create({
      data: { id, teamId: given.scope === 'platform' ? null : given.teamId, harness, credentialId, settings },
    })
    const connectionId = await putAttachment(tx, { ...given, former, configurationId: id })
    const formerCredentialId = former?.configuration.credentialId ?? null
    await note(prismaDb(tx), { connectionId, credentialId, version: held.version, formerCredentialId })
    return connectionId
  })
}

async function putAttachment(tx: Tx, { former, ...placed }: Placing & { former: Whole | null; configurationId: string }): Promise<string> {
  const { configurationId, userId } = placed
  if (!former) return createAttachment(tx, { ...placed, scopeKey: scopeKeyOf(placed) })
  await tx.attachment.update({
    where: { id: former.id },
    // What its owner shared was the key that stood here, not what stands here now.
    data: { configurationId, isEnabled: true, isShared: false, createdBy: userId, createdAt: new Date() },
  })
  await destroyUnattached(tx, former.configuration)
  return former.id
}

type Sort<Kind> = Pick<CredentialRow, 'provider' | 'format' | 'issuer' | 'baseUrl'> & { kind: Kind; dialect: string | null }

export const isSameSort = (former: Sort<StoredCredential['kind']>, next: Sort<CredentialRow['kind']>): boolean =>
  former.kind === kindColumns[next.kind] &&
  former.provider === next.provider &&
  former.format === next.format &&
  former.issuer === next.issuer &&
  former.baseUrl === next.baseUrl &&
  former.dialect === next.dialect

async function replaceSecret(tx: Tx, former: StoredCredential, { seal, credential, userId }: NewAttachment): Promise<number> {
  const { name, models, lastFour, fingerprint } = credential
  const { version } = await tx.credential.update({
    where: { id: former.id },
    data: {
      ...seal(former),
      ...checkedColumns(credential),
      name: former.isKept ? former.name : name,
      models,
      lastFour,
      fingerprint,
      createdBy: userId,
      version: { increment: 1 },
      loginRevision: { increment: 1 },
      replacedAt: new Date(),
    },
  })
  return version
}

/** Nothing that was found out about a former secret is true of this one. */
export const checkedColumns = ({ loginFacts, ...found }: Checked & Login) => ({
  verdict: found.verdict,
  verdictAt: found.verdictAt,
  lastErrorCode: found.lastErrorCode,
  lastErrorAt: found.lastErrorAt,
  brokenCode: found.brokenCode,
  brokenAt: found.brokenCode === null ? null : found.verdictAt,
  loginFacts: loginFacts ?? Prisma.DbNull,
})

async function createConfiguration(tx: Tx, { scope, teamId, userId, harness, settings, credential, seal }: NewAttachment) {
  const owner = scope === 'platform' ? null : teamId
  const credentialId = mintUuid()
  await tx.credential.create({
    data: {
      ...credential,
      ...checkedColumns(credential),
      kind: kindColumns[credential.kind],
      ...seal({ id: credentialId, teamId: owner }),
      id: credentialId,
      teamId: owner,
      createdBy: userId,
    },
  })
  const configurationId = mintUuid()
  await tx.configuration.create({ data: { id: configurationId, teamId: owner, harness, credentialId, settings: settings ?? {} } })
  return { credentialId, configurationId }
}

type Creating = Placing & { scopeKey: string; configurationId: string }

async function createAttachment(
  tx: Tx,
  { scope, scopeKey, teamId, userId, projectId, harness, configurationId }: Creating,
): Promise<string> {
  const id = mintUuid()
  const owner = {
    project: { teamId, projectId, userId: null },
    user: { teamId, projectId: null, userId },
    platform: { teamId: null, projectId: null, userId: null },
  }[scope]
  await tx.attachment.create({ data: { id, scope, scopeKey, ...owner, harness, configurationId, createdBy: userId } })
  return id
}

/**
 * A configuration without an attachment, and a credential without a configuration, belong to nobody; unless kept by
 * hand, or to be brought back for a while yet.
 */
export async function destroyUnattached(tx: Tx, { id, credentialId }: { id: string; credentialId: string }): Promise<void> {
  await tx.configuration.deleteMany({ where: { id, isKept: false, attachments: { none: {} }, removed: { none: {} } } })
  await tx.credential.deleteMany({ where: { id: credentialId, isKept: false, configurations: { none: {} } } })
  await revokeUnattached(tx, credentialId)
}

/** What only waits for its destruction opens nothing any more, wherever a run may have pinned it. */
export async function revokeUnattached(tx: Tx, credentialId: string): Promise<void> {
  // What is kept by hand stays; the runs that were stopped stay stopped once it is attached again.
  await tx.credential.updateMany({
    where: {
      id: credentialId,
      OR: [{ isKept: true }, { configurations: { some: { isKept: true } } }],
      configurations: { none: { attachments: { some: {} } } },
    },
    data: { version: { increment: 1 } },
  })
  await tx.credential.updateMany({
    where: {
      id: credentialId,
      isKept: false,
      revokedAt: null,
      configurations: { none: { OR: [{ isKept: true }, { attachments: { some: {} } }] } },
    },
    data: { revokedAt: new Date() },
  })
}
