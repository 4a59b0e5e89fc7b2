import { describe, expect, it } from 'vitest'
import { decidingLane, fallbackOf, lanesOf, likelyScope, maskOf, rowState } from '#components/connections/lanes.model.ts'
import { attachmentIn, everything, lanesWith, member, rowWith } from '#components/connections/testing.ts'

describe('lanesOf', () => {
  it('marks the one that pays, and passes over what lies behind', () => {
    const lanes = lanesOf(rowWith('active', 'user', ['user', 'platform']), { isInProject: true, rights: member })
    expect(lanes.map(({ scope, is, mayChange }) => [scope, is, mayChange])).toEqual([
      ['project', 'inherits', false],
      ['user', 'active', true],
      ['platform', 'passed-over', false],
    ])
  })

  it.each(['disabled', 'broken'] as const)('shows a %s one where it halts, instead of a fallback that nobody chose', (state) => {
    const lanes = lanesWith(state, 'project', ['project', 'user'])
    expect(lanes.map(({ is }) => is)).toEqual([state, 'passed-over', 'empty'])
  })

  it('inherits all the way to the end, which has nowhere to inherit from', () => {
    expect(lanesWith('missing', null, []).map(({ is }) => is)).toEqual(['inherits', 'inherits', 'empty'])
  })

  it('calls nothing inherited that nobody asks', () => {
    expect(lanesWith('active', 'project', ['project']).map(({ is }) => is)).toEqual(['active', 'empty', 'empty'])
  })

  it('has no project lane outside of a project', () => {
    const lanes = lanesOf(rowWith('missing', null, []), { isInProject: false, rights: member })
    expect(lanes.map(({ scope }) => scope)).toEqual(['user', 'platform'])
  })
})

describe('rowState', () => {
  it.each([
    ['active', 'project', 'active'],
    ['active', 'user', 'inherits'],
    ['active', 'platform', 'inherits'],
    ['disabled', 'user', 'disabled'],
    ['broken', 'platform', 'broken'],
    ['missing', null, 'missing'],
  ] as const)('%s by %s reads %s in a project', (state, decides, expected) => {
    expect(rowState(lanesWith(state, decides, decides ? [decides] : []))).toBe(expected)
  })

  it('is active on my own page with one of my own', () => {
    expect(rowState(lanesOf(rowWith('active', 'user', ['user']), { isInProject: false, rights: member }))).toBe('active')
  })
})

it('proposes a personal connection first, and nothing to viewers', () => {
  const lanesFor = (rights: typeof everything) => lanesOf(rowWith('missing', null, []), { isInProject: true, rights })
  expect(likelyScope(lanesFor(everything))).toBe('user')
  expect(likelyScope(lanesFor({ ...everything, connectOwn: false }))).toBe('project')
  expect(likelyScope(lanesFor({ manageProject: false, connectOwn: false, ownInstance: false }))).toBe(null)
})

it('says what an emptied lane falls back to, also to one that cannot be used', () => {
  const lanes = lanesWith('active', 'project', ['project', 'platform'])
  expect(fallbackOf(lanes, 'project')?.scope).toBe('platform')
  expect(fallbackOf(lanes, 'platform')).toBe(null)
  expect(decidingLane(lanes)?.scope).toBe('project')
})

it('masks a credential', () => {
  const { credential } = attachmentIn('user')
  expect(maskOf(credential)).toBe('····wxyz')
  expect(maskOf({ ...credential, lastFour: '' })).toBe('abcdef01')
})
