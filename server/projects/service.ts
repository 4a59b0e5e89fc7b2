/** Projects: what a team works on, with a git repository or without. */
import { checkRepositoryUrl } from '#core/projects/repository.ts'
import { DomainError } from '#core/errors.ts'
import type { ProjectRole } from '#server/access/acts.ts'
import type { ProjectScope, TeamScope } from '#server/access/scope.ts'
import { archiveProject, insertProject, listProjects, readProject, updateProject } from '#server/projects/store.ts'

export type ProjectSummary = {
  projectId: string
  name: string
  repositoryUrl: string | null
  chatCount: number
  lastActivityAt: string | null
  createdAt: string
}
export type ProjectView = {
  projectId: string
  name: string
  repositoryUrl: string | null
  instructions: string
  createdByName: string
  createdAt: string
  role: ProjectRole
}

/** The one last worked in first. */
export async function summarizeProjects(scope: TeamScope): Promise<ProjectSummary[]> {
  const rows = await listProjects(scope)
  return rows.map((row) => ({ ...row, lastActivityAt: row.lastActivityAt?.toISOString() ?? null, createdAt: row.createdAt.toISOString() }))
}

export async function describeProject(scope: ProjectScope): Promise<ProjectView> {
  const { createdAt, ...project } = await readProject(scope)
  return { projectId: scope.projectId, ...project, createdAt: createdAt.toISOString(), role: scope.projectRole }
}

type NewProject = { name: string; repositoryUrl?: string | null | undefined; instructions?: string | undefined }

/** @throws repository.unusable */
export async function createProject(
  scope: TeamScope,
  { name, repositoryUrl, instructions = '' }: NewProject,
): Promise<{ projectId: string }> {
  return { projectId: await insertProject(scope, { name, repositoryUrl: repositoryOf(repositoryUrl), instructions }) }
}

/** Chats that have their workspace already keep the repository they cloned. @throws repository.unusable */
export async function changeProject(scope: ProjectScope, { name, repositoryUrl, instructions }: Partial<NewProject>): Promise<void> {
  await updateProject(scope, {
    ...(name === undefined ? {} : { name }),
    ...(repositoryUrl === undefined ? {} : { repositoryUrl: repositoryOf(repositoryUrl) }),
    ...(instructions === undefined ? {} : { instructions }),
  })
}

export const archive = (scope: ProjectScope): Promise<void> => archiveProject(scope, new Date())

function repositoryOf(text: string | null | undefined): string | null {
  if (text === null || text === undefined || text.trim() === '') return null
  const verdict = checkRepositoryUrl(text)
  if (!verdict.ok) throw new DomainError('repository.unusable', { reason: verdict.reason })
  return verdict.url
}
