/** Projects of a team. An archived project is as good as gone; its chats stay readable. */
import type { AuditFacts } from '#core/audit/acts.ts'
import { isSeenBy } from '#server/access/chat-privacy.ts'
import type { ProjectScope, TeamScope } from '#server/access/scope.ts'
import { prismaDb, record } from '#server/audit/service.ts'
import { pool, prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'

export type ProjectRow = {
  projectId: string
  name: string
  repositoryUrl: string | null
  /** Of the chats that the asking person sees. */
  chatCount: number
  lastActivityAt: Date | null
  createdAt: Date
}

export async function listProjects({ teamId, userId }: TeamScope): Promise<ProjectRow[]> {
  const { rows } = await pool().query<ProjectRow>(
    `select p.id as "projectId", p.name, p."repositoryUrl", p."createdAt", count(c.id)::int as "chatCount", max(c."lastActivityAt") as "lastActivityAt"
     from project p left join chat c on c."projectId" = p.id and c."archivedAt" is null and ${isSeenBy('$2')}
     where p."teamId" = $1 and p."archivedAt" is null
     group by p.id order by coalesce(max(c."lastActivityAt"), p."createdAt") desc, p.id`,
    [teamId, userId],
  )
  return rows
}

export type ProjectDetails = {
  name: string
  repositoryUrl: string | null
  instructions: string
  nodeLabels: string[]
  createdByName: string
  createdAt: Date
}

export async function readProject({ teamId, projectId }: ProjectScope): Promise<ProjectDetails> {
  const { createdBy, ...project } = await prisma().project.findFirstOrThrow({
    where: { id: projectId, teamId },
    select: { name: true, repositoryUrl: true, instructions: true, nodeLabels: true, createdBy: true, createdAt: true },
  })
  const creator = await prisma().user.findUnique({ where: { id: createdBy }, select: { name: true } })
  return { ...project, createdByName: creator?.name ?? 'Somebody who left' }
}

export type ProjectFields = { name: string; repositoryUrl: string | null; instructions: string }

export async function insertProject({ teamId, userId }: TeamScope, fields: ProjectFields): Promise<string> {
  return prisma().$transaction(async (tx) => {
    const { id } = await tx.project.create({ data: { id: mintUuid(), teamId, createdBy: userId, ...fields }, select: { id: true } })
    await record(prismaDb(tx), {
      teamId,
      actorId: userId,
      act: 'project.created',
      subject: { kind: 'project', id },
      facts: { name: fields.name, repositoryUrl: fields.repositoryUrl },
    })
    return id
  })
}

/** Labels of nodes that its agents run on. */
type Placing = { nodeLabels: string[] }

export async function updateProject(scope: ProjectScope, fields: Partial<ProjectFields & Placing>): Promise<void> {
  // Instructions may be pages long: that they changed is told, what they say is not.
  const { name, repositoryUrl, nodeLabels } = fields
  const facts = {
    changed: Object.keys(fields).join(', '),
    ...(name === undefined ? {} : { name }),
    ...(repositoryUrl === undefined ? {} : { repositoryUrl }),
    ...(nodeLabels === undefined ? {} : { nodeLabels: nodeLabels.join(', ') }),
  }
  await change(scope, { data: fields, act: 'project.changed', facts })
}

export async function archiveProject(scope: ProjectScope, archivedAt: Date): Promise<void> {
  await change(scope, { data: { archivedAt }, act: 'project.archived', facts: {} })
}

type Change = {
  data: Partial<ProjectFields & Placing> & { archivedAt?: Date }
  act: 'project.changed' | 'project.archived'
  facts: AuditFacts
}

async function change({ teamId, projectId, userId }: ProjectScope, { data, act, facts }: Change): Promise<void> {
  await prisma().$transaction(async (tx) => {
    const [changed] = await tx.project.updateManyAndReturn({ where: { id: projectId, teamId }, data, select: { name: true } })
    if (!changed) return
    const subject = { kind: 'project', id: projectId } as const
    await record(prismaDb(tx), { teamId, actorId: userId, act, subject, facts: { ...changed, ...facts } })
  })
}
