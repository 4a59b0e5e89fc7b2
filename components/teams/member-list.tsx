'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { UserMinus } from 'lucide-react'
import { useState } from 'react'
import { wordsOf } from '#components/failures/failure.ts'
import { useMay, useMe } from '#components/session/use-me.ts'
import { RemoveMemberDialog } from '#components/teams/remove-member-dialog.tsx'
import { isLastAdmin, type Member, roleName, roles, type Role } from '#components/teams/roles.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Avatar } from '#components/ui/avatar.tsx'
import { Badge } from '#components/ui/badge.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { Select } from '#components/ui/select.tsx'
import { toast } from '#components/ui/toast.tsx'

/** Who is in the team, with their roles; admins change both. */
export function MemberList({ members }: { members: readonly Member[] }) {
  const [removed, setRemoved] = useState<Member | null>(null)
  return (
    <>
      <ul className="divide-y divide-line rounded-lg border border-line bg-raised">
        {members.map((member) => (
          <MemberRow key={member.userId} member={member} isLast={isLastAdmin(member, members)} onRemove={() => setRemoved(member)} />
        ))}
      </ul>
      {removed ? <RemoveMemberDialog member={removed} onClose={() => setRemoved(null)} /> : null}
    </>
  )
}

function MemberRow({ member, isLast, onRemove }: { member: Member; isLast: boolean; onRemove: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const may = useMay()
  const { user } = useMe()
  const isMe = member.userId === user.userId
  const setRole = useMutation({
    ...trpc.team.setRole.mutationOptions(),
    onError: (error) => toast.error(wordsOf(error).sentence),
    onSettled: () =>
      Promise.all([queryClient.invalidateQueries(trpc.team.pathFilter()), queryClient.invalidateQueries(trpc.me.pathFilter())]),
  })
  const role = setRole.isPending ? setRole.variables.role : member.role
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3">
      <Avatar name={member.name} colourKey={member.userId} isDecorative />
      <div className="min-w-0 flex-1 basis-40">
        <p className="flex min-w-0 items-center gap-2">
          <span className="truncate font-medium">{member.name}</span>
          {isMe ? <Badge>You</Badge> : null}
          {member.isInstanceOwner ? <Badge tone="accent">Owner</Badge> : null}
        </p>
        <p className="truncate text-sm text-ink-quiet">
          {member.email} · joined <RelativeTime at={member.joinedAt} />
        </p>
      </div>
      {may.manage ? (
        <div className="flex items-center gap-1">
          <Select<Role>
            label={`Role of ${member.name}`}
            size="sm"
            className="w-28"
            choices={roles}
            value={role}
            isDisabled={isLast}
            onChange={(next) => setRole.mutate({ userId: member.userId, role: next })}
          />
          <IconButton
            label={isLast ? 'The last admin cannot be removed' : `Remove ${member.name}`}
            variant="danger"
            isDisabled={isLast}
            onClick={onRemove}
          >
            <UserMinus aria-hidden />
          </IconButton>
        </div>
      ) : (
        <span className="text-sm text-ink-soft">{roleName(member.role)}</span>
      )}
    </li>
  )
}
