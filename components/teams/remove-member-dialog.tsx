'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { removalLines } from '#components/teams/removal.model.ts'
import type { Member } from '#components/teams/roles.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { ConfirmDialog } from '#components/ui/dialog.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'

/** Says what stops and what is destroyed with a member, by name, before anything is. */
export function RemoveMemberDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const { userId } = member
  // Asked anew at each opening: chats start and stop meanwhile.
  const preview = useQuery({ ...trpc.team.previewRemoval.queryOptions({ userId }), staleTime: 0, gcTime: 0 })
  const remove = useMutation({
    ...trpc.team.remove.mutationOptions(),
    onSuccess: async () => {
      await queryClient.invalidateQueries()
      onClose()
    },
  })
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={`Remove ${member.name}?`}
      confirmLabel="Remove"
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate({ userId })}
    >
      {preview.isPending ? <Skeleton className="h-32" /> : null}
      {preview.isError ? <FailureNotice error={preview.error} onRetry={() => void preview.refetch()} /> : null}
      {preview.data ? (
        <dl className="divide-y divide-line rounded-lg border border-line bg-paper text-ink">
          {removalLines(preview.data).map(({ name, items }) => (
            <div key={name} className="flex gap-4 px-3.5 py-2.5">
              <dt className="w-24 shrink-0 text-ink-quiet">{name}</dt>
              <dd className="min-w-0 flex-1">
                <ul className="flex flex-col gap-1">
                  {items.map((each) => (
                    <li key={each} className="break-words">
                      {each}
                    </li>
                  ))}
                </ul>
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
      <p>
        Their projects and chats stay with the team; a chat that only they see stays unseen. This cannot be undone; a new invitation lets
        them back in.
      </p>
      {remove.error ? <FailureNotice error={remove.error} /> : null}
    </ConfirmDialog>
  )
}
