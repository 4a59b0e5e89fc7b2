'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import type { ChatId } from '#core/ids.ts'
import { wordsOf } from '#components/failures/failure.ts'
import { priceWords } from '#components/models/price-words.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { formatShort } from '#components/ui/numbers.ts'
import { Select } from '#components/ui/select.tsx'
import { toast } from '#components/ui/toast.tsx'

/** The model of the turns to come. What runs already goes on with its own. */
export function ModelChoice({
  id,
  chatId,
  projectId,
  harness,
  model,
  isDisabled,
}: {
  id: string
  chatId: ChatId
  projectId: string
  harness: string
  model: string | null
  isDisabled: boolean
}) {
  const trpc = useTRPC()
  const models = useQuery(trpc.models.list.queryOptions({ harness, projectId }))
  const choose = useMutation(
    trpc.chats.chooseModel.mutationOptions({
      onError: (error) => toast.error('The model stays as it is', { description: wordsOf(error).sentence }),
    }),
  )
  const chosen = choose.isPending ? choose.variables.model : (model ?? models.data?.defaultModel ?? null)
  const choices = (models.data?.models ?? []).map((each) => ({
    value: each.id,
    label: each.name,
    note: [
      each.providerName,
      `${formatShort(each.contextTokens)} context`,
      priceWords(each.price),
      ...(each.lifecycle === 'current' ? [] : [each.lifecycle]),
    ].join(' · '),
  }))
  // A model that left the list still is what the chat runs on: it is shown, and another can be chosen.
  const isListed = chosen === null || choices.some((each) => each.value === chosen)
  return (
    <Select
      id={id}
      label="Model"
      look="plain"
      size="sm"
      value={chosen}
      choices={isListed ? choices : [{ value: chosen, label: chosen, note: 'No longer offered' }, ...choices]}
      placeholder={models.isPending ? 'Loading models' : 'Model of the agent'}
      isDisabled={isDisabled || choices.length === 0}
      onChange={(next) => choose.mutate({ chatId, model: next })}
      className="max-w-52 min-w-0"
    />
  )
}
