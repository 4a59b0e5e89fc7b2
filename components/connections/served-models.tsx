'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { ConnectFields } from '#components/connections/connect-form.model.ts'
import { isChosen, withChoice } from '#components/connections/served-models.model.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { type Inputs, useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { formatCount } from '#components/ui/numbers.ts'

const MANY = 12

/** What the server says that it serves, to tick; or typed, where it does not say. */
export function ServedModels({
  fields,
  onChange,
}: {
  fields: Pick<ConnectFields, 'models' | 'baseUrl' | 'dialect' | 'key'>
  onChange: (models: string) => void
}) {
  const preview = useMutation(useTRPC().models.preview.mutationOptions())
  const isReady = fields.baseUrl.trim() !== '' && fields.key.trim() !== ''
  const look = () =>
    preview.mutate({
      baseUrl: fields.baseUrl.trim(),
      key: fields.key.trim(),
      dialect: fields.dialect as Inputs['models']['preview']['dialect'],
    })
  return (
    <div className="flex flex-col gap-2">
      <Field label="Models" optional hint="Tick what it serves, or separate ids by commas. Empty: what the catalog knows of it.">
        <Input
          name="models"
          spellCheck={false}
          autoCapitalize="off"
          value={fields.models}
          onChange={(event) => onChange(event.target.value)}
          className="font-mono text-sm"
        />
      </Field>
      <Button
        size="sm"
        className="self-start"
        isBusy={preview.isPending}
        isDisabled={!isReady}
        title={isReady ? undefined : 'It needs the base URL and the key'}
        onClick={look}
      >
        {preview.data ? 'Ask it again' : 'Ask it what it serves'}
      </Button>
      {preview.error ? <FailureNotice error={preview.error} onRetry={look} /> : null}
      {preview.data ? <Found models={preview.data.models} chosen={fields.models} onChange={onChange} /> : null}
    </div>
  )
}

function Found({
  models,
  chosen,
  onChange,
}: {
  models: readonly { id: string; name: string | null }[]
  chosen: string
  onChange: (models: string) => void
}) {
  const [typed, setTyped] = useState('')
  if (models.length === 0) return <p className="text-sm text-ink-soft">It lists no model. Type the ids that it answers to.</p>
  const found = models.filter(({ id }) => id.toLowerCase().includes(typed.trim().toLowerCase()))
  const ids = found.map(({ id }) => id)
  const isAll = ids.length > 0 && ids.every((id) => isChosen(chosen, id))
  return (
    <fieldset className="rounded-md border border-line">
      <legend className="sr-only">Models that the server serves</legend>
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-2">
        <span className="text-sm text-ink-soft">It serves {formatCount(models.length)}</span>
        {models.length > MANY ? (
          <Input
            type="search"
            aria-label="Find a model that it serves"
            placeholder="Find"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            className="h-7 w-32 text-sm"
          />
        ) : null}
        <Button
          size="sm"
          variant="quiet"
          className="ml-auto"
          isDisabled={ids.length === 0}
          onClick={() => onChange(withChoice(chosen, ids, !isAll))}
        >
          {isAll ? 'None' : 'All'}
        </Button>
      </div>
      <ul className="thin-scroll flex max-h-56 flex-col gap-1 overflow-y-auto p-3">
        {found.map(({ id, name }) => (
          <li key={id}>
            <Checkbox
              isChecked={isChosen(chosen, id)}
              onChange={(isTicked) => onChange(withChoice(chosen, [id], isTicked))}
              note={name && name !== id ? name : undefined}
            >
              <span className="font-mono text-sm break-all">{id}</span>
            </Checkbox>
          </li>
        ))}
      </ul>
    </fieldset>
  )
}
