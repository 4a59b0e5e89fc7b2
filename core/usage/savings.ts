/**
 * What could have been spent less, found in what was metered. Each finding is computed from the sums that it names and
 * the prices that the team has, and leans to the low side: a price with tiers is taken at the tier that saves least. Findings
 * overlap (a chat with a cold cache may run on a legacy model as well), so they are never added up.
 */
import { findHarness } from '#core/harnesses/registry.ts'
import { modelsFor, priceOf, weigh, type Offer } from '#core/models/catalog.ts'
import type { Price } from '#core/models/model.ts'
import type { ModelRules } from '#core/models/rules.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import { missRate } from '#core/usage/cache-health.ts'
import { PRIVATE } from '#core/usage/dimensions.ts'
import { addSums, cacheShare, noSums, readTokens, type UsageSums } from '#core/usage/sums.ts'

/** What one chat used of one model. `isShown` is false for a chat that the reader may not read. */
export type SavingLine = {
  harness: string
  provider: string
  /** The host of a custom provider; else null. */
  server: string | null
  dialect: Dialect
  model: string
  chatId: string
  isShown: boolean
  sums: UsageSums
}

export type SavingKind = 'cold-cache' | 'cheaper-successor' | 'dear-background' | 'aborted' | 'failed'

export type Saving = {
  kind: SavingKind
  harness: string
  provider: string
  /** `PRIVATE` where it would tell of a private chat. */
  model: string
  /** Of `cold-cache` alone. */
  chatId: string | null
  requests: number
  costMicros: number
  savesMicros: number
  /** Of `cheaper-successor` and `dear-background`: what would do the same. */
  otherModel: string | null
  /** Of `cold-cache`: the share of the input that came from the cache here, and in the other chats of the same agent and model. */
  shares: { own: number; others: number } | null
}

/** Below this a finding is not worth a line: a cent. */
export const LEAST_MICROS = 10_000
/** The first requests of a chat find an empty cache, so a short chat has no share worth judging. */
export const LEAST_REQUESTS = 5
/** As many requests of other chats make their share a habit and no accident. */
export const LEAST_OTHER_REQUESTS = 20
/** Titles, summaries and the like answer in so many tokens at most, on average. */
export const MOST_BACKGROUND_OUTPUT = 400

/** The most to be saved first. `rules` are the team's: what it has hidden is no advice, and what it has priced costs that. */
export function findSavings(lines: readonly SavingLine[], rules: ModelRules): Saving[] {
  const found = [...coldCaches(lines, rules), ...cheaperSuccessors(lines, rules), ...dearBackground(lines, rules), ...thrownAway(lines)]
  return hidden(found, lines)
    .filter((each) => each.savesMicros >= LEAST_MICROS)
    .sort((a, b) => b.savesMicros - a.savesMicros)
}

type Found = Omit<Saving, 'chatId'> & { chatId: string }

const offerOf = ({ provider, server, dialect }: SavingLine, rules: ModelRules): Offer => ({ provider, server, dialect, rules })

/** Only where every request has its price can a sum be set against another. */
const isPriced = ({ unpricedTokens, subscriptionTokens, costMicros }: UsageSums): boolean =>
  unpricedTokens === 0 && subscriptionTokens === 0 && costMicros > 0

/** The dearest that these tokens can be, however they are spread over requests. */
const costAtMost = (price: Price, sums: UsageSums): number =>
  Math.max(
    ...[price, ...(price.tiers ?? [])].map(
      (rates) =>
        sums.inputTokens * rates.input +
        sums.outputTokens * rates.output +
        sums.cacheReadTokens * rates.cacheRead +
        sums.cacheWriteTokens * Math.max(rates.cacheWrite, rates.cacheWrite1h ?? 0),
    ),
  ) / 1_000_000

const bare = ({ harness, provider, model, chatId, sums }: SavingLine) => ({
  harness,
  provider,
  model,
  chatId,
  requests: sums.requests,
  costMicros: sums.costMicros,
  otherModel: null,
  shares: null,
})

const sameModel = ({ harness, provider, server, dialect, model }: SavingLine): string =>
  JSON.stringify([harness, provider, server, dialect, model])

