'use client'

import { ExternalLink, FileUp } from 'lucide-react'
import { useRef } from 'react'
import {
  type Accepts,
  type ConnectFields,
  CUSTOM,
  fileAccept,
  keyAccept,
  type Kind,
  tokenAccept,
  withKey,
} from '#components/connections/connect-form.model.ts'
import { dialectNames, kindNames } from '#components/connections/scope-words.ts'
import { Button } from '#components/ui/button.tsx'
import { Code } from '#components/ui/code.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input, Textarea } from '#components/ui/input.tsx'
import { Notice } from '#components/ui/notice.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { Select } from '#components/ui/select.tsx'

type FieldsProps = { accepts: Accepts; harnessName: string; fields: ConnectFields; onChange: (change: Partial<ConnectFields>) => void }

const kindNotes: Readonly<Record<Kind, string>> = {
  'api-key': 'Metered here; agents never see it.',
  'auth-file': 'The agent’s own login, given to it as it is.',
  'oauth-token': 'A long-lived token of a plan.',
}

/** What is pasted: by kind, then what that kind needs. */
export function ConnectFieldset(props: FieldsProps) {
  const { accepts, fields, onChange } = props
  return (
    <>
      {accepts.length > 1 ? (
        <RadioCards<Kind>
          label="Kind of credential"
          isRow
          value={fields.kind}
          onChange={(kind) => onChange({ kind })}
          choices={accepts.map(({ kind }) => ({ value: kind, label: kindNames[kind], note: kindNotes[kind] }))}
        />
      ) : null}
      {fields.kind === 'api-key' ? <KeyFields {...props} /> : null}
      {fields.kind === 'auth-file' ? <FileFields {...props} /> : null}
      {fields.kind === 'oauth-token' ? <TokenFields {...props} /> : null}
      {fields.kind === 'api-key' ? null : (
        <Notice tone="warn">
          A prompt can read this login, so only whoever connects it can prompt chats that run on it. Use an API key to share.
        </Notice>
      )}
    </>
  )
}

function KeyFields({ accepts, fields, onChange }: FieldsProps) {
  const accept = keyAccept(accepts)
  if (!accept) return null
  const provider = accept.providers.find((each) => each.id === fields.provider)
  const isCustom = fields.provider === CUSTOM
  return (
    <>
      <Field label="Provider">
        <Select
          value={fields.provider}
          onChange={(next) => onChange({ provider: next })}
          choices={accept.providers.map((each) => ({ value: each.id, label: each.id === CUSTOM ? 'Custom (your own server)' : each.name }))}
        />
      </Field>
      {isCustom ? (
        <>
          <Field
            label="Base URL"
            hint="https, as its clients are given it. Private and plain http addresses only when the instance owner lists them in GATEHOUSE_PRIVATE_UPSTREAMS."
          >
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
          {accept.dialects.length > 1 ? (
            <Field label="Dialect" hint="The API that this server speaks.">
              <Select
                value={fields.dialect}
                onChange={(dialect) => onChange({ dialect })}
                choices={accept.dialects.map((each) => ({ value: each, label: dialectNames[each] ?? each }))}
              />
            </Field>
          ) : null}
          <Field label="Models" optional hint="Names separated by commas. Empty: the models of the dialect’s own vendor.">
            <Input
              name="models"
              spellCheck={false}
              autoCapitalize="off"
              value={fields.models}
              onChange={(event) => onChange({ models: event.target.value })}
              className="font-mono text-sm"
            />
          </Field>
        </>
      ) : null}
      <Field
        label="API key"
        hint={
          provider?.keyPage ? (
            <a
              href={provider.keyPage}
              target="_blank"
              rel="noopener noreferrer"
              className="inline-flex items-center gap-1 text-accent-ink underline decoration-accent/40 underline-offset-4"
            >
              Get a key from {provider.name} <ExternalLink aria-hidden className="size-3" />
            </a>
          ) : undefined
        }
      >
        <SecretInput
          name="key"
          placeholder={provider?.keyHint ?? undefined}
          value={fields.key}
          onChange={(key) => onChange(withKey(fields, key, accepts))}
        />
      </Field>
    </>
  )
}

function FileFields({ accepts, harnessName, fields, onChange }: FieldsProps) {
  const picker = useRef<HTMLInputElement>(null)
  const accept = fileAccept(accepts)
  const take = async (file: File | undefined) => {
    if (file) onChange({ file: await file.text() })
  }
  return (
    <div className="flex flex-col gap-2">
      <Field
        label="Contents"
        hint={
          <>
            Sign in with {harnessName} on your own machine; it then keeps <Code>~/{accept?.path}</Code>. Choose that file or paste it.
          </>
        }
      >
        <Textarea
          name="contents"
          rows={5}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          value={fields.file}
          onChange={(event) => onChange({ file: event.target.value })}
          className="font-mono text-xs"
        />
      </Field>
      <input
        ref={picker}
        type="file"
        hidden
        accept=".json,application/json"
        aria-label="File"
        onChange={(event) => void take(event.target.files?.[0])}
      />
      <Button size="sm" className="self-start" icon={<FileUp aria-hidden />} onClick={() => picker.current?.click()}>
        Choose a file
      </Button>
    </div>
  )
}

function TokenFields({ accepts, harnessName, fields, onChange }: FieldsProps) {
  const accept = tokenAccept(accepts)
  const hint =
    accept?.issuer === 'anthropic' ? (
      <>
        Run <Code>claude setup-token</Code> where you are signed in, and paste what it prints.
      </>
    ) : (
      `A token that ${harnessName} takes instead of a login.`
    )
  return (
    <Field label="Token" hint={hint}>
      <SecretInput name="token" value={fields.token} onChange={(token) => onChange({ token })} />
    </Field>
  )
}

/** Hidden from onlookers and from password managers, which would offer a login instead. */
function SecretInput({
  name,
  placeholder,
  value,
  onChange,
  ...field
}: {
  name: string
  placeholder?: string
  value: string
  onChange: (value: string) => void
}) {
  return (
    <Input
      {...field}
      name={name}
      type="password"
      autoComplete="off"
      data-1p-ignore
      data-lpignore="true"
      spellCheck={false}
      placeholder={placeholder}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className="font-mono text-sm"
    />
  )
}
