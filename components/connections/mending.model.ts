/** The one act that a row offers first: it mends what is wrong, or is what people most often want of a row that works. */
import type { Scope } from '#core/connections/connection.ts'
import { type Attachment, decidingLane, fallbackOf, type Lane, likelyScope } from '#components/connections/lanes.model.ts'

export type FirstAct =
  | { is: 'connect'; scope: Scope; label: string; mends: boolean }
  | { is: 'replace'; scope: Scope; attachment: Attachment; label: string; mends: boolean }
  | { is: 'enable'; attachment: Attachment; label: string; mends: true }
  /** Nothing here that I may change would mend it. */
  | { is: 'ask'; name: string }

const isLogin = ({ credential }: Attachment) => credential.kind !== 'api-key'

export function firstAct(lanes: readonly Lane[]): FirstAct | null {
  const deciding = decidingLane(lanes)
  const own = likelyScope(lanes)
  if (!deciding) return own && { is: 'connect', scope: own, label: 'Connect', mends: true }
  const { attachment, scope, mayChange } = deciding
  // A nearer lane that I may fill goes before what decides now.
  const nearer = lanes.slice(0, lanes.indexOf(deciding)).find((each) => each.mayChange)
  const beside = nearer && ({ is: 'connect', scope: nearer.scope, label: overrideLabel(nearer.scope) } as const)
  switch (deciding.is) {
    case 'disabled':
      if (mayChange) return { is: 'enable', attachment, label: 'Enable', mends: true }
      break
    case 'broken':
      if (mayChange) return { is: 'replace', scope, attachment, label: isLogin(attachment) ? 'Sign in again' : 'Replace', mends: true }
      break
    default:
      if (beside) return { ...beside, mends: false }
      return mayChange ? { is: 'replace', scope, attachment, label: 'Replace', mends: false } : null
  }
  return beside ? { ...beside, mends: true } : { is: 'ask', name: attachment.createdByName }
}

/** What filling an empty lane is called, where something else holds meanwhile. */
export const overrideLabel = (scope: Scope): string =>
  ({ project: 'Override for this project', user: 'Connect your own', platform: 'Connect for everybody' })[scope]

export type Removal = 'disconnect' | 'remove-override' | 'resume-inheritance'

/** What emptying a lane means to a person: a project's own is an override, and one that halts holds back what is behind it. */
export function removalOf(lanes: readonly Lane[], lane: Lane): Removal {
  const isHalting = lane.is === 'disabled' || lane.is === 'broken'
  if (isHalting && fallbackOf(lanes, lane.scope)) return 'resume-inheritance'
  return lane.scope === 'project' ? 'remove-override' : 'disconnect'
}

export const removalWords: Readonly<Record<Removal, { act: string; title: (name: string) => string; done: string }>> = {
  disconnect: { act: 'Disconnect', title: (name) => `Disconnect ${name}?`, done: 'Disconnected' },
  'remove-override': { act: 'Remove override', title: (name) => `Remove the override ${name}?`, done: 'Override removed' },
  'resume-inheritance': { act: 'Resume inheritance', title: () => 'Resume inheritance?', done: 'Inheritance resumed' },
}
