import type { Outputs } from '#components/trpc/trpc.ts'

export type TeamView = Outputs['team']['get']
export type Member = TeamView['members'][number]
export type Role = Member['role']

/** What each role may, in one line, where it is chosen. */
export const roles = [
  { value: 'admin', label: 'Admin', note: 'Also invites people, sets roles, runs nodes.' },
  { value: 'member', label: 'Member', note: 'Starts chats, prompts, answers agents, connects own credentials.' },
  { value: 'viewer', label: 'Viewer', note: 'Reads everything, changes nothing.' },
] as const satisfies readonly { value: Role; label: string; note: string }[]

export const roleName = (role: Role): string => roles.find((each) => each.value === role)?.label ?? role

/** A team keeps an admin, so the last one can neither be changed nor removed. */
export const isLastAdmin = (member: Pick<Member, 'role' | 'userId'>, members: readonly Pick<Member, 'role' | 'userId'>[]): boolean =>
  member.role === 'admin' && !members.some((each) => each.role === 'admin' && each.userId !== member.userId)
