'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { formatCount } from '#components/ui/numbers.ts'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { Section } from '#components/ui/section.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'
import { toast } from '#components/ui/toast.tsx'

type Policy = Outputs['models']['policy']
const USUAL_TOKENS = '2000000'
const MAX_TOKENS = 1_000_000_000

/** What becomes of a model that nobody has priced. */
export function UnpricedPolicy({ mayChange }: { mayChange: boolean }) {
  const policy = useQuery(useTRPC().models.policy.queryOptions())
  if (policy.isPending) return <Skeleton className="h-24 rounded-lg" />
  if (policy.isError) return <FailureNotice error={policy.error} onRetry={() => void policy.refetch()} />
  return (
    <Section title="Models without a price" description={mayChange ? WHY : inWords(policy.data)}>
      {mayChange ? <PolicyForm key={JSON.stringify(policy.data)} policy={policy.data} /> : null}
    </Section>
  )
}

const WHY = 'Nobody can say what they cost, so no budget sees them. A model that you price at zero is free, and none of these.'

const inWords = (policy: Policy): string =>
  policy.unpriced === 'refuse'
    ? 'Your team uses none: an admin sets a price first.'
    : `Your team spends up to ${formatCount(policy.dailyTokens)} tokens a day on them, all together.`

function PolicyForm({ policy }: { policy: Policy }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [unpriced, setUnpriced] = useState(policy.unpriced)
  const [tokens, setTokens] = useState(policy.unpriced === 'cap' ? String(policy.dailyTokens) : USUAL_TOKENS)
  const save = useMutation({
    ...trpc.models.setPolicy.mutationOptions(),
    onSuccess: async () => {
      toast.success('Saved')
      await queryClient.invalidateQueries(trpc.models.pathFilter())
    },
  })
  const dailyTokens = /^[\d\s,._]+$/.test(tokens) ? Number(tokens.replaceAll(/\D/g, '')) : Number.NaN
  const isValid = unpriced === 'refuse' || dailyTokens <= MAX_TOKENS
  const isSame = unpriced === policy.unpriced && (unpriced === 'refuse' || dailyTokens === policy.dailyTokens)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isValid) save.mutate(unpriced === 'cap' ? { unpriced, dailyTokens } : { unpriced })
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <RadioCards
        label="Models without a price"
        value={unpriced}
        onChange={setUnpriced}
        isRow
        choices={[
          { value: 'cap', label: 'Allow, with a cap', note: 'So many tokens a day, of all of them together.' },
          { value: 'refuse', label: 'Refuse', note: 'Whoever wants one asks an admin for its price.' },
        ]}
      />
      <div className="flex flex-wrap items-end gap-3">
        {unpriced === 'cap' ? (
          <div className="w-52">
            <Field label="Tokens a day" error={isValid ? undefined : 'A number up to a billion.'}>
              <Input inputMode="numeric" value={tokens} onChange={(event) => setTokens(event.target.value)} className="figures" />
            </Field>
          </div>
        ) : null}
        {isSame ? null : (
          <Button type="submit" variant="primary" isBusy={save.isPending} isDisabled={!isValid}>
            Save
          </Button>
        )}
      </div>
      {save.error ? <FailureNotice error={save.error} /> : null}
    </form>
  )
}
