'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { wordsOf } from '#components/failures/failure.ts'
import { useMay } from '#components/session/use-me.ts'
import { roleName, type TeamView } from '#components/teams/roles.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { toast } from '#components/ui/toast.tsx'

export function InvitationList({ invitations }: { invitations: TeamView['invitations'] }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const may = useMay()
  const revoke = useMutation({
    ...trpc.team.revokeInvitation.mutationOptions(),
    onError: (error) => toast.error(wordsOf(error).sentence),
    onSettled: () => queryClient.invalidateQueries(trpc.team.pathFilter()),
  })
  return (
    <ul className="divide-y divide-line rounded-lg border border-line bg-raised">
      {invitations.map((each) => (
        <li key={each.invitationId} className="flex items-center gap-3 px-4 py-3">
          <div className="min-w-0 flex-1">
            <p className="truncate font-medium">{each.email}</p>
            <p className="text-sm text-ink-quiet">
              {roleName(each.role)} · invited by {each.invitedByName} · ends <RelativeTime at={each.expiresAt} />
            </p>
          </div>
          {may.manage ? (
            <Button
              variant="danger-quiet"
              size="sm"
              isBusy={revoke.isPending && revoke.variables.invitationId === each.invitationId}
              onClick={() => revoke.mutate({ invitationId: each.invitationId })}
            >
              Withdraw
            </Button>
          ) : null}
        </li>
      ))}
    </ul>
  )
}
