/**
 * Who may do what, as one table. An act is looked up with the role that somebody has
 * in the place; what is not listed is denied.
 */
export type TeamRole = 'admin' | 'member' | 'viewer'
export type ProjectRole = 'maintainer' | 'member' | 'viewer'

/**
 * `read`: see it. `prompt`: use what is shared (start and name chats, prompt, approve, stop)
 * and keep connections of one's own. `manage`: change what others rely on
 * (members, nodes, project settings, shared connections).
 */
export const acts = {
  read: { team: ['admin', 'member', 'viewer'], project: ['maintainer', 'member', 'viewer'] },
  prompt: { team: ['admin', 'member'], project: ['maintainer', 'member'] },
  manage: { team: ['admin'], project: ['maintainer'] },
} as const satisfies Record<string, { team: readonly TeamRole[]; project: readonly ProjectRole[] }>

export type Act = keyof typeof acts

export const mayInTeam = (role: TeamRole, act: Act): boolean => (acts[act].team as readonly TeamRole[]).includes(role)

export const mayInProject = (role: ProjectRole, act: Act): boolean => (acts[act].project as readonly ProjectRole[]).includes(role)

/** A team's admins maintain every project; a member maintains those that they created. */
export function projectRoleOf({ role, isCreator }: { role: TeamRole; isCreator: boolean }): ProjectRole {
  if (role === 'admin') return 'maintainer'
  if (role === 'viewer') return 'viewer'
  return isCreator ? 'maintainer' : 'member'
}

const ranks: readonly TeamRole[] = ['viewer', 'member', 'admin']

/** A role can be given up to one's own. */
export const reachesRole = (own: TeamRole, given: TeamRole): boolean => ranks.indexOf(own) >= ranks.indexOf(given)
