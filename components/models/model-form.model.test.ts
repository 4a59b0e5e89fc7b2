import { expect, it } from 'vitest'
import { fieldsOf, isComplete, microsOf, patchOf } from '#components/models/model-form.model.ts'
import { badgesOf, matching, parted, priceLines, usedBy, type CatalogModel } from '#components/models/models.model.ts'
import { priceWords } from '#components/models/price-words.ts'

const price = { inputMicros: 2_000_000, outputMicros: 10_000_000, cacheReadMicros: 200_000, cacheWriteMicros: 2_500_000 }
const free = { inputMicros: 0, outputMicros: 0, cacheReadMicros: 0, cacheWriteMicros: 0 }
const model = (over: Partial<CatalogModel> = {}): CatalogModel => ({
  id: 'gpt-6-sol',
  name: 'GPT-6 Sol',
  lifecycle: 'current',
  successor: null,
  contextTokens: 1,
  outputTokens: 1,
  capabilities: [],
  isEmbedding: false,
  price,
  builtInPrice: price,
  hasOwnPrice: false,
  scopes: null,
  code: null,
  isAdded: false,
  ruledBy: null,
  use: null,
  ...over,
})
const change = (over: Partial<ReturnType<typeof fieldsOf>>, of = model()) => patchOf({ ...fieldsOf(of), ...over }, fieldsOf(of))

it('says only what was changed', () => {
  expect(change({})).toEqual({})
  expect(change({ name: ' Sol ' })).toEqual({ name: 'Sol' })
  expect(change({ availability: 'hidden' })).toEqual({ isAllowed: false, retirement: null })
  expect(change({ availability: 'offered' }, model({ code: 'model.not-allowed' }))).toEqual({ isAllowed: true })
  expect(change({ availability: 'retired', successor: 'gpt-6.1-sol' })).toEqual({ retirement: { successor: 'gpt-6.1-sol' } })
  expect(change({ availability: 'retired' })).toEqual({ retirement: { successor: null } })
  expect(change({ scopes: ['project'] })).toEqual({ scopes: ['project'] })
  expect(change({ scopes: ['project', 'user', 'platform'] }, model({ scopes: ['user'] }))).toEqual({ scopes: null })
})

it('prices in dollars, with an empty cache price as that of the input', () => {
  const own = { input: 3_500_000, output: 7_000_000, cacheRead: 3_500_000, cacheWrite: 3_500_000 }
  expect(change({ pricing: 'own', input: '3,5', output: '$7', cacheRead: '', cacheWrite: '' })).toEqual({ price: own })
  expect(change({ pricing: 'free' })).toEqual({ price: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } })
  expect(change({ pricing: 'listed' }, model({ hasOwnPrice: true }))).toEqual({ price: null })
  // The same numbers, now as one's own word: they stay when the list changes.
  expect(change({ pricing: 'own' })).toMatchObject({ price: { input: 2_000_000 } })
  expect(change({ pricing: 'own' }, model({ hasOwnPrice: true }))).toEqual({})
})

it.each(['', 'x', '-1', '1e3', '1.2345678', '99999', '2001'])('takes %j for no price', (typed) => {
  expect(microsOf(typed)).toBe(null)
  expect(isComplete({ ...fieldsOf(model()), pricing: 'own', input: typed })).toBe(false)
})

it('never calls the unknown a zero', () => {
  expect([priceWords(null), priceWords(free), priceWords(price)]).toEqual(['no price', 'free', '$2 in, $10 out per 1M'])
  expect(priceLines(model({ price: null, builtInPrice: null }))).toEqual({ price: 'no price', note: null })
  expect(priceLines(model({ price: free, hasOwnPrice: true }))).toEqual({ price: 'free', note: 'own price, listed $2 / $10' })
})

it('finds by name and id, and puts what is offered first', () => {
  const models = [model({ id: 'a', code: 'model.not-allowed' }), model({ id: 'b', lifecycle: 'legacy' }), model({ id: 'c' })]
  expect(parted(models).offered.map((each) => each.id)).toEqual(['c', 'b'])
  expect(parted(models).withheld.map((each) => each.id)).toEqual(['a'])
  expect(matching([model(), model({ id: 'o3', name: 'o3' })], 'SOL gpt').map((each) => each.id)).toEqual(['gpt-6-sol'])
})

it('says what is unusual, and who used it', () => {
  expect(badgesOf(model())).toEqual([])
  expect(
    badgesOf(model({ lifecycle: 'retired', code: 'model.retired', isAdded: true, scopes: ['user'] })).map((each) => each.word),
  ).toEqual(['Retired', 'Added here', 'Only personal keys'])
  const use = (people: string[], calls = 12) => usedBy({ calls, lastAt: '', people })
  expect([use([]), use(['Ada'], 1), use(['Ada', 'Ben']), use(['Ada', 'Ben', 'Cy'])]).toEqual([
    '12 calls',
    '1 call by Ada',
    '12 calls by Ada and Ben',
    '12 calls by Ada, Ben and 1 more',
  ])
})
