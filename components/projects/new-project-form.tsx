'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { nameFromRepository } from '#components/projects/repository.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button, ButtonLink } from '#components/ui/button.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input, Textarea } from '#components/ui/input.tsx'

/** Name, repository, instructions; only the name is needed, and the repository can give it. */
export function NewProjectForm() {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const router = useRouter()
  const [repositoryUrl, setRepositoryUrl] = useState('')
  const [typedName, setName] = useState<string | null>(null)
  const [instructions, setInstructions] = useState('')
  const name = typedName ?? nameFromRepository(repositoryUrl)
  const create = useMutation({
    ...trpc.projects.create.mutationOptions(),
    onSuccess: async ({ projectId }) => {
      await queryClient.invalidateQueries(trpc.projects.list.pathFilter())
      router.push(`/projects/${encodeURIComponent(projectId)}`)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate({
      name: name.trim(),
      ...(repositoryUrl.trim() ? { repositoryUrl: repositoryUrl.trim() } : {}),
      ...(instructions.trim() ? { instructions: instructions.trim() } : {}),
    })
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-5">
      <Field
        label="Git repository"
        optional
        hint="An https address that git clones, or a path on the server. Each chat works in a clone of its own."
      >
        <Input
          name="repositoryUrl"
          autoFocus
          spellCheck={false}
          autoCapitalize="off"
          placeholder="https://github.com/acme/api.git"
          value={repositoryUrl}
          onChange={(event) => setRepositoryUrl(event.target.value)}
          className="font-mono text-sm"
        />
      </Field>
      <Field label="Name">
        <Input name="name" required maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
      </Field>
      <Field label="Instructions for agents" optional hint="Given to every agent of this project at the start of a chat.">
        <Textarea name="instructions" rows={4} value={instructions} onChange={(event) => setInstructions(event.target.value)} />
      </Field>
      {create.error ? <FailureNotice error={create.error} /> : null}
      <div className="flex gap-2">
        <Button type="submit" variant="primary" isBusy={create.isPending || create.isSuccess}>
          Create project
        </Button>
        <ButtonLink href="/" variant="quiet">
          Cancel
        </ButtonLink>
      </div>
    </form>
  )
}
