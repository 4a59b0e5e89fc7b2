'use client'

import { microsOf, type ModelFields } from '#components/models/model-form.model.ts'
import type { PriceMicros } from '#components/models/price-words.ts'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { formatPrice } from '#components/ui/numbers.ts'
import { RadioCards } from '#components/ui/radio-cards.tsx'

type Rate = 'input' | 'output' | 'cacheRead' | 'cacheWrite'
const rates: readonly { rate: Rate; label: string; isOptional?: boolean }[] = [
  { rate: 'input', label: 'Input' },
  { rate: 'output', label: 'Output' },
  { rate: 'cacheRead', label: 'Cache read', isOptional: true },
  { rate: 'cacheWrite', label: 'Cache write', isOptional: true },
]

/** What it costs: as listed, as agreed with the provider, or nothing because it is one's own. */
export function PriceFields({
  fields,
  listed,
  onChange,
}: {
  fields: ModelFields
  listed: PriceMicros | null
  onChange: (change: Partial<ModelFields>) => void
}) {
  const errorOf = ({ rate, isOptional }: (typeof rates)[number]) =>
    fields[rate].trim() === '' ? (isOptional ? undefined : 'Needed') : microsOf(fields[rate]) === null ? 'Up to $2,000' : undefined
  return (
    <div className="flex flex-col gap-1.5">
      <p className="text-sm font-medium">Price per million tokens</p>
      <RadioCards
        label="Price"
        value={fields.pricing}
        onChange={(pricing) => onChange({ pricing })}
        isRow
        choices={[
          {
            value: 'listed',
            label: 'As listed',
            note: listed ? `${formatPrice(listed.inputMicros)} in, ${formatPrice(listed.outputMicros)} out` : 'Nobody has: no price.',
          },
          { value: 'own', label: 'Own price', note: 'What you really pay.' },
          { value: 'free', label: 'Free', note: 'A server of your own.' },
        ]}
      />
      {fields.pricing === 'own' ? (
        <div className="mt-1.5 grid grid-cols-2 gap-3 sm:grid-cols-4">
          {rates.map((each) => (
            <Field key={each.rate} label={each.label} error={errorOf(each)}>
              <Input
                inputMode="decimal"
                value={fields[each.rate]}
                placeholder={each.isOptional ? fields.input : undefined}
                onChange={(event) => onChange({ [each.rate]: event.target.value })}
                className="figures"
              />
            </Field>
          ))}
          <p className="col-span-full text-sm text-ink-quiet">In dollars. An empty cache price is that of the input.</p>
        </div>
      ) : null}
    </div>
  )
}
