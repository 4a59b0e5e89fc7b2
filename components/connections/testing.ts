/** Rows and lanes for the tests of this folder. */
import type { Scope } from '#core/connections/connection.ts'
import { type Attachment, type ConnectionRow, type Lane, lanesOf, type Rights } from '#components/connections/lanes.model.ts'

export const everything: Rights = { manageProject: true, connectOwn: true, ownInstance: true }
export const member: Rights = { manageProject: false, connectOwn: true, ownInstance: false }

export const attachmentIn = (scope: Scope, kind: Attachment['credential']['kind'] = 'api-key') =>
  ({
    connectionId: `c-${scope}`,
    scope,
    isMine: true,
    code: null,
    createdByName: 'Mei Lin',
    settings: {},
    credential: { credentialId: `k-${scope}`, name: 'OpenAI key', kind, lastFour: 'wxyz', fingerprint: 'abcdef0123' },
  }) as unknown as Attachment

type State = ConnectionRow['resolution']['state']

export const rowWith = (state: State, decides: Scope | null, held: readonly Scope[]) => ({
  resolution: { state, code: null, scope: decides, connectionId: decides && `c-${decides}` },
  attachments: held.map((scope) => attachmentIn(scope)),
})

/** In a project; what is held there may be changed where its lane may. */
export const lanesWith = (state: State, decides: Scope | null, held: readonly Scope[], rights: Rights = everything): Lane[] =>
  lanesOf(rowWith(state, decides, held), { isInProject: true, rights })
