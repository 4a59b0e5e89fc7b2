'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { USUAL_DAILY_TOKENS } from '#core/models/rules.ts'
import { FormDialog } from '#components/advanced/form-dialog.tsx'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { formatCount } from '#components/ui/numbers.ts'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { toast } from '#components/ui/toast.tsx'

const MAX_TOKENS = 1_000_000_000

export function PolicyDialog({ policy, onClose }: { policy: Outputs['models']['policy']; onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [unpriced, setUnpriced] = useState(policy.unpriced)
  const [typed, setTyped] = useState(formatCount(policy.dailyTokens ?? USUAL_DAILY_TOKENS))
  const save = useMutation({
    ...trpc.models.setPolicy.mutationOptions(),
    onSuccess: async () => {
      toast.success('Saved')
      await queryClient.invalidateQueries(trpc.models.pathFilter())
      onClose()
    },
  })
  const dailyTokens = /^\s*\d[\d\s,._]*$/.test(typed) ? Number(typed.replaceAll(/\D/g, '')) : Number.NaN
  const isValid = unpriced === 'refuse' || dailyTokens <= MAX_TOKENS
  const isSame = unpriced === policy.unpriced && (unpriced === 'refuse' || dailyTokens === policy.dailyTokens)
  return (
    <FormDialog
      title="Models without a price"
      description="Nobody can say what they cost, so no budget sees them. What you price at zero is free, and none of these."
      onClose={onClose}
      submitLabel="Save"
      isReady={isValid && !isSame}
      isBusy={save.isPending}
      error={save.error}
      onSubmit={() => save.mutate(unpriced === 'cap' ? { unpriced, dailyTokens } : { unpriced })}
    >
      <RadioCards
        label="Models without a price"
        value={unpriced}
        onChange={setUnpriced}
        choices={[
          { value: 'cap', label: 'Allow, with a cap', note: 'So many tokens a day, of all of them together.' },
          { value: 'refuse', label: 'Refuse', note: 'Whoever wants one asks an admin for its price.' },
        ]}
      />
      {unpriced === 'cap' ? (
        <Field label="Tokens a day" error={isValid ? undefined : 'A number up to a billion.'}>
          <Input inputMode="numeric" value={typed} onChange={(event) => setTyped(event.target.value)} className="figures" />
        </Field>
      ) : null}
    </FormDialog>
  )
}
