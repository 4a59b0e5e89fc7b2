import { describe, expect, it } from 'vitest'
import { decidingLane, type Lane, lanesOf } from '#components/connections/lanes.model.ts'
import { firstAct, removalOf } from '#components/connections/mending.model.ts'
import { attachmentIn, everything, lanesWith, member, rowWith } from '#components/connections/testing.ts'

const inShort = (lanes: readonly Lane[]) => {
  const act = firstAct(lanes)
  return act && (act.is === 'ask' ? `ask ${act.name}` : `${act.label}${'scope' in act ? ` (${act.scope})` : ''}${act.mends ? '!' : ''}`)
}
const onMyPage = (...given: Parameters<typeof rowWith>) => lanesOf(rowWith(...given), { isInProject: false, rights: member })

describe('firstAct', () => {
  it.each([
    ['missing', null, [], 'Connect (user)!'],
    ['active', 'project', ['project'], 'Replace (project)'],
    ['active', 'user', ['user'], 'Override for this project (project)'],
    ['active', 'platform', ['platform'], 'Override for this project (project)'],
    ['disabled', 'project', ['project', 'user'], 'Enable!'],
    ['broken', 'project', ['project', 'user'], 'Replace (project)!'],
    ['broken', 'platform', ['platform'], 'Replace (platform)!'],
  ] as const)('%s, decided by %s: a maintainer gets what mends it (%#)', (state, decides, held, expected) => {
    expect(inShort(lanesWith(state, decides, held, everything))).toBe(expected)
  })

  it.each([
    ['active', 'user', ['user'], 'Replace (user)'],
    ['active', 'platform', ['platform'], 'Connect your own (user)'],
    ['broken', 'platform', ['platform'], 'Connect your own (user)!'],
    ['disabled', 'platform', ['platform'], 'Connect your own (user)!'],
  ] as const)('%s, decided by %s: on a page of mine I mend what is mine (%#)', (state, decides, held, expected) => {
    expect(inShort(onMyPage(state, decides, held))).toBe(expected)
  })

  it('names whom to ask where nothing of mine comes first', () => {
    expect(inShort(lanesWith('broken', 'project', ['project', 'user'], member))).toBe('ask Mei Lin')
    expect(inShort(lanesWith('disabled', 'project', ['project'], member))).toBe('ask Mei Lin')
  })

  it('asks nobody while everything works, nor a viewer for anything', () => {
    expect(firstAct(lanesWith('active', 'project', ['project'], member))).toBe(null)
    expect(firstAct(lanesWith('missing', null, [], { manageProject: false, connectOwn: false, ownInstance: false }))).toBe(null)
  })

  it('calls a login signed in, not replaced', () => {
    const row = { ...rowWith('broken', 'user', []), attachments: [attachmentIn('user', 'auth-file')] }
    expect(inShort(lanesOf(row, { isInProject: false, rights: member }))).toBe('Sign in again (user)!')
  })
})

describe('removalOf', () => {
  const removal = (lanes: readonly Lane[]) => removalOf(lanes, decidingLane(lanes)!)

  it('is an override in a project, and a connection elsewhere', () => {
    expect(removal(lanesWith('active', 'project', ['project', 'user']))).toBe('remove-override')
    expect(removal(lanesWith('active', 'user', ['user', 'platform']))).toBe('disconnect')
  })

  it('lets what lies behind hold again, where one halts', () => {
    expect(removal(lanesWith('disabled', 'project', ['project', 'user']))).toBe('resume-inheritance')
    expect(removal(lanesWith('broken', 'user', ['user', 'platform']))).toBe('resume-inheritance')
    expect(removal(lanesWith('disabled', 'user', ['user']))).toBe('disconnect')
  })
})
