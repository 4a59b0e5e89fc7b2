/** What removing a member would end, for whoever is about to. From: `router.ts`. The removal itself is `service.ts`'s. */
import { openStates } from '#core/connections/sign-in.ts'
import { DomainError } from '#core/errors.ts'
import { harnessName } from '#core/harnesses/registry.ts'
import type { TeamScope } from '#server/access/scope.ts'
import {
  countBelongings,
  findAffectedConnections,
  findJoinedNodes,
  findStoppedChats,
  type AffectedChat,
  type AffectedConnection,
  type JoinedNode,
} from '#server/teams/removal-store.ts'
import { readTeam } from '#server/teams/store.ts'

type OfHarness = { harness: string; harnessName: string }

export type RemovalPreview = {
  name: string
  /** Chats that stop. */
  chats: AffectedChat[]
  /** And how many more that the asking person does not see. */
  privateChats: number
  /** Machines that they let join: no team's chats run there any more. */
  nodes: JoinedNode[]
  /** Personal access tokens, signed-in browsers with their sockets, open invitations and sign-ins that end. */
  tokens: number
  sessions: number
  invitations: number
  signIns: number
  /** Personal connections that are destroyed; an admin may also disconnect one of them by its id. */
  connections: (OfHarness & { connectionId: string; kind: AffectedConnection['kind'] })[]
  /** Projects whose own connection stands on what they connected: a key stays the project's, a login goes. */
  projects: (OfHarness & { projectId: string; name: string; becomes: 'destroyed' | 'stays' })[]
}

/** @throws member.missing */
export async function previewRemoval(scope: TeamScope, userId: string): Promise<RemovalPreview> {
  const member = (await readTeam(scope)).members.find((each) => each.userId === userId)
  if (!member) throw new DomainError('member.missing')
  const who = { teamId: scope.teamId, userId }
  const [chats, nodes, counts, affected] = await Promise.all([
    findStoppedChats(who, scope.userId),
    findJoinedNodes(userId),
    countBelongings(who, openStates),
    findAffectedConnections(who),
  ])
  const named = ({ harness }: AffectedConnection): OfHarness => ({ harness, harnessName: harnessName(harness) })
  const personal = affected.filter((each) => each.projectId === null)
  return {
    name: member.name,
    chats: chats.seen,
    privateChats: chats.unseen,
    nodes,
    ...counts,
    connections: personal.map((each) => ({ connectionId: each.connectionId, ...named(each), kind: each.kind })),
    projects: affected.flatMap((each) =>
      each.projectId === null || each.projectName === null
        ? []
        : [{ ...named(each), projectId: each.projectId, name: each.projectName, becomes: each.isDestroyed ? 'destroyed' : 'stays' }],
    ),
  }
}
