/** What the dialog of a model holds, and what of it is said to the server: only what was changed. */
import type { CatalogModel } from '#components/models/models.model.ts'
import type { Inputs } from '#components/trpc/trpc.ts'

export type Scope = 'project' | 'user' | 'platform'
export const allScopes: readonly Scope[] = ['project', 'user', 'platform']

export type ModelFields = {
  name: string
  availability: 'offered' | 'hidden' | 'retired'
  /** Empty: nobody succeeds it. */
  successor: string
  /** `listed`: what the catalog says, if it says anything. */
  pricing: 'listed' | 'own' | 'free'
  /** Dollars per million tokens, as typed; an empty cache price is that of the input. */
  input: string
  output: string
  cacheRead: string
  cacheWrite: string
  scopes: readonly Scope[]
  isForAll: boolean
}

export type RulePatch = Omit<Inputs['models']['setRule'], 'provider' | 'server' | 'model' | 'for'>

export function fieldsOf(model: CatalogModel): ModelFields {
  const { price, hasOwnPrice } = model
  const isFree = price !== null && hasOwnPrice && Object.values(price).every((each) => each === 0)
  const typed = (micros: number | undefined) => (micros === undefined || isFree ? '' : String(micros / 1_000_000))
  return {
    name: model.name,
    availability: model.lifecycle === 'retired' ? 'retired' : model.code === 'model.not-allowed' ? 'hidden' : 'offered',
    successor: model.successor ?? '',
    pricing: !hasOwnPrice ? 'listed' : isFree ? 'free' : 'own',
    input: typed(price?.inputMicros),
    output: typed(price?.outputMicros),
    cacheRead: typed(price?.cacheReadMicros),
    cacheWrite: typed(price?.cacheWriteMicros),
    scopes: model.scopes ?? allScopes,
    isForAll: model.ruledBy === 'platform',
  }
}

/** Dollars as people type them, to millionths; null for what is no price. */
export function microsOf(typed: string): number | null {
  const text = typed.trim().replace(/^\$/, '').replace(',', '.')
  if (!/^\d{1,4}(\.\d{1,6})?$/.test(text)) return null
  const micros = Math.round(Number(text) * 1_000_000)
  return micros <= 2_000_000_000 ? micros : null
}

type Price = NonNullable<RulePatch['price']>

/** Null while something that was typed is no price. */
export function priceOf({ pricing, input, output, cacheRead, cacheWrite }: ModelFields): Price | null | 'listed' {
  if (pricing === 'listed') return 'listed'
  if (pricing === 'free') return { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
  const [fresh, written] = [microsOf(input), microsOf(output)]
  const cached = (typed: string) => (typed.trim() === '' ? fresh : microsOf(typed))
  const [read, stored] = [cached(cacheRead), cached(cacheWrite)]
  if (fresh === null || written === null || read === null || stored === null) return null
  return { input: fresh, output: written, cacheRead: read, cacheWrite: stored }
}

export const isComplete = (fields: ModelFields): boolean =>
  fields.name.trim() !== '' && fields.scopes.length > 0 && priceOf(fields) !== null

export function patchOf(fields: ModelFields, before: ModelFields): RulePatch {
  const patch: RulePatch = {}
  const name = fields.name.trim()
  if (name !== before.name) patch.name = name
  if (fields.availability !== before.availability || (fields.availability === 'retired' && fields.successor !== before.successor))
    Object.assign(patch, availabilityOf(fields))
  const price = priceOf(fields)
  const isSamePrice = fields.pricing === before.pricing && JSON.stringify(price) === JSON.stringify(priceOf(before))
  if (!isSamePrice) patch.price = price === 'listed' ? null : price
  if (fields.scopes.join() !== before.scopes.join()) patch.scopes = fields.scopes.length === allScopes.length ? null : [...fields.scopes]
  return patch
}

function availabilityOf({ availability, successor }: ModelFields): RulePatch {
  switch (availability) {
    case 'offered':
      return { isAllowed: true }
    case 'hidden':
      return { isAllowed: false, retirement: null }
    case 'retired':
      return { retirement: { successor: successor || null } }
  }
}

export const isUnchanged = (patch: RulePatch): boolean => Object.keys(patch).length === 0
