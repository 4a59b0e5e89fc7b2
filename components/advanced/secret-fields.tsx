'use client'

import type { Kind, SecretText, Sorts } from '#components/advanced/secret-fields.model.ts'
import { FileDrop } from '#components/connections/file-drop.tsx'
import { dialectNames, kindNames } from '#components/connections/scope-words.ts'
import { SecretInput } from '#components/connections/secret-input.tsx'
import { Code } from '#components/ui/code.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { Select } from '#components/ui/select.tsx'
import { CUSTOM_PROVIDER } from '#core/providers/presets.ts'

type FieldsProps = { sorts: Sorts; text: SecretText; onChange: (change: Partial<SecretText>) => void }

/** What is pasted. With `isKindFixed` it takes the place of something of that kind. */
export function SecretFields({ isKindFixed = false, ...props }: FieldsProps & { isKindFixed?: boolean }) {
  const { sorts, text, onChange } = props
  const kinds: readonly Kind[] = [
    'api-key',
    ...(sorts.formats.length > 0 ? ['auth-file' as const] : []),
    ...(sorts.issuers.length > 0 ? ['oauth-token' as const] : []),
  ]
  return (
    <>
      {isKindFixed || kinds.length === 1 ? null : (
        <RadioCards<Kind>
          label="Kind of credential"
          isRow
          value={text.kind}
          onChange={(kind) => onChange({ kind })}
          choices={kinds.map((kind) => ({ value: kind, label: kindNames[kind] }))}
        />
      )}
      {text.kind === 'api-key' ? <KeyFields {...props} /> : null}
      {text.kind === 'auth-file' ? <FileFields {...props} /> : null}
      {text.kind === 'oauth-token' ? <TokenFields {...props} /> : null}
    </>
  )
}

function KeyFields({ sorts, text, onChange }: FieldsProps) {
  return (
    <>
      <Field label="Provider">
        <Select value={text.provider} onChange={(provider) => onChange({ provider })} choices={sorts.providers} />
      </Field>
      {text.provider === CUSTOM_PROVIDER ? (
        <>
          <Field label="Base URL" hint="https, as its clients are given it.">
            <Input
              inputMode="url"
              spellCheck={false}
              value={text.baseUrl}
              onChange={(event) => onChange({ baseUrl: event.target.value })}
            />
          </Field>
          <Field label="Dialect">
            <Select
              value={text.dialect}
              onChange={(dialect) => onChange({ dialect })}
              choices={sorts.dialects.map((each) => ({ value: each, label: dialectNames[each] ?? each }))}
            />
          </Field>
          <Field label="Models" optional hint="Separated by commas. Empty: those of the dialect’s own vendor.">
            <Input spellCheck={false} value={text.models} onChange={(event) => onChange({ models: event.target.value })} />
          </Field>
        </>
      ) : null}
      <Field label="Secret key">
        <SecretInput value={text.key} onText={(key) => onChange({ key })} />
      </Field>
    </>
  )
}

function FileFields({ sorts, text, onChange }: FieldsProps) {
  const path = sorts.formats.find((each) => each.value === text.format)?.path
  return (
    <>
      <Field label="Login of">
        <Select value={text.format} onChange={(format) => onChange({ format })} choices={sorts.formats} />
      </Field>
      <FileDrop
        file={text.file}
        fileName={text.fileName}
        hint={
          <>
            The program keeps it in <Code>~/{path}</Code>.
          </>
        }
        onChange={onChange}
      />
    </>
  )
}

function TokenFields({ sorts, text, onChange }: FieldsProps) {
  return (
    <>
      <Field label="Token for">
        <Select value={text.issuer} onChange={(issuer) => onChange({ issuer })} choices={sorts.issuers} />
      </Field>
      <Field label="Token">
        <SecretInput value={text.token} onText={(token) => onChange({ token })} />
      </Field>
    </>
  )
}
