/**
 * The rows of connections as they are read: attachment → configuration → credential. The team is in the WHERE of
 * every query. Written by `place-store.ts` (connect, override), `undo-store.ts` (disconnect) and `verdict-store.ts`.
 */
import { Dialect } from '#core/providers/dialects.ts'
import type { CredentialKind, Scope, Settings } from '#core/connections/connection.ts'
import { prismaDb, type record } from '#server/audit/service.ts'
import { prisma } from '#server/db/client.ts'
import type { Prisma } from '#server/db/generated/client.ts'

/** Whose connections count for one person in one team, with or without a project. */
export type Reach = Readonly<{ teamId: string; userId: string; projectId: string | null }>

export const kindColumns = { 'api-key': 'api_key', 'auth-file': 'auth_file', 'oauth-token': 'oauth_token' } as const satisfies Record<
  CredentialKind,
  string
>
const kinds = { api_key: 'api-key', auth_file: 'auth-file', oauth_token: 'oauth-token' } as const

/** Where the audit entry of a change is written: its own transaction. */
export type AuditDb = Parameters<typeof record>[0]

export type Tx = Prisma.TransactionClient

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
  /** Which tokens stand in it (`server/logins/store.ts`). */
  loginRevision: number
  lastFour: string
  fingerprint: string
  brokenCode: string | null
  /** `core/connections/verdict.ts`, as the last check left it. */
  verdict: string | null
  verdictAt: Date | null
  lastErrorCode: string | null
  lastErrorAt: Date | null
  lastUsedAt: Date | null
  replacedAt: Date | null
  /** `core/connections/login-facts.ts`; null for what is no login, or one that says nothing of itself. */
  loginFacts: unknown
  /** Named by hand (`server/primitives`): stays when nothing is attached to it any more. */
  isKept: boolean
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
  isShared: boolean
  createdBy: string
  createdAt: Date
  settings: Settings
  credential: CredentialRow
}

export const whole = { configuration: { include: { credential: true } } } as const satisfies Prisma.AttachmentInclude
export type Whole = Prisma.AttachmentGetPayload<{ include: typeof whole }>
export type StoredCredential = Whole['configuration']['credential']

export const toCredential = (row: StoredCredential): CredentialRow => ({
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

/** API keys that are attached and switched on where this person may use them, or where their team's projects do. */
export async function findKeyRows({ teamId, userId }: { teamId: string; userId: string }): Promise<CredentialRow[]> {
  const attached: Prisma.AttachmentWhereInput = {
    isEnabled: true,
    OR: [
      { scope: 'project', teamId },
      { scope: 'user', userId, teamId },
      { scope: 'platform', teamId: null },
    ],
  }
  const rows = await prisma().credential.findMany({
    where: { kind: 'api_key', revokedAt: null, configurations: { some: { attachments: { some: attached } } } },
    orderBy: { createdAt: 'asc' },
  })
  return rows.map(toCredential)
}

/** What stands there stays as it is otherwise. False when it is gone. */
export async function updateAttachment(
  id: string,
  data: { isEnabled: boolean } | { isShared: boolean },
  note: (db: AuditDb) => Promise<void>,
): Promise<boolean> {
  return prisma().$transaction(async (tx) => {
    const { count } = await tx.attachment.updateMany({ where: { id }, data })
    if (count > 0) await note(prismaDb(tx))
    return count > 0
  })
}

export async function findUserNames(userIds: readonly string[]): Promise<Map<string, string>> {
  const users = await prisma().user.findMany({ where: { id: { in: [...new Set(userIds)] } }, select: { id: true, name: true } })
  return new Map(users.map((user) => [user.id, user.name]))
}
