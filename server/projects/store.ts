/** Projects of a team. An archived project is as good as gone; its chats stay readable. */
import type { ProjectScope, TeamScope } from '#server/access/scope.ts'
import { pool, prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'

export type ProjectRow = {
  projectId: string
  name: string
  repositoryUrl: string | null
  chatCount: number
  lastActivityAt: Date | null
  createdAt: Date
}

export async function listProjects({ teamId }: TeamScope): Promise<ProjectRow[]> {
  const { rows } = await pool().query<ProjectRow>(
    `select p.id as "projectId", p.name, p."repositoryUrl", p."createdAt", count(c.id)::int as "chatCount", max(c."lastActivityAt") as "lastActivityAt"
     from project p left join chat c on c."projectId" = p.id and c."archivedAt" is null
     where p."teamId" = $1 and p."archivedAt" is null
     group by p.id order by coalesce(max(c."lastActivityAt"), p."createdAt") desc, p.id`,
    [teamId],
  )
  return rows
}

export type ProjectDetails = { name: string; repositoryUrl: string | null; instructions: string; createdByName: string; createdAt: Date }

export async function readProject({ teamId, projectId }: ProjectScope): Promise<ProjectDetails> {
  const { createdBy, ...project } = await prisma().project.findFirstOrThrow({
    where: { id: projectId, teamId },
    select: { name: true, repositoryUrl: true, instructions: true, createdBy: true, createdAt: true },
  })
  const creator = await prisma().user.findUnique({ where: { id: createdBy }, select: { name: true } })
  return { ...project, createdByName: creator?.name ?? 'Somebody who left' }
}

export type ProjectFields = { name: string; repositoryUrl: string | null; instructions: string }

export async function insertProject({ teamId, userId }: TeamScope, fields: ProjectFields): Promise<string> {
  const { id } = await prisma().project.create({ data: { id: mintUuid(), teamId, createdBy: userId, ...fields }, select: { id: true } })
  return id
}

export async function updateProject({ teamId, projectId }: ProjectScope, fields: Partial<ProjectFields>): Promise<void> {
  await prisma().project.updateMany({ where: { id: projectId, teamId }, data: fields })
}

export async function archiveProject({ teamId, projectId }: ProjectScope, archivedAt: Date): Promise<void> {
  await prisma().project.updateMany({ where: { id: projectId, teamId }, data: { archivedAt } })
}
