import { expect, it } from 'vitest'
import { adviceOf, harnessLook, labelsIn, versionNote } from '#components/nodes/node-words.ts'

it.each([
  ['installed', null, { tone: 'good', word: 'Installed', act: null }],
  ['installing', null, { tone: 'busy', word: 'Installing', act: null }],
  ['installing', 0.428, { tone: 'busy', word: 'Installing, 43 %', act: null }],
  ['failed', null, { tone: 'bad', word: 'Could not be installed', act: 'Try again' }],
  ['absent', null, { tone: 'quiet', word: 'Not installed', act: 'Install' }],
] as const)('a harness that is %s (%s)', (state, fraction, look) => expect(harnessLook({ state, fraction })).toEqual(look))

it('says how many chats a draining node still has, and when it is safe to stop', () => {
  const node = { held: 1, isLocal: false, version: '0.1.0', sandbox: null } as const
  expect(adviceOf({ ...node, condition: 'draining' })?.text).toMatch('One chat is still here')
  expect(adviceOf({ ...node, condition: 'draining', held: 3 })?.text).toMatch('3 chats are still here')
  expect(adviceOf({ ...node, condition: 'drained', held: 0 })?.text).toMatch('Drained: safe to stop')
})

it('says what to do about a copied identity', () => {
  const advice = adviceOf({ condition: 'cloned', held: 0, isLocal: false, version: null, sandbox: null })
  expect(advice).toMatchObject({ tone: 'bad', act: 'renew-key' })
  expect(advice?.text).toMatch('used in two places')
})

it('says of a node without a sandbox what it lacks', () => {
  const sandbox = { level: 'none', reason: 'The sandbox program bubblewrap is not there.', isMissing: true } as const
  expect(adviceOf({ condition: 'no-sandbox', held: 0, isLocal: false, version: null, sandbox })?.text).toMatch(
    'No sandbox: The sandbox program bubblewrap is not there. Nothing runs here',
  )
})

it('reads labels as people write them', () => expect(labelsIn(' gpu,eu  arm ,')).toEqual(['gpu', 'eu', 'arm']))

it.each([
  [{ version: '2', pinned: '2', onDisk: ['2'] }, null],
  [{ version: '2', pinned: '3', onDisk: ['1', '2'] }, 'the server pins 3; also on disk: 1'],
  [{ version: '2', pinned: null, onDisk: [] }, null],
])('notes of the versions %j', (versions, note) => expect(versionNote(versions)).toBe(note))
