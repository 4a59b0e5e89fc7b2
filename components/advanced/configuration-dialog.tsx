'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { fit } from '#core/connections/connection.ts'
import { findHarness } from '#core/harnesses/registry.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import { FormDialog, IdField } from '#components/advanced/form-dialog.tsx'
import { primitivePath } from '#components/advanced/primitive-path.ts'
import type { Configuration, Credential } from '#components/advanced/primitives.model.ts'
import { useRefreshPrimitives } from '#components/advanced/use-primitives.ts'
import { maskOf } from '#components/connections/lanes.model.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { Notice } from '#components/ui/notice.tsx'
import { Select } from '#components/ui/select.tsx'
import { toast } from '#components/ui/toast.tsx'

/** Leaves it to the agent. */
const OWN = 'own'

type Props = { credentials: readonly Credential[]; credential?: Credential | undefined; configuration?: Configuration; onClose: () => void }

const fits = (harnessId: string, { dialect, ...credential }: Credential): boolean => {
  const harness = findHarness(harnessId)
  return harness !== null && fit(harness, { ...credential, dialect: dialect as Dialect | null }) !== null
}

/** Which agent runs on which credential, and how it works. Made anew, or changed where it is attached. */
export function ConfigurationDialog({ credentials, credential: wished, configuration, onClose }: Props) {
  const trpc = useTRPC()
  const router = useRouter()
  const refresh = useRefreshPrimitives()
  const offered = useQuery(trpc.connections.list.queryOptions({})).data ?? []
  const [credentialId, setCredentialId] = useState(
    configuration?.credentialId ?? wished?.credentialId ?? credentials[0]?.credentialId ?? '',
  )
  const credential = credentials.find((each) => each.credentialId === credentialId)
  const takers = offered.filter((each) => credential && fits(each.harness, credential))
  const [chosen, setHarness] = useState(configuration?.harness ?? '')
  const harnessId = configuration?.harness ?? (takers.some((each) => each.harness === chosen) ? chosen : (takers[0]?.harness ?? ''))
  const harness = findHarness(harnessId)
  const [{ model, mode, effort }, setSettings] = useState({ model: '', mode: OWN, effort: '', ...configuration?.settings })
  const change = (next: Record<string, string>) => setSettings((before) => ({ ...before, ...next }))
  const [id, setId] = useState('')
  const settings = {
    ...(model.trim() && { model: model.trim() }),
    ...(mode !== OWN && { mode }),
    ...(effort.trim() && { effort: effort.trim() }),
  }
  const onSuccess = async (made?: { configurationId: string } | null) => {
    await refresh()
    toast.success(configuration ? 'Changed' : `${harness?.name ?? 'The agent'} can run on ${credential?.name ?? 'it'}`)
    onClose()
    if (made) router.push(primitivePath({ noun: 'configurations', id: made.configurationId }))
  }
  const create = useMutation({ ...trpc.configurations.create.mutationOptions(), onSuccess })
  const update = useMutation({ ...trpc.configurations.update.mutationOptions(), onSuccess: () => onSuccess() })
  const submit = () =>
    configuration
      ? update.mutate({ configurationId: configuration.configurationId, credentialId, settings })
      : create.mutate({ ...(id && { configurationId: id }), harness: harnessId, credentialId, settings })
  return (
    <FormDialog
      title={configuration ? `Edit ${configuration.harnessName} on ${configuration.credentialName}` : 'New configuration'}
      description={
        configuration
          ? 'It holds at once wherever this is attached. Chats that are working on another credential stop.'
          : 'It holds for nobody until you attach it, and stays until you delete it here.'
      }
      size="md"
      onClose={onClose}
      submitLabel={configuration ? 'Save' : 'Make'}
      isReady={credential !== undefined && harness !== null && (!configuration || fits(harnessId, credential))}
      isBusy={create.isPending || update.isPending}
      error={create.error ?? update.error}
      onSubmit={submit}
    >
      <Field label="Credential">
        <Select
          value={credentialId}
          onChange={setCredentialId}
          choices={credentials
            .filter((each) => !configuration || fits(configuration.harness, each))
            .map((each) => ({ value: each.credentialId, label: each.name, note: `${each.providerName} ${maskOf(each)}` }))}
        />
      </Field>
      {configuration ? null : takers.length > 0 ? (
        <Field label="Agent">
          <Select value={harnessId} onChange={setHarness} choices={takers.map((each) => ({ value: each.harness, label: each.name }))} />
        </Field>
      ) : (
        <Notice tone="warn">No agent here can use this credential.</Notice>
      )}
      {harness ? (
        <>
          <Field label="Model" optional hint="The provider’s own id. Empty: what the agent prefers.">
            <Input
              value={model}
              spellCheck={false}
              onChange={(event) => change({ model: event.target.value })}
              className="font-mono text-sm"
            />
          </Field>
          {harness.modes.length > 0 ? (
            <Field label="Mode">
              <Select
                value={mode}
                onChange={(next) => change({ mode: next })}
                choices={[{ value: OWN, label: 'The agent’s own' }, ...harness.modes.map((each) => ({ value: each.id, label: each.name }))]}
              />
            </Field>
          ) : null}
          {harness.effortOption ? (
            <Field label="Effort" optional hint="How hard it thinks, in the agent’s own words: low, medium, high …">
              <Input value={effort} spellCheck={false} onChange={(event) => change({ effort: event.target.value })} />
            </Field>
          ) : null}
        </>
      ) : null}
      {configuration ? null : <IdField id={id} onChange={setId} />}
    </FormDialog>
  )
}
