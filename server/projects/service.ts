/** Projects: what a team works on, with a git repository or without. */
import { checkRepositoryUrl, isLocalRepository } from '#core/projects/repository.ts'
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
  nodeLabels: string[]
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

/** @throws repository.unusable; access.denied for a folder that is not this person's to name */
export async function createProject(
  scope: TeamScope,
  { name, repositoryUrl, instructions = '' }: NewProject,
): Promise<{ projectId: string }> {
  const repository = repositoryOf(repositoryUrl)
  demandNameable(scope, repository)
  return { projectId: await insertProject(scope, { name, repositoryUrl: repository, instructions }) }
}

type ChangedProject = Partial<NewProject> & { nodeLabels?: string[] | undefined }

/** Chats that have their workspace already keep the repository they cloned. @throws as `createProject` */
export async function changeProject(scope: ProjectScope, { name, repositoryUrl, instructions, nodeLabels }: ChangedProject): Promise<void> {
  const repository = repositoryUrl === undefined ? undefined : repositoryOf(repositoryUrl)
  // What stands there already was named by somebody who might: a form sends it along with what has changed.
  if (repository && repository !== (await readProject(scope)).repositoryUrl) demandNameable(scope, repository)
  await updateProject(scope, {
    ...(name === undefined ? {} : { name }),
    ...(repository === undefined ? {} : { repositoryUrl: repository }),
    ...(instructions === undefined ? {} : { instructions }),
    ...(nodeLabels === undefined ? {} : { nodeLabels }),
  })
}

export const archive = (scope: ProjectScope): Promise<void> => archiveProject(scope, new Date())

/**
 * A folder of the machine holds what its owner may read, not what a member of a team may: it is named by those who
 * answer for machines.
 */
function demandNameable({ role, isInstanceOwner }: TeamScope, repository: string | null): void {
  if (repository && isLocalRepository(repository) && role !== 'admin' && !isInstanceOwner) throw new DomainError('access.denied')
}

function repositoryOf(text: string | null | undefined): string | null {
  if (text === null || text === undefined || text.trim() === '') return null
  const verdict = checkRepositoryUrl(text)
  if (!verdict.ok) throw new DomainError('repository.unusable', { reason: verdict.reason })
  return verdict.url
}
