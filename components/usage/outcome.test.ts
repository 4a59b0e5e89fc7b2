import { expect, it } from 'vitest'
import { outcomeLook } from '#components/usage/outcome.ts'

it('names the status of what failed, and of nothing else', () => {
  expect(outcomeLook({ outcome: 'failed', status: 529 })).toEqual({ tone: 'bad', word: 'Failed, 529' })
  expect(outcomeLook({ outcome: 'failed', status: null })).toEqual({ tone: 'bad', word: 'Failed' })
  expect(outcomeLook({ outcome: 'completed', status: 200 })).toEqual({ tone: 'good', word: 'Completed' })
  expect(outcomeLook({ outcome: 'open', status: null })).toEqual({ tone: 'busy', word: 'Under way' })
})
