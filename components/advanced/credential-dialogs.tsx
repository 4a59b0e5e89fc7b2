'use client'

import { useMutation } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { FormDialog, IdField } from '#components/advanced/form-dialog.tsx'
import { primitivePath } from '#components/advanced/primitive-path.ts'
import type { Credential } from '#components/advanced/primitives.model.ts'
import { SecretFields } from '#components/advanced/secret-fields.tsx'
import { emptyLike, emptySecret, isComplete, secretOf, type Sorts } from '#components/advanced/secret-fields.model.ts'
import { useRefreshPrimitives } from '#components/advanced/use-primitives.ts'
import { maskOf } from '#components/connections/lanes.model.ts'
import { useMay } from '#components/session/use-me.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { toast } from '#components/ui/toast.tsx'

export function NewCredentialDialog({ sorts, onClose }: { sorts: Sorts; onClose: () => void }) {
  const trpc = useTRPC()
  const router = useRouter()
  const may = useMay()
  const refresh = useRefreshPrimitives()
  const [name, setName] = useState('')
  const [id, setId] = useState('')
  const [owner, setOwner] = useState<'user' | 'platform'>('user')
  const [text, setText] = useState(() => emptySecret(sorts))
  const create = useMutation({
    ...trpc.credentials.create.mutationOptions(),
    onSuccess: async ({ credentialId }) => {
      await refresh()
      toast.success(`${name} is stored`)
      onClose()
      router.push(primitivePath({ noun: 'credentials', id: credentialId }))
    },
  })
  return (
    <FormDialog
      title="New credential"
      description="It is encrypted before it is stored, never shown again, and used by nothing until a configuration uses it. It stays until you delete it here."
      size="md"
      onClose={onClose}
      submitLabel="Store"
      isReady={name.trim() !== '' && isComplete(text)}
      isBusy={create.isPending}
      error={create.error}
      onSubmit={() => create.mutate({ ...(id && { credentialId: id }), name: name.trim(), owner, ...secretOf(text) })}
    >
      <Field label="Name">
        <Input value={name} dir="auto" maxLength={100} autoComplete="off" onChange={(event) => setName(event.target.value)} />
      </Field>
      <SecretFields sorts={sorts} text={text} onChange={(change) => setText((before) => ({ ...before, ...change }))} />
      {may.own ? (
        <RadioCards<'user' | 'platform'>
          label="Whose it is"
          isRow
          value={owner}
          onChange={setOwner}
          choices={[
            { value: 'user', label: 'Yours', note: 'For you and your projects.' },
            { value: 'platform', label: 'The platform’s', note: 'Can be attached for everybody.' },
          ]}
        />
      ) : null}
      <IdField id={id} onChange={setId} />
    </FormDialog>
  )
}

export function ReplaceSecretDialog({ credential, sorts, onClose }: { credential: Credential; sorts: Sorts; onClose: () => void }) {
  const trpc = useTRPC()
  const refresh = useRefreshPrimitives()
  const [text, setText] = useState(() => emptyLike(sorts, credential))
  const replace = useMutation({
    ...trpc.credentials.replaceSecret.mutationOptions(),
    onSuccess: async () => {
      await refresh()
      toast.success(`The secret of ${credential.name} is replaced`)
      onClose()
    },
  })
  return (
    <FormDialog
      title={`Replace the secret of ${credential.name}`}
      description={
        <>
          <span className="font-mono text-sm">{maskOf(credential)}</span> is destroyed. Chats that are working on it stop; nothing of a chat
          is lost, and whatever uses this credential goes on with the new secret.
        </>
      }
      size="md"
      onClose={onClose}
      submitLabel="Replace"
      isReady={isComplete(text)}
      isBusy={replace.isPending}
      error={replace.error}
      onSubmit={() => replace.mutate({ credentialId: credential.credentialId, ...secretOf(text) })}
    >
      <SecretFields sorts={sorts} text={text} isKindFixed onChange={(change) => setText((before) => ({ ...before, ...change }))} />
    </FormDialog>
  )
}

export function RenameDialog({ credential, onClose }: { credential: Credential; onClose: () => void }) {
  const trpc = useTRPC()
  const refresh = useRefreshPrimitives()
  const [name, setName] = useState(credential.name)
  const rename = useMutation({
    ...trpc.credentials.rename.mutationOptions(),
    onSuccess: async () => {
      await refresh()
      onClose()
    },
  })
  return (
    <FormDialog
      title={`Rename ${credential.name}`}
      description={
        credential.isKept ? undefined : 'What you name stays: from then on it is not deleted with its last connection, only by you, here.'
      }
      onClose={onClose}
      submitLabel="Rename"
      isReady={name.trim() !== ''}
      isBusy={rename.isPending}
      error={rename.error}
      onSubmit={() => rename.mutate({ credentialId: credential.credentialId, name: name.trim() })}
    >
      <Field label="Name">
        <Input value={name} dir="auto" maxLength={100} autoComplete="off" onChange={(event) => setName(event.target.value)} />
      </Field>
    </FormDialog>
  )
}
