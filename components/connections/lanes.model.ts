/**
 * A harness's connections as lanes, one for each scope, in the order in which they are
 * asked: the first that is not empty decides, and all behind it are not reached.
 */
import type { Scope } from '#core/connections/connection.ts'
import type { Tone } from '#components/ui/tone.ts'
import type { Outputs } from '#components/trpc/trpc.ts'

export type ConnectionRow = Outputs['connections']['list'][number]
export type Attachment = ConnectionRow['attachments'][number]

export type Lane = {
  scope: Scope
  attachment: Attachment | null
  /** `used`: pays here. `halts`: would pay, but cannot. `passed-over`: something nearer decides. `empty`: inherits. */
  is: 'used' | 'halts' | 'passed-over' | 'empty'
  mayChange: boolean
}

export type Rights = { manageProject: boolean; connectOwn: boolean; ownInstance: boolean }

const mayChange = (scope: Scope, rights: Rights): boolean =>
  ({ project: rights.manageProject, user: rights.connectOwn, platform: rights.ownInstance })[scope]

/** Without a project there is no project lane. */
export function lanesOf(
  row: Pick<ConnectionRow, 'resolution' | 'attachments'>,
  { isInProject, rights }: { isInProject: boolean; rights: Rights },
): Lane[] {
  const scopes: readonly Scope[] = isInProject ? ['project', 'user', 'platform'] : ['user', 'platform']
  return scopes.map((scope) => {
    const attachment = row.attachments.find((each) => each.scope === scope) ?? null
    return { scope, attachment, is: laneState(row, attachment), mayChange: mayChange(scope, rights) }
  })
}

function laneState({ resolution }: Pick<ConnectionRow, 'resolution'>, attachment: Attachment | null): Lane['is'] {
  if (!attachment) return 'empty'
  if (attachment.connectionId !== resolution.connectionId) return 'passed-over'
  return resolution.state === 'active' ? 'used' : 'halts'
}

/** The state of a row in a word. */
export const resolutionLook = {
  active: { tone: 'good', word: 'Ready' },
  missing: { tone: 'quiet', word: 'Not connected' },
  disabled: { tone: 'warn', word: 'Switched off' },
  broken: { tone: 'bad', word: 'Needs a new credential' },
} as const satisfies Record<ConnectionRow['resolution']['state'], { tone: Tone; word: string }>

/** The scope in which somebody most likely wants to connect: the nearest empty one they may change, else the nearest they may change. */
export function likelyScope(lanes: readonly Lane[]): Scope | null {
  const mine = lanes.filter((each) => each.mayChange)
  return (mine.find((each) => each.scope === 'user') ?? mine[0])?.scope ?? null
}

/** What a disconnected lane falls back to: the next lane behind it that holds anything. */
export function fallbackOf(lanes: readonly Lane[], scope: Scope): Lane | null {
  return lanes.slice(lanes.findIndex((each) => each.scope === scope) + 1).find((each) => each.attachment) ?? null
}

/** "····wxyz", or the fingerprint of what has no last four. */
export const maskOf = ({ lastFour, fingerprint }: Attachment['credential']): string =>
  lastFour ? `····${lastFour}` : fingerprint.slice(0, 8)
