/**
 * Who may see, change and remove a connection. The rules differ by scope, so the services ask here instead of
 * the routers. What one may not see answers like what is not there.
 * Next: `server/access/scope.ts` for projects, `store.ts` for the row.
 */
import type { Scope } from '#core/connections/connection.ts'
import { DomainError } from '#core/errors.ts'
import { mayInProject } from '#server/access/acts.ts'
import { enterProject, type ProjectScope, type TeamScope } from '#server/access/scope.ts'
import { findAttachment, type AttachmentRow, type Reach } from '#server/connections/store.ts'

/** The project is proven before its connections are read. */
export async function reachOf(scope: TeamScope, projectId: string | undefined): Promise<{ reach: Reach; project: ProjectScope | null }> {
  const project = projectId === undefined ? null : await enterProject(scope, { act: 'read', projectId })
  return { project, reach: { teamId: scope.teamId, userId: scope.userId, projectId: project?.projectId ?? null } }
}

/** Who may attach here: a project's maintainers, a person for themselves, the instance owner. @throws access.denied, project.missing */
export async function demandPlace(
  scope: TeamScope,
  { scope: place, projectId }: { scope: Scope; projectId?: string | undefined },
): Promise<string | null> {
  switch (place) {
    case 'project':
      if (projectId === undefined) throw new DomainError('request.invalid', { field: 'projectId' })
      return (await enterProject(scope, { act: 'manage', projectId })).projectId
    case 'user':
      if (scope.role === 'viewer') throw new DomainError('access.denied')
      return null
    case 'platform':
      if (!scope.isInstanceOwner) throw new DomainError('access.denied')
      return null
  }
}

/**
 * The attachment, if the caller may change it. Somebody else's personal one is unknown to all but admins, who may
 * remove it and do nothing else with it.
 * @throws connection.missing, access.denied
 */
export async function demandChangeable(
  scope: TeamScope,
  connectionId: string,
  { isRemoval = false }: { isRemoval?: boolean } = {},
): Promise<AttachmentRow> {
  const row = await findAttachment(scope.teamId, connectionId)
  if (!row) throw new DomainError('connection.missing')
  if (row.scope !== 'user') await demandPlace(scope, { scope: row.scope, projectId: row.projectId ?? undefined })
  else if (row.userId !== scope.userId && !(isRemoval && scope.role === 'admin')) throw new DomainError('connection.missing')
  return row
}

/** The attachment, if the caller sees it in a list. @throws connection.missing */
export async function demandVisible(scope: TeamScope, connectionId: string): Promise<AttachmentRow> {
  const row = await findAttachment(scope.teamId, connectionId)
  if (!row || (row.scope === 'user' && row.userId !== scope.userId)) throw new DomainError('connection.missing')
  if (row.scope === 'project') await enterProject(scope, { act: 'read', projectId: row.projectId! })
  return row
}

/** For rows that the caller sees: whether validate, replace, disable and disconnect are theirs. */
export function mayChange(scope: TeamScope, row: Pick<AttachmentRow, 'scope' | 'userId'>, project: ProjectScope | null): boolean {
  switch (row.scope) {
    case 'project':
      return project !== null && mayInProject(project.projectRole, 'manage')
    case 'user':
      return row.userId === scope.userId
    case 'platform':
      return scope.isInstanceOwner
  }
}
