/**
 * A harness's connections as lanes, one for each scope, in the order in which they are
 * asked: the first that is not empty decides, and all behind it are not reached.
 * `mending.model.ts` says which one act mends what they show.
 */
import type { Scope } from '#core/connections/connection.ts'
import type { Outputs } from '#components/trpc/trpc.ts'

export type ConnectionRow = Outputs['connections']['list'][number]
export type Attachment = ConnectionRow['attachments'][number]

/**
 * `active`: pays here. `disabled`, `broken`: would pay, but cannot, and nothing takes its place.
 * `inherits`: empty, so the next lane is asked. `passed-over`: holds something, and a nearer lane decides.
 * `empty`: holds nothing, and there is nothing behind it, or nobody asks.
 */
export type LaneState = 'active' | 'disabled' | 'broken' | 'inherits' | 'passed-over' | 'empty'

export type Lane = { scope: Scope; attachment: Attachment | null; is: LaneState; mayChange: boolean }

export type Rights = { manageProject: boolean; connectOwn: boolean; ownInstance: boolean }

const mayChange = (scope: Scope, rights: Rights): boolean =>
  ({ project: rights.manageProject, user: rights.connectOwn, platform: rights.ownInstance })[scope]

/** Without a project there is no project lane. */
export function lanesOf(
  row: Pick<ConnectionRow, 'resolution' | 'attachments'>,
  { isInProject, rights }: { isInProject: boolean; rights: Rights },
): Lane[] {
  const scopes: readonly Scope[] = isInProject ? ['project', 'user', 'platform'] : ['user', 'platform']
  const decides = scopes.findIndex((scope) => row.resolution.connectionId !== null && scope === row.resolution.scope)
  return scopes.map((scope, at) => {
    const attachment = row.attachments.find((each) => each.scope === scope) ?? null
    const isAsked = decides === -1 || at < decides
    return {
      scope,
      attachment,
      mayChange: attachment?.mayChange ?? mayChange(scope, rights),
      is: laneState(row, { scope, attachment, isAsked }),
    }
  })
}

function laneState(
  { resolution }: Pick<ConnectionRow, 'resolution'>,
  { scope, attachment, isAsked }: { scope: Scope; attachment: Attachment | null; isAsked: boolean },
): LaneState {
  if (!attachment) return isAsked && scope !== 'platform' ? 'inherits' : 'empty'
  if (attachment.connectionId !== resolution.connectionId) return 'passed-over'
  return resolution.state === 'missing' ? 'passed-over' : resolution.state
}

/** The lane that decides; null when nothing is connected anywhere. */
export const decidingLane = (lanes: readonly Lane[]): (Lane & { attachment: Attachment }) | null =>
  lanes.find((each): each is Lane & { attachment: Attachment } => ['active', 'disabled', 'broken'].includes(each.is)) ?? null

/** The state of a row on its page: what stands in the page's own scope, or what that inherits. */
export type RowState = 'active' | 'inherits' | 'disabled' | 'broken' | 'missing'

export function rowState(lanes: readonly Lane[]): RowState {
  const deciding = decidingLane(lanes)
  if (!deciding) return 'missing'
  return deciding.is === 'active' && deciding !== lanes[0] ? 'inherits' : (deciding.is as RowState)
}

/** The scope in which somebody most likely wants to connect: their own if they may, else the nearest they may change. */
export function likelyScope(lanes: readonly Lane[]): Scope | null {
  const mine = lanes.filter((each) => each.mayChange)
  return (mine.find((each) => each.scope === 'user') ?? mine[0])?.scope ?? null
}

/** What holds once a lane is empty: the next lane behind it that holds anything. */
export function fallbackOf(lanes: readonly Lane[], scope: Scope): (Lane & { attachment: Attachment }) | null {
  const behind = lanes.slice(lanes.findIndex((each) => each.scope === scope) + 1)
  return behind.find((each): each is Lane & { attachment: Attachment } => each.attachment !== null) ?? null
}

/** Whose or which one it is: the account of a login, else the end of a key, else a piece of the fingerprint. */
export const identityOf = ({ credential, login }: Pick<Attachment, 'credential' | 'login'>): string => login?.email ?? maskOf(credential)

/** "····wxyz", or the fingerprint of what has no last four. */
export const maskOf = ({ lastFour, fingerprint }: Pick<Attachment['credential'], 'lastFour' | 'fingerprint'>): string =>
  lastFour ? `····${lastFour}` : fingerprint.slice(0, 8)
