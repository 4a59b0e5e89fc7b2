'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { Labels } from '#core/nodes/labels.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { labelsIn } from '#components/nodes/node-words.ts'
import { AgentTools } from '#components/projects/agent-tools.tsx'
import { labelHint } from '#components/projects/node-labels.model.ts'
import { PermissionRules } from '#components/projects/permission-rules.tsx'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { ConfirmDialog } from '#components/ui/dialog.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input, Textarea } from '#components/ui/input.tsx'
import { Notice } from '#components/ui/notice.tsx'
import { Section } from '#components/ui/section.tsx'
import { toast } from '#components/ui/toast.tsx'

type Project = Outputs['projects']['get']

/** What is typed here stays, whatever is loaded again meanwhile. */
export function ProjectSettings({ project }: { project: Project }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [name, setName] = useState(project.name)
  const [repositoryUrl, setRepositoryUrl] = useState(project.repositoryUrl ?? '')
  const [instructions, setInstructions] = useState(project.instructions)
  const [typedLabels, setTypedLabels] = useState(project.nodeLabels.join(', '))
  const nodes = useQuery(trpc.nodes.list.queryOptions())
  const labels = Labels.safeParse(labelsIn(typedLabels))
  const mayChange = project.role === 'maintainer'
  const update = useMutation({
    ...trpc.projects.update.mutationOptions(),
    onSuccess: async () => {
      toast.success('Saved')
      await queryClient.invalidateQueries(trpc.projects.pathFilter())
    },
  })
  const nodeLabels = labels.success ? labels.data : project.nodeLabels
  const isChanged =
    name !== project.name ||
    repositoryUrl !== (project.repositoryUrl ?? '') ||
    instructions !== project.instructions ||
    nodeLabels.join() !== project.nodeLabels.join()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    update.mutate({
      projectId: project.projectId,
      name: name.trim(),
      repositoryUrl: repositoryUrl.trim() || null,
      instructions,
      nodeLabels,
    })
  }

  return (
    <div className="flex max-w-2xl flex-col gap-10">
      {mayChange ? null : <Notice>Only {project.createdByName} and team admins can change this.</Notice>}
      <form onSubmit={submit} className="flex flex-col gap-5">
        <Field label="Name">
          <Input required maxLength={100} disabled={!mayChange} value={name} onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label="Git repository" optional hint="New chats clone it; chats that run keep what they have.">
          <Input
            disabled={!mayChange}
            spellCheck={false}
            autoCapitalize="off"
            value={repositoryUrl}
            onChange={(event) => setRepositoryUrl(event.target.value)}
            className="font-mono text-sm"
          />
        </Field>
        <Field label="Instructions for agents" optional hint="Given to every agent of this project at the start of a chat.">
          <Textarea disabled={!mayChange} rows={8} value={instructions} onChange={(event) => setInstructions(event.target.value)} />
        </Field>
        <Field
          label="Runs on nodes labelled"
          optional
          hint={labelHint(nodeLabels, nodes.data ?? [])}
          error={labels.success ? undefined : 'Small letters, digits, dots and dashes, 40 characters at most each.'}
        >
          <Input
            disabled={!mayChange}
            spellCheck={false}
            autoCapitalize="off"
            placeholder="gpu, eu"
            value={typedLabels}
            onChange={(event) => setTypedLabels(event.target.value)}
            className="font-mono text-sm"
          />
        </Field>
        {update.error ? <FailureNotice error={update.error} /> : null}
        {mayChange ? (
          <div>
            <Button type="submit" variant="primary" isBusy={update.isPending} isDisabled={!isChanged || !labels.success}>
              Save
            </Button>
          </div>
        ) : null}
      </form>
      <PermissionRules projectId={project.projectId} mayChange={mayChange} />
      <AgentTools projectId={project.projectId} mayChange={mayChange} />
      {mayChange ? <ArchiveProject project={project} /> : null}
    </div>
  )
}

function ArchiveProject({ project }: { project: Project }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const router = useRouter()
  const [isAsking, setAsking] = useState(false)
  const archive = useMutation({
    ...trpc.projects.archive.mutationOptions(),
    onSuccess: async () => {
      router.push('/')
      await queryClient.invalidateQueries()
    },
  })
  return (
    <Section
      title="Archive"
      description="The project and its chats leave every list. Nothing is deleted, and usage keeps counting for the team."
    >
      <div>
        <Button variant="danger-quiet" className="border border-bad/40" onClick={() => setAsking(true)}>
          Archive project…
        </Button>
      </div>
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        title={`Archive ${project.name}?`}
        confirmLabel="Archive"
        isBusy={archive.isPending}
        onConfirm={() => archive.mutate({ projectId: project.projectId })}
      >
        <p>Its chats can no longer be prompted. Agents that are at work in it finish their turn.</p>
        {archive.error ? <FailureNotice error={archive.error} /> : null}
      </ConfirmDialog>
    </Section>
  )
}
