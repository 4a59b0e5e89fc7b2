/** What a kept list of models says differently than ours, provider by provider: for a person to review, never to apply. */
import { z } from 'zod'
import type { ModelEntry, Rates } from '#core/models/model.ts'

const Cost = z.object({ input: z.number(), output: z.number(), cacheRead: z.number(), cacheWrite: z.number() })

/** A provider's file of `@earendil-works/pi-ai`: dialect → key → model. Prices in dollars per million tokens. */
export const KeptFile = z.record(
  z.string(),
  z.record(
    z.string(),
    z.looseObject({
      id: z.string(),
      name: z.string(),
      type: z.string(),
      // What makes pictures is priced in other ways.
      cost: Cost.extend({ tiers: z.array(Cost.extend({ inputTokensAbove: z.number() })).optional() }).optional(),
    }),
  ),
)
type Kept = z.infer<typeof KeptFile>[string][string]

const micros = (dollars: number) => Math.round(dollars * 1_000_000)
/** As in our own data: where no price for cached tokens is named, they cost what fresh input costs. */
const ratesOf = ({ input, output, cacheRead, cacheWrite }: z.infer<typeof Cost>): Rates => ({
  input: micros(input),
  output: micros(output),
  cacheRead: micros(cacheRead || input),
  cacheWrite: micros(cacheWrite || input),
})

const said = ({ input, output, cacheRead, cacheWrite }: Rates) =>
  [input, output, cacheRead, cacheWrite].map((each) => each / 1_000_000).join(' / ')

/** One sentence per difference. `isSelection`: ours leaves out most of theirs on purpose. */
export function differences(ours: readonly ModelEntry[], file: z.infer<typeof KeptFile>, { isSelection = false } = {}): string[] {
  const theirs = new Map(
    Object.values(file)
      .flatMap((models) => Object.values(models))
      .filter((each) => each.type === 'chat')
      .map((each) => [each.id, each]),
  )
  const own = new Map(ours.map((entry) => [entry.id, entry]))
  const added = isSelection ? [] : [...theirs.values()].filter((each) => !own.has(each.id)).map((each) => `new: ${each.id} (${each.name})`)
  return [...added, ...ours.flatMap((entry) => changes(entry, theirs.get(entry.id)))]
}

function changes(entry: ModelEntry, kept: Kept | undefined): string[] {
  const { id, lifecycle, price } = entry
  if (lifecycle.is === 'retired') return kept ? [`listed again: ${id}`] : []
  if (!kept) return [`no longer listed: ${id}`]
  if (!kept.cost) return []
  const { tiers = [], ...cost } = kept.cost
  const [was, is] = [price && said(price), said(ratesOf(cost))]
  const [tiersWere, tiersAre] = [price?.tiers ?? [], tiers].map((each) => each.map((tier) => tier.inputTokensAbove).join(', '))
  return [
    ...(was === is ? [] : [`price: ${id} from ${was ?? 'none'} to ${is}`]),
    ...(tiersWere === tiersAre ? [] : [`price tiers: ${id} from [${tiersWere}] to [${tiersAre}]`]),
  ]
}
