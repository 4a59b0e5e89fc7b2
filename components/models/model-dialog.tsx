'use client'

import { useState } from 'react'
import { FormDialog } from '#components/advanced/form-dialog.tsx'
import { allScopes, fieldsOf, isComplete, isUnchanged, type ModelFields, patchOf } from '#components/models/model-form.model.ts'
import { type CatalogModel, type CatalogProvider, isOffered, scopeWords } from '#components/models/models.model.ts'
import { PriceFields } from '#components/models/price-fields.tsx'
import { useRules } from '#components/models/use-rules.ts'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { Select } from '#components/ui/select.tsx'
import { toast } from '#components/ui/toast.tsx'

type Props = { provider: CatalogProvider; model: CatalogModel; mayRuleInstance: boolean; onClose: () => void }

/** No model has this id. */
const NOBODY = '*'

/** Everything that an admin says of one model. What is not touched stays as the catalog has it. */
export function ModelDialog({ provider, model, mayRuleInstance, onClose }: Props) {
  const rules = useRules(provider)
  const [before] = useState(() => fieldsOf(model))
  const [fields, setFields] = useState(before)
  const change = (changed: Partial<ModelFields>) => setFields((now) => ({ ...now, ...changed }))
  const patch = patchOf(fields, before)
  const save = () =>
    rules.set(model, patch, {
      isForAll: mayRuleInstance && fields.isForAll,
      onDone: () => {
        toast.success(`${fields.name} is changed`)
        onClose()
      },
    })
  const successors = provider.models.filter((each) => each.id !== model.id && isOffered(each) && each.isEmbedding === model.isEmbedding)

  return (
    <FormDialog
      title={model.name}
      description={
        <>
          <span className="font-mono text-sm break-all">{model.id}</span> at {provider.name}
        </>
      }
      size="md"
      onClose={onClose}
      onSubmit={save}
      submitLabel="Save"
      isReady={isComplete(fields) && !isUnchanged(patch)}
      isBusy={rules.isPending}
      error={rules.error}
    >
      <Field label="Name">
        <Input value={fields.name} maxLength={200} onChange={(event) => change({ name: event.target.value })} />
      </Field>
      <div className="flex flex-col gap-1.5">
        <p className="text-sm font-medium">Availability</p>
        <RadioCards
          label="Availability"
          value={fields.availability}
          onChange={(availability) => change({ availability })}
          isRow
          choices={[
            { value: 'offered', label: 'Offered', note: 'In the menus.' },
            { value: 'hidden', label: 'Hidden', note: 'In no menu, and refused.' },
            { value: 'retired', label: 'Retired', note: 'Refused, with a successor.' },
          ]}
        />
      </div>
      {fields.availability === 'retired' ? (
        <Field label="Successor" hint="What chats that were made with it offer instead.">
          <Select
            value={fields.successor || NOBODY}
            onChange={(next) => change({ successor: next === NOBODY ? '' : next })}
            choices={[
              { value: NOBODY, label: 'None in particular' },
              ...successors.map((each) => ({ value: each.id, label: each.name, note: each.id })),
            ]}
          />
        </Field>
      ) : null}
      <PriceFields fields={fields} listed={model.builtInPrice} onChange={change} />
      <fieldset className="flex flex-col gap-1.5">
        <legend className="mb-1.5 text-sm font-medium">May be used through</legend>
        {allScopes.map((scope) => (
          <Checkbox
            key={scope}
            isChecked={fields.scopes.includes(scope)}
            onChange={(isChecked) =>
              change({ scopes: allScopes.filter((each) => (each === scope ? isChecked : fields.scopes.includes(each))) })
            }
          >
            {sentenceOf(scopeWords[scope])}
          </Checkbox>
        ))}
        {fields.scopes.length === 0 ? <p className="text-sm text-bad-ink">Choose at least one, or hide the model.</p> : null}
      </fieldset>
      {mayRuleInstance ? (
        <Checkbox
          isChecked={fields.isForAll}
          onChange={(isForAll) => change({ isForAll })}
          note="What a team says of the model itself counts before this."
        >
          Change it for every team of this Gatehouse
        </Checkbox>
      ) : null}
    </FormDialog>
  )
}

const sentenceOf = (words: string) => words.charAt(0).toUpperCase() + words.slice(1)
