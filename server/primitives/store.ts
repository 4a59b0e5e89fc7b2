/**
 * What a person can see of the primitives: credentials with the configurations that use them, and where those are
 * attached. Written by `credential-store.ts`, `configuration-store.ts`, `attachment-store.ts`. A sealed secret leaves
 * this noun only towards `connections/resolver.ts`, which tells whether it can be read.
 */
import type { Settings } from '#core/connections/connection.ts'
import { type CredentialRow, toCredential } from '#server/connections/rows.ts'
import { prisma } from '#server/db/client.ts'
import type { Prisma } from '#server/db/generated/client.ts'

/** Whose primitives somebody sees: their own, those of projects that they maintain, the instance's if it is theirs. */
export type Reach = Readonly<{ teamId: string; userId: string; isTeamAdmin: boolean; isInstanceOwner: boolean }>

const attached = { project: { select: { name: true, createdBy: true, archivedAt: true } } } as const satisfies Prisma.AttachmentInclude
const bound = { attachments: { include: attached, orderBy: { createdAt: 'asc' } } } as const satisfies Prisma.ConfigurationInclude
const graph = { configurations: { include: bound, orderBy: { createdAt: 'asc' } } } as const satisfies Prisma.CredentialInclude

type Stored = Prisma.CredentialGetPayload<{ include: typeof graph }>
export type AttachmentNode = Stored['configurations'][number]['attachments'][number]
export type ConfigurationNode = Omit<Stored['configurations'][number], 'settings'> & { settings: Settings }
export type CredentialNode = CredentialRow & Pick<Stored, 'createdAt'> & { configurations: ConfigurationNode[] }

const toNode = (row: Stored): CredentialNode => ({
  ...toCredential(row),
  createdAt: row.createdAt,
  configurations: row.configurations.map((each) => ({ ...each, settings: each.settings as Settings })),
})

function visible({ teamId, userId, isTeamAdmin, isInstanceOwner }: Reach): Prisma.CredentialWhereInput {
  const where = (attachment: Prisma.AttachmentWhereInput) => ({ configurations: { some: { attachments: { some: attachment } } } })
  return {
    revokedAt: null,
    OR: [
      // Whoever pasted what is in it.
      { teamId, createdBy: userId },
      where({ scope: 'user', teamId, userId }),
      where({ scope: 'project', teamId, ...(isTeamAdmin ? {} : { project: { createdBy: userId } }) }),
      ...(isInstanceOwner ? [{ teamId: null }] : []),
    ],
  }
}

/** Newest first. */
export async function findVisible(reach: Reach): Promise<CredentialNode[]> {
  const rows = await prisma().credential.findMany({
    where: visible(reach),
    include: graph,
    orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
  })
  return rows.map(toNode)
}

/** The one of which this is the id, or which holds that configuration or attachment; null when it is not to be seen. */
export async function findVisibleBy(
  reach: Reach,
  id: { credentialId: string } | { configurationId: string } | { attachmentId: string },
): Promise<CredentialNode | null> {
  const where =
    'credentialId' in id
      ? { id: id.credentialId }
      : {
          configurations: {
            some: 'configurationId' in id ? { id: id.configurationId } : { attachments: { some: { id: id.attachmentId } } },
          },
        }
  const row = await prisma().credential.findFirst({ where: { AND: [visible(reach), where] }, include: graph })
  return row && toNode(row)
}
