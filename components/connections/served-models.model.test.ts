import { expect, it } from 'vitest'
import { isChosen, withChoice } from '#components/connections/served-models.model.ts'

it('keeps one list of what was ticked and what was typed', () => {
  const typed = 'by-hand'
  const ticked = withChoice(typed, ['llama', 'qwen'], true)
  expect(ticked).toBe('by-hand, llama, qwen')
  expect(withChoice(ticked, ['llama'], true)).toBe('by-hand, qwen, llama')
  expect(withChoice(ticked, ['llama', 'qwen'], false)).toBe('by-hand')
  expect([isChosen(ticked, 'llama'), isChosen(ticked, 'lla')]).toEqual([true, false])
})
