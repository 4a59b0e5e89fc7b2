/** How a finding is said: what it is, how it was computed, and what to do about it. */
import { harnessName } from '#core/harnesses/registry.ts'
import { PRIVATE } from '#core/usage/dimensions.ts'
import { LEAST_OTHER_REQUESTS, MOST_BACKGROUND_OUTPUT } from '#core/usage/savings.ts'
import type { UsageAddress } from '#components/usage/address.model.ts'
import { nameOf, sayShare, type Names } from '#components/usage/report.model.ts'
import { formatCount, formatMoney } from '#components/ui/numbers.ts'
import type { Outputs } from '#components/trpc/trpc.ts'

export type Saving = Outputs['usage']['savings']['savings'][number]

export type SavingWords = {
  title: string
  /** "at least", "about", "up to": how sure the amount is. */
  bound: 'at least' | 'about' | 'up to'
  /** The numbers that it was computed from. */
  how: string
  advice: string
}

const titles: Readonly<Record<Saving['kind'], string>> = {
  'cold-cache': 'A chat whose cache is cold',
  'cheaper-successor': 'A model with a cheaper successor',
  'dear-background': 'Background calls on a dear model',
  aborted: 'Answers that were stopped',
  failed: 'Requests that failed and cost nevertheless',
}

export function savingWords(saving: Saving, names: Names): SavingWords {
  const { kind, model, otherModel, shares, requests, costMicros } = saving
  const agent = harnessName(saving.harness)
  const isPrivate = model === PRIVATE
  const where = isPrivate ? `${agent} in private chats` : `${agent} on ${model}`
  const paid = `${formatCount(requests)} ${requests === 1 ? 'request' : 'requests'} for ${formatMoney(costMicros)}`
  switch (kind) {
    case 'cold-cache':
      return {
        title: isPrivate ? `${titles[kind]}, in private` : `“${nameOf('chat', saving.chatId ?? PRIVATE, names)}” reads little from caches`,
        bound: 'about',
        how: `${where}, ${paid}. ${
          shares
            ? `Caches gave ${sayShare(shares.own)} of the input here, and ${sayShare(shares.others)} in the other chats of this agent and model (of at least ${LEAST_OTHER_REQUESTS} requests). The missing share is priced at the difference between a fresh and a cached token.`
            : 'The share that is missing to what the agent otherwise reaches is priced at the difference between a fresh and a cached token.'
        }`,
        advice:
          'Long pauses let a cache expire, and a changed tool, model or instruction empties it. A new chat for a new task starts small.',
      }
    case 'cheaper-successor':
      return {
        title: isPrivate ? titles[kind] : `${model} has a cheaper successor`,
        bound: 'at least',
        how: `${where}, ${paid}. ${otherModel ? `The same tokens on ${otherModel}` : 'The same tokens on the successor'}, at its dearest tier, would have cost that much less.`,
        advice: otherModel ? `Choose ${otherModel} for new chats.` : 'Choose the successor for new chats.',
      }
    case 'dear-background':
      return {
        title: isPrivate ? titles[kind] : `Background calls on ${model}`,
        bound: 'at least',
        how: `${where}, ${paid}, beside the model that these chats mainly use, with answers of at most ${MOST_BACKGROUND_OUTPUT} tokens on average, as titles and summaries are. ${otherModel ? `${otherModel}, the cheapest current model that the agent may use here,` : 'The cheapest current model that the agent may use'} would have cost that much less.`,
        advice: 'Set the agent’s small or fast model to the cheaper one.',
      }
    case 'aborted':
      return {
        title: titles[kind],
        bound: 'up to',
        how: `${where}: ${paid} were stopped before their end. What was written until then is paid.`,
        advice: 'A clearer prompt, or a plan first, saves more than stopping does. Some of these were worth it.',
      }
    case 'failed':
      return {
        title: titles[kind],
        bound: 'up to',
        how: `${where}: ${paid} failed after tokens were used. Agents mostly ask again, so the same work was paid twice.`,
        advice: 'Look at the requests: a provider that breaks off often, or a limit that is reached, shows there.',
      }
  }
}

/** Where the requests behind a finding are shown. */
export function behind(address: UsageAddress, { harness, model, chatId }: Saving): UsageAddress {
  return { ...address, view: 'requests', filter: { ...address.filter, harness, model, ...(chatId === null ? {} : { chat: chatId }) } }
}
