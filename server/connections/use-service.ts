/**
 * What hangs on a connection, asked before it is taken away and beside its details: chats that stop, projects that
 * use it, and what would hold afterwards.
 * From: `router.ts`. Next: `use-store.ts`, and the pure resolver for what comes after.
 */
import type { Scope } from '#core/connections/connection.ts'
import { resolve } from '#core/connections/resolve.ts'
import type { FailureCode } from '#core/errors.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { describeAttachment, describeResolution, type AttachmentView, type ConnectionRow } from '#server/connections/connection-view.ts'
import { demandHarness, FORMER_MEMBER } from '#server/connections/offer.ts'
import { toAttachment } from '#server/connections/resolver.ts'
import { demandChangeable, demandVisible, mayChange, reachOf } from '#server/connections/rights.ts'
import { findReachable, findUserNames, type AttachmentRow } from '#server/connections/store.ts'
import { findUnreturned } from '#server/logins/service.ts'
import { findProjectName, findUsingChats, type UsingChat } from '#server/connections/use-store.ts'

export type StoppedChat = { chatId: string; title: string; projectId: string; projectName: string }

/** `privateStops` counts those of the team that only their creators see, `elsewhere` those of other teams. */
export type Stops = { stops: StoppedChat[]; privateStops: number; elsewhere: number }

/** Chats that an agent works for right now on this connection. */
export async function findStops(scope: TeamScope, row: AttachmentRow): Promise<Stops> {
  return stopsAmong(await findUsingChats(row, { userId: scope.userId, idleOf: null }), scope.teamId)
}

function stopsAmong(chats: readonly UsingChat[], teamId: string): Stops {
  const running = chats.filter((chat) => chat.isRunning)
  const own = running.filter((chat) => chat.teamId === teamId)
  const seen = own.filter((chat) => chat.isSeen)
  return {
    stops: seen.map(({ chatId, title, projectId, projectName }) => ({ chatId, title, projectId, projectName })),
    privateStops: own.length - seen.length,
    elsewhere: running.length - own.length,
  }
}

function projectsAmong(chats: readonly UsingChat[], teamId: string): { projectId: string; name: string }[] {
  const names = new Map(chats.filter((chat) => chat.isNearest && chat.teamId === teamId).map((chat) => [chat.projectId, chat.projectName]))
  return [...names].map(([projectId, name]) => ({ projectId, name })).toSorted((one, other) => one.name.localeCompare(other.name))
}

/** What holds once the connection is gone or disabled. */
export type Afterwards = {
  state: ConnectionRow['resolution']['state']
  code: FailureCode | null
  scope: Scope | null
  credentialName: string | null
}

export type Preview = Stops & {
  /** Without regard to a project; for a project's own connection, in that project. */
  afterwards: Afterwards
}

/**
 * For the dialogs before an act. `afterwards` speaks of whoever owns a personal connection, and of the caller otherwise,
 * since everybody may have one of their own behind it.
 * @throws connection.missing, access.denied
 */
export async function previewRemoval(
  scope: TeamScope,
  { connectionId, act }: { connectionId: string; act: 'disconnect' | 'disable' },
): Promise<Preview> {
  const row = await demandChangeable(scope, connectionId, { isRemoval: act === 'disconnect' })
  const userId = row.scope === 'user' ? row.userId! : scope.userId
  const reach = { teamId: scope.teamId, userId, projectId: row.projectId }
  return { ...(await findStops(scope, row)), afterwards: await afterwardsOf(row, { reach, act }) }
}

type Change = { reach: Parameters<typeof findReachable>[0]; act: 'disconnect' | 'disable' }

async function afterwardsOf(row: AttachmentRow, { reach, act }: Change): Promise<Afterwards> {
  const rows = (await findReachable(reach, row.harness)).flatMap((each) => {
    if (each.id !== row.id) return [each]
    return act === 'disable' ? [{ ...each, isEnabled: false }] : []
  })
  const { state, code, scope } = describeResolution(resolve(rows.map(toAttachment), demandHarness(row.harness)), rows)
  return { state, code, scope, credentialName: rows.find((each) => each.scope === scope)?.credential.name ?? null }
}

export type Details = AttachmentView & {
  harness: string
  harnessName: string
  projectId: string | null
  projectName: string | null
  /** When the secret that it holds now took the place of another; null while it is the first one. */
  replacedAt: string | null
  usedBy: { projects: { projectId: string; name: string }[]; chats: StoppedChat[]; privateChats: number; elsewhere: number }
}

/** Everything that may be said of a connection that one sees. @throws connection.missing, project.missing */
export async function describeConnection(scope: TeamScope, { connectionId }: { connectionId: string }): Promise<Details> {
  const row = await demandVisible(scope, connectionId)
  const harness = demandHarness(row.harness)
  const { project } = await reachOf(scope, row.projectId ?? undefined)
  const [chats, names, projectName, unreturned] = await Promise.all([
    findUsingChats(row, { userId: scope.userId, idleOf: scope.teamId }),
    findUserNames([row.createdBy]),
    row.projectId === null ? null : findProjectName(row.projectId),
    findUnreturned([row.credential.id]),
  ])
  const { stops, privateStops, elsewhere } = stopsAmong(chats, scope.teamId)
  return {
    ...describeAttachment(row, {
      harness,
      scope,
      createdByName: names.get(row.createdBy) ?? FORMER_MEMBER,
      mayChange: mayChange(scope, row, project),
      unreturned,
    }),
    harness: harness.id,
    harnessName: harness.name,
    projectId: row.projectId,
    projectName,
    replacedAt: row.credential.replacedAt?.toISOString() ?? null,
    usedBy: { projects: projectsAmong(chats, scope.teamId), chats: stops, privateChats: privateStops, elsewhere },
  }
}
