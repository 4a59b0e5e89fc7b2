/**
 * Who may do what with a primitive. A credential belongs to the instance, or else to whoever pasted what is in it,
 * who sees it and may take it away from everywhere. Whoever rules a place where it is attached sees it too; it is
 * changed by whoever rules all of them.
 */
import { isNativeLogin } from '#core/connections/connection.ts'
import { mayInProject, projectRoleOf } from '#server/access/acts.ts'
import type { TeamScope } from '#server/access/scope.ts'
import type { AttachmentNode, ConfigurationNode, CredentialNode, Reach } from '#server/primitives/store.ts'

export const reachOf = ({ teamId, userId, role, isInstanceOwner }: TeamScope): Reach => ({
  teamId,
  userId,
  isTeamAdmin: role === 'admin',
  isInstanceOwner,
})

/** Archived projects count: what is attached there can still be taken away. */
export function rulesPlace({ teamId, userId, role, isInstanceOwner }: TeamScope, place: AttachmentNode): boolean {
  switch (place.scope) {
    case 'project':
      return place.teamId === teamId && mayInProject(projectRoleOf({ role, isCreator: place.project?.createdBy === userId }), 'manage')
    case 'user':
      return place.teamId === teamId && place.userId === userId
    case 'platform':
      return isInstanceOwner
  }
}

export const owns = ({ teamId, userId, isInstanceOwner }: TeamScope, credential: CredentialNode): boolean =>
  credential.teamId === null ? isInstanceOwner : credential.teamId === teamId && credential.createdBy === userId

/**
 * Its name and its secret: those are everybody's who runs on it. Having pasted it once gives no power over places that
 * one does not rule, or no longer; the instance's is its owner's wherever it is used.
 */
export function mayChangeCredential(scope: TeamScope, credential: CredentialNode): boolean {
  const places = credential.configurations.flatMap((each) => each.attachments)
  if (credential.teamId === null || places.length === 0) return owns(scope, credential)
  return places.every((place) => rulesPlace(scope, place))
}

/** Where it holds nowhere, it is a matter of its credential. */
export const mayChangeConfiguration = (scope: TeamScope, { attachments }: ConfigurationNode, credential: CredentialNode): boolean =>
  attachments.length === 0
    ? owns(scope, credential) || mayChangeCredential(scope, credential)
    : attachments.every((place) => rulesPlace(scope, place))

/** Whoever owns a credential may take it away from everywhere; an admin, from everybody of the team. */
export const mayDetach = (scope: TeamScope, place: AttachmentNode, credential: CredentialNode): boolean =>
  rulesPlace(scope, place) || owns(scope, credential) || (place.scope === 'user' && place.teamId === scope.teamId && scope.role === 'admin')

/** Using a login means seeing it, so nobody but its owner hands one on. */
export const mayBind = (scope: TeamScope, { kind, createdBy }: CredentialNode): boolean =>
  !isNativeLogin(kind) || createdBy === scope.userId
