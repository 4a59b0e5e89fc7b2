import { expect, it } from 'vitest'
import { harnessLook } from '#components/nodes/node-words.ts'

it.each([
  ['installed', null, { tone: 'good', word: 'Installed', act: null }],
  ['installing', null, { tone: 'busy', word: 'Installing', act: null }],
  ['installing', 0.428, { tone: 'busy', word: 'Installing, 43 %', act: null }],
  ['failed', null, { tone: 'bad', word: 'Could not be installed', act: 'Try again' }],
  ['absent', null, { tone: 'quiet', word: 'Not installed', act: 'Install' }],
] as const)('a harness that is %s (%s)', (state, fraction, look) => expect(harnessLook({ state, fraction })).toEqual(look))
