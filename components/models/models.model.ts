/** What the page of models shows of the catalog, and in what order. */
import { priceWords } from '#components/models/price-words.ts'
import type { Outputs } from '#components/trpc/trpc.ts'
import { formatCount, formatPrice } from '#components/ui/numbers.ts'
import type { Tone } from '#components/ui/tone.ts'

export type Catalog = Outputs['models']['catalog']
export type CatalogProvider = Catalog['providers'][number]
export type CatalogModel = CatalogProvider['models'][number]

export const isOffered = ({ code }: Pick<CatalogModel, 'code'>): boolean => code === null

export const keyOf = ({ provider, server }: Pick<CatalogProvider, 'provider' | 'server'>): string => server ?? provider

/** What was typed into the search, in the name or the id, in any case. */
export const matching = <M extends { id: string; name: string | null }>(models: readonly M[], typed: string): M[] => {
  const words = typed.trim().toLowerCase().split(/\s+/)
  return models.filter(({ id, name }) => words.every((word) => `${id} ${name ?? ''}`.toLowerCase().includes(word)))
}

/** Offered ones in the order of the menu, then what is not. */
export const parted = (models: readonly CatalogModel[]): { offered: CatalogModel[]; withheld: CatalogModel[] } => ({
  offered: [
    ...models.filter((each) => isOffered(each) && each.lifecycle === 'current'),
    ...models.filter((each) => isOffered(each) && each.lifecycle !== 'current'),
  ],
  withheld: models.filter((each) => !isOffered(each)),
})

/** States in words; what is usual has none. */
export function badgesOf(model: CatalogModel): { word: string; tone: Tone }[] {
  const badges: { word: string; tone: Tone }[] = []
  if (model.code === 'model.not-allowed') badges.push({ word: 'Hidden', tone: 'quiet' })
  if (model.code === 'model.unpriced') badges.push({ word: 'Refused without a price', tone: 'warn' })
  if (model.lifecycle === 'legacy') badges.push({ word: 'Legacy', tone: 'quiet' })
  if (model.lifecycle === 'retired') badges.push({ word: 'Retired', tone: 'warn' })
  if (model.isEmbedding) badges.push({ word: 'Embeddings', tone: 'quiet' })
  if (model.isAdded) badges.push({ word: 'Added here', tone: 'accent' })
  if (model.scopes) badges.push({ word: `Only ${model.scopes.map((each) => scopeWords[each]).join(', ')}`, tone: 'quiet' })
  if (model.ruledBy === 'platform') badges.push({ word: 'For every team', tone: 'quiet' })
  return badges
}

export const scopeWords = { project: 'project keys', user: 'personal keys', platform: 'keys of this Gatehouse' } as const

/** In two lines at most: what it costs, and what of it is not the usual. */
export function priceLines({ price, hasOwnPrice, builtInPrice }: Pick<CatalogModel, 'price' | 'hasOwnPrice' | 'builtInPrice'>): {
  price: string
  note: string | null
} {
  const words =
    price && !Object.values(price).every((each) => each === 0)
      ? `${formatPrice(price.inputMicros)} / ${formatPrice(price.outputMicros)}`
      : priceWords(price)
  if (!hasOwnPrice) return { price: words, note: null }
  return {
    price: words,
    note: builtInPrice
      ? `own price, listed ${formatPrice(builtInPrice.inputMicros)} / ${formatPrice(builtInPrice.outputMicros)}`
      : 'own price',
  }
}

/** "120 calls by Ada and Ben". */
export function usedBy(use: CatalogModel['use']): string | null {
  if (!use) return null
  const calls = `${formatCount(use.calls)} ${use.calls === 1 ? 'call' : 'calls'}`
  const [first, second, ...others] = use.people
  if (!first) return calls
  if (!second) return `${calls} by ${first}`
  return others.length === 0 ? `${calls} by ${first} and ${second}` : `${calls} by ${first}, ${second} and ${others.length} more`
}
