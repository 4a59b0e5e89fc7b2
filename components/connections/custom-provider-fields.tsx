'use client'

import type { ConnectFields } from '#components/connections/connect-form.model.ts'
import { dialectNames } from '#components/connections/scope-words.ts'
import { ServedModels } from '#components/connections/served-models.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { Select } from '#components/ui/select.tsx'

/** Where a server of one's own is, what it speaks, and what it serves. */
export function CustomProviderFields({
  dialects,
  fields,
  onChange,
}: {
  dialects: readonly string[]
  fields: ConnectFields
  onChange: (change: Partial<ConnectFields>) => void
}) {
  return (
    <>
      <Field label="Base URL" hint="https. The instance owner can allow private addresses in GATEHOUSE_PRIVATE_UPSTREAMS.">
        <Input
          name="baseUrl"
          inputMode="url"
          spellCheck={false}
          autoCapitalize="off"
          placeholder="https://llm.example.com/v1"
          value={fields.baseUrl}
          onChange={(event) => onChange({ baseUrl: event.target.value })}
          className="font-mono text-sm"
        />
      </Field>
      {dialects.length > 1 ? (
        <Field label="Dialect" hint="The API that this server speaks.">
          <Select
            value={fields.dialect}
            onChange={(dialect) => onChange({ dialect })}
            choices={dialects.map((each) => ({ value: each, label: dialectNames[each] ?? each }))}
          />
        </Field>
      ) : null}
      <ServedModels fields={fields} onChange={(models) => onChange({ models })} />
    </>
  )
}
