'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { Scope } from '#core/connections/connection.ts'
import { FormDialog, IdField } from '#components/advanced/form-dialog.tsx'
import { primitivePath } from '#components/advanced/primitive-path.ts'
import { standsIn, type Configuration, type Primitives } from '#components/advanced/primitives.model.ts'
import { useRefreshPrimitives } from '#components/advanced/use-primitives.ts'
import { useMay } from '#components/session/use-me.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Field } from '#components/ui/field.tsx'
import { Notice } from '#components/ui/notice.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { Select } from '#components/ui/select.tsx'
import { toast } from '#components/ui/toast.tsx'

/** For whom a configuration holds. What stands in that place is named before it goes. */
export function AttachDialog({
  all,
  configuration: wished,
  onClose,
}: {
  all: Primitives
  configuration?: Configuration | undefined
  onClose: () => void
}) {
  const trpc = useTRPC()
  const router = useRouter()
  const may = useMay()
  const refresh = useRefreshPrimitives()
  const projects = useQuery(trpc.projects.list.queryOptions()).data ?? []
  const [configurationId, setConfigurationId] = useState(wished?.configurationId ?? all.configurations[0]?.configurationId ?? '')
  const configuration = all.configurations.find((each) => each.configurationId === configurationId)
  const isPlatforms = all.credentials.find((each) => each.credentialId === configuration?.credentialId)?.owner === 'platform'
  const [scope, setScope] = useState<Scope>('user')
  const [chosenProject, setProject] = useState<string | null>(null)
  const projectId = scope === 'project' ? (chosenProject ?? projects[0]?.projectId ?? null) : null
  const [id, setId] = useState('')
  const former = configuration ? standsIn(all.attachments, { harness: configuration.harness, scope, projectId }) : null
  const isSame = former?.configurationId === configurationId
  const attach = useMutation({
    ...trpc.attachments.attach.mutationOptions(),
    onSuccess: async ({ attachmentId }) => {
      await refresh()
      toast.success('Attached')
      onClose()
      router.push(primitivePath({ noun: 'attachments', id: attachmentId }))
    },
  })
  return (
    <FormDialog
      title="Attach"
      description="The nearest attachment of an agent decides: a project’s, then one’s own, then everybody’s."
      size="md"
      onClose={onClose}
      submitLabel={former && !isSame ? 'Replace' : 'Attach'}
      isReady={configuration !== undefined && !isSame && (scope !== 'project' || projectId !== null)}
      isBusy={attach.isPending}
      error={attach.error}
      onSubmit={() =>
        attach.mutate({
          ...(id && { attachmentId: id }),
          configurationId,
          scope,
          ...(projectId && { projectId }),
          ...(former && { replaces: former.attachmentId }),
        })
      }
    >
      <Field label="Configuration">
        <Select
          value={configurationId}
          onChange={setConfigurationId}
          choices={all.configurations.map((each) => ({
            value: each.configurationId,
            label: `${each.harnessName} on ${each.credentialName}`,
          }))}
        />
      </Field>
      <RadioCards<Scope>
        label="For whom"
        value={scope}
        onChange={setScope}
        choices={[
          { value: 'user', label: 'You', note: 'In every project that has none of its own.' },
          { value: 'project', label: 'A project', note: 'For everybody in it, before their own.', isDisabled: projects.length === 0 },
          ...(may.own
            ? [
                {
                  value: 'platform' as const,
                  label: 'Everybody',
                  note: isPlatforms ? 'On this whole Gatehouse.' : 'Only with a credential that belongs to the platform.',
                  isDisabled: !isPlatforms,
                },
              ]
            : []),
        ]}
      />
      {scope === 'project' ? (
        <Field label="Project">
          <Select value={projectId} onChange={setProject} choices={projects.map((each) => ({ value: each.projectId, label: each.name }))} />
        </Field>
      ) : null}
      {former ? (
        <Notice tone="warn">
          {isSame
            ? 'This is attached there already.'
            : `${former.harnessName} runs on ${former.credentialName} there. That attachment goes, and chats that are working on it stop.`}
        </Notice>
      ) : null}
      <IdField id={id} onChange={setId} />
    </FormDialog>
  )
}
