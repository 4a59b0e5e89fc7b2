import { describe, expect, it } from 'vitest'
import {
  type Attachment,
  type ConnectionRow,
  fallbackOf,
  lanesOf,
  likelyScope,
  maskOf,
  type Rights,
} from '#components/connections/lanes.model.ts'

const attachment = (scope: Attachment['scope']) =>
  ({ connectionId: `c-${scope}`, scope, credential: { lastFour: 'wxyz', fingerprint: 'abcdef0123' } }) as Attachment
const row = (state: ConnectionRow['resolution']['state'], decides: Attachment['scope'] | null, ...scopes: Attachment['scope'][]) => ({
  resolution: { state, code: null, scope: decides, connectionId: decides && `c-${decides}` },
  attachments: scopes.map(attachment),
})
const everything: Rights = { manageProject: true, connectOwn: true, ownInstance: true }
const member: Rights = { manageProject: false, connectOwn: true, ownInstance: false }

describe('lanesOf', () => {
  it('marks the one that pays and passes over what lies behind', () => {
    const lanes = lanesOf(row('active', 'user', 'user', 'platform'), { isInProject: true, rights: member })
    expect(lanes.map(({ scope, is, mayChange }) => [scope, is, mayChange])).toEqual([
      ['project', 'empty', false],
      ['user', 'used', true],
      ['platform', 'passed-over', false],
    ])
  })

  it('shows a halt where it is, instead of a fallback that nobody chose', () => {
    const lanes = lanesOf(row('disabled', 'project', 'project', 'user'), { isInProject: true, rights: everything })
    expect(lanes.map(({ is }) => is)).toEqual(['halts', 'passed-over', 'empty'])
  })

  it('has no project lane outside of a project', () => {
    expect(lanesOf(row('missing', null), { isInProject: false, rights: member }).map(({ scope }) => scope)).toEqual(['user', 'platform'])
  })
})

it('proposes a personal connection first, and nothing to viewers', () => {
  const lanesFor = (rights: Rights) => lanesOf(row('missing', null), { isInProject: true, rights })
  expect(likelyScope(lanesFor(everything))).toBe('user')
  expect(likelyScope(lanesFor({ ...everything, connectOwn: false }))).toBe('project')
  expect(likelyScope(lanesFor({ manageProject: false, connectOwn: false, ownInstance: false }))).toBe(null)
})

it('says what a disconnected lane falls back to', () => {
  const lanes = lanesOf(row('active', 'project', 'project', 'platform'), { isInProject: true, rights: everything })
  expect(fallbackOf(lanes, 'project')?.scope).toBe('platform')
  expect(fallbackOf(lanes, 'platform')).toBe(null)
})

it('masks a credential', () => {
  expect(maskOf(attachment('user').credential)).toBe('····wxyz')
  expect(maskOf({ ...attachment('user').credential, lastFour: '' })).toBe('abcdef01')
})
