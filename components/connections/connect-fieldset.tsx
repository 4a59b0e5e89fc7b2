'use client'

import { ExternalLink } from 'lucide-react'
import { loginName } from '#core/connections/login-names.ts'
import {
  type Accepts,
  type ConnectFields,
  CUSTOM,
  fileAccept,
  keyAccept,
  type Kind,
  kindChoices,
  tokenAccept,
  withKey,
} from '#components/connections/connect-form.model.ts'
import { CustomProviderFields } from '#components/connections/custom-provider-fields.tsx'
import { FileDrop } from '#components/connections/file-drop.tsx'
import { SecretInput } from '#components/connections/secret-input.tsx'
import { Button } from '#components/ui/button.tsx'
import { Code } from '#components/ui/code.tsx'
import { Field } from '#components/ui/field.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { Select } from '#components/ui/select.tsx'

export type FieldsProps = {
  accepts: Accepts
  harnessName: string
  fields: ConnectFields
  onChange: (change: Partial<ConnectFields>) => void
  /** Starts the harness's own sign-in, where it has one. */
  onSignIn: () => void
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
          choices={kindChoices(accepts)}
        />
      ) : null}
      {fields.kind === 'api-key' ? <KeyFields {...props} /> : null}
      {fields.kind === 'auth-file' ? <LoginFields {...props} /> : null}
      {fields.kind === 'oauth-token' ? <TokenFields {...props} /> : null}
      {fields.kind === 'api-key' ? null : (
        <p className="text-sm text-ink-soft">
          An agent can read this login, so only whoever connects it can prompt chats that run on it. To share, use a key.
        </p>
      )}
    </>
  )
}

function KeyFields(props: FieldsProps) {
  const { accepts, fields, onChange } = props
  const accept = keyAccept(accepts)
  if (!accept) return null
  const provider = accept.providers.find((each) => each.id === fields.provider)
  return (
    <>
      <Field label="Provider">
        <Select
          value={fields.provider}
          onChange={(next) => onChange({ provider: next })}
          choices={accept.providers.map((each) => ({ value: each.id, label: each.id === CUSTOM ? 'Custom (your own server)' : each.name }))}
        />
      </Field>
      {fields.provider === CUSTOM ? <CustomProviderFields dialects={accept.dialects} fields={fields} onChange={onChange} /> : null}
      <Field
        label="API key"
        hint={
          provider?.keyPage ? (
            <a
              href={provider.keyPage}
              target="_blank"
              rel="noopener noreferrer"
              className="touch-target inline-flex items-center gap-1 text-accent-ink underline decoration-accent/40 underline-offset-4"
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
          onText={(key) => onChange(withKey(fields, key, accepts))}
        />
      </Field>
    </>
  )
}

/** Guided where the harness can, and its file for whoever has one. */
function LoginFields({ accepts, harnessName, fields, onChange, onSignIn }: FieldsProps) {
  const accept = fileAccept(accepts)
  if (!accept) return null
  return (
    <>
      {accept.signIn ? (
        <>
          <Button size="lg" onClick={onSignIn}>
            Sign in with {loginName(accept.format)}
          </Button>
          <p className="flex items-center gap-3 text-sm text-ink-quiet before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
            or bring its login file
          </p>
        </>
      ) : null}
      <FileDrop
        file={fields.file}
        fileName={fields.fileName}
        onChange={onChange}
        hint={
          <>
            {harnessName} keeps it in <Code>{accept.pathHint}</Code> after signing in. Bring one that nothing else uses: a copy stops
            working when its twin is renewed.
          </>
        }
      />
    </>
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
      <SecretInput name="token" value={fields.token} onText={(token) => onChange({ token })} />
    </Field>
  )
}