function coldCaches(lines: readonly SavingLine[], rules: ModelRules): Found[] {
  return [...Map.groupBy(lines, sameModel).values()].flatMap((group) => {
    const [first] = group
    const price = first ? priceOf(offerOf(first, rules), first.model) : null
    if (!price) return []
    const all = sumOf(group)
    return group.flatMap((line): Found[] => {
      const own = cacheShare(line.sums)
      const others = cacheShare({
        inputTokens: all.inputTokens - line.sums.inputTokens,
        cacheReadTokens: all.cacheReadTokens - line.sums.cacheReadTokens,
        cacheWriteTokens: all.cacheWriteTokens - line.sums.cacheWriteTokens,
      })
      const hasHabit = line.sums.requests >= LEAST_REQUESTS && all.requests - line.sums.requests >= LEAST_OTHER_REQUESTS
      if (!isPriced(line.sums) || !hasHabit || own === null || others === null || own >= others) return []
      // No more than what was read afresh: what was written to a cache has its own price.
      const missed = Math.min((others - own) * readTokens(line.sums), line.sums.inputTokens)
      return [
        { ...bare(line), kind: 'cold-cache', savesMicros: Math.round((missed * missRate(price)) / 1_000_000), shares: { own, others } },
      ]
    })
  })
}

function cheaperSuccessors(lines: readonly SavingLine[], rules: ModelRules): Found[] {
  return lines.flatMap((line): Found[] => {
    const offer = offerOf(line, rules)
    const lifecycle = weigh(offer, line.model)?.entry.lifecycle
    const successor =
      lifecycle && lifecycle.is !== 'current' && lifecycle.successor !== undefined ? weigh(offer, lifecycle.successor) : null
    if (!successor || successor.why !== null || !successor.entry.price || !isPriced(line.sums)) return []
    return instead(line, 'cheaper-successor', successor.entry.id, successor.entry.price)
  })
}

/**
 * Calls beside the chat's main model, short as titles are. What an agent asks for by itself and cannot be turned from is
 * none of them: nobody could save it.
 */
function dearBackground(lines: readonly SavingLine[], rules: ModelRules): Found[] {
  return [...Map.groupBy(lines, (line) => line.chatId).values()].flatMap((chat) => {
    const main = chat.toSorted((a, b) => readTokens(b.sums) - readTokens(a.sums))[0]!
    return chat.flatMap((line): Found[] => {
      const harness = findHarness(line.harness)
      const isShort = line.sums.outputTokens <= MOST_BACKGROUND_OUTPUT * line.sums.requests
      if (!harness || line.model === main.model || harness.backgroundModels.includes(line.model)) return []
      if (!isShort || !isPriced(line.sums)) return []
      const cheapest = modelsFor({ ...offerOf(line, rules), harness })
        .flatMap(({ id, price, lifecycle }) =>
          price && lifecycle.is === 'current' ? [{ id, price, cost: costAtMost(price, line.sums) }] : [],
        )
        .sort((a, b) => a.cost - b.cost)[0]
      return !cheapest || cheapest.id === line.model ? [] : instead(line, 'dear-background', cheapest.id, cheapest.price)
    })
  })
}

function instead(line: SavingLine, kind: SavingKind, otherModel: string, price: Price): Found[] {
  const savesMicros = Math.floor(line.sums.costMicros - costAtMost(price, line.sums))
  return savesMicros > 0 ? [{ ...bare(line), kind, otherModel, savesMicros }] : []
}

function thrownAway(lines: readonly SavingLine[]): Found[] {
  return lines.flatMap((line): Found[] => {
    const { abortedRequests, abortedMicros, failedRequests, failedMicros } = line.sums
    const aborted = {
      ...bare(line),
      kind: 'aborted' as const,
      requests: abortedRequests,
      costMicros: abortedMicros,
      savesMicros: abortedMicros,
    }
    const failed = { ...bare(line), kind: 'failed' as const, requests: failedRequests, costMicros: failedMicros, savesMicros: failedMicros }
    return [aborted, failed].filter((each) => each.savesMicros > 0)
  })
}

/**
 * Joins what is one finding, whatever the chat; a cold cache is a chat's own. Of chats that are not shown only the numbers
 * remain, joined over all of them, so that none of them can be told.
 */
function hidden(found: readonly Found[], lines: readonly SavingLine[]): Saving[] {
  const shown = new Set(lines.filter((line) => line.isShown).map((line) => line.chatId))
  const told = found.map((each): Saving => {
    if (!shown.has(each.chatId)) return { ...each, model: PRIVATE, chatId: null, otherModel: null, shares: null }
    return { ...each, chatId: each.kind === 'cold-cache' ? each.chatId : null }
  })
  const identity = ({ kind, harness, provider, model, chatId, otherModel }: Saving) =>
    JSON.stringify([kind, harness, provider, model, chatId, otherModel])
  return [...Map.groupBy(told, identity).values()].map((group) => ({
    ...group[0]!,
    requests: total(group, 'requests'),
    costMicros: total(group, 'costMicros'),
    savesMicros: total(group, 'savesMicros'),
  }))
}

const total = (group: readonly Saving[], key: 'requests' | 'costMicros' | 'savesMicros'): number =>
  group.reduce((sum, each) => sum + each[key], 0)

const sumOf = (lines: readonly SavingLine[]): UsageSums => lines.reduce((sum, line) => addSums(sum, line.sums), noSums)
