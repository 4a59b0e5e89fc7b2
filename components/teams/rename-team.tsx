'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Input } from '#components/ui/input.tsx'
import { toast } from '#components/ui/toast.tsx'

export function RenameTeam({ name: current }: { name: string }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [name, setName] = useState(current)
  const rename = useMutation({
    ...trpc.team.rename.mutationOptions(),
    onSuccess: async () => {
      toast.success('Saved')
      await Promise.all([queryClient.invalidateQueries(trpc.team.pathFilter()), queryClient.invalidateQueries(trpc.me.pathFilter())])
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    rename.mutate({ name: name.trim() })
  }
  return (
    <form onSubmit={submit} className="flex max-w-md flex-col gap-3">
      <div className="flex gap-2">
        <Input aria-label="Team name" required maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
        <Button type="submit" isBusy={rename.isPending} isDisabled={!name.trim() || name.trim() === current}>
          Save
        </Button>
      </div>
      {rename.error ? <FailureNotice error={rename.error} /> : null}
    </form>
  )
}
