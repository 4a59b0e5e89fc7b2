import { expect, it } from 'vitest'
import { differences, KeptFile } from '#bin/catalog-difference.ts'
import { rowsOf, usd } from '#core/models/entries/row.ts'

const entry = rowsOf('openai', ['openai-chat'])
const row = { family: 'x', contextTokens: 1_000, outputTokens: 100, can: 'tools', price: usd({ input: 1, output: 2 }) }
const kept = (id: string, cost: object = {}, type = 'chat') => ({
  id,
  name: id.toUpperCase(),
  type,
  cost: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0, ...cost },
})

it('says what is new, gone, back, and priced otherwise, and nothing of what is the same', () => {
  const ours = [
    entry('same', 'Same', row),
    entry('dearer', 'Dearer', row),
    entry('gone', 'Gone', row),
    entry('back', 'Back', { ...row, lifecycle: { is: 'retired' } }),
    entry('away', 'Away', { ...row, lifecycle: { is: 'retired' } }),
  ]
  const models = [kept('same'), kept('dearer', { output: 3 }), kept('back'), kept('fresh'), kept('judge', {}, 'classifier')]
  const file = KeptFile.parse({ 'openai-chat': Object.fromEntries(models.map((each) => [each.id, each])) })
  expect(differences(ours, file)).toEqual([
    'new: fresh (FRESH)',
    'price: dearer from 1 / 2 / 1 / 1 to 1 / 3 / 1 / 1',
    'no longer listed: gone',
    'listed again: back',
  ])
  expect(differences(ours, file, { isSelection: true })).not.toContain('new: fresh (FRESH)')
})
