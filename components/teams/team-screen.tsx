'use client'

import { useQuery } from '@tanstack/react-query'
import { UserPlus } from 'lucide-react'
import { useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useMay } from '#components/session/use-me.ts'
import { InvitationList } from '#components/teams/invitation-list.tsx'
import { InviteDialog } from '#components/teams/invite-dialog.tsx'
import { MemberList } from '#components/teams/member-list.tsx'
import { RenameTeam } from '#components/teams/rename-team.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { PageBody, PageHeader } from '#components/ui/page-header.tsx'
import { Section } from '#components/ui/section.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

export function TeamScreen() {
  const may = useMay()
  const team = useQuery(useTRPC().team.get.queryOptions())
  const [isInviting, setInviting] = useState(false)
  return (
    <PageBody>
      <PageHeader
        title={team.data?.name ?? 'Team'}
        lead={team.data ? `${team.data.members.length} ${team.data.members.length === 1 ? 'member' : 'members'}` : undefined}
        actions={
          may.manage ? (
            <Button variant="primary" icon={<UserPlus aria-hidden />} onClick={() => setInviting(true)}>
              Invite
            </Button>
          ) : null
        }
      />
      {team.isPending ? <SkeletonRows rows={3} label="Loading the team" /> : null}
      {team.isError ? <FailureNotice error={team.error} onRetry={() => void team.refetch()} look="block" /> : null}
      {team.data ? (
        <>
          <Section title="Members">
            <MemberList members={team.data.members} />
          </Section>
          {team.data.invitations.length > 0 ? (
            <Section title="Open invitations" description="A link works once, for 72 hours, and only for its e-mail address.">
              <InvitationList invitations={team.data.invitations} />
            </Section>
          ) : null}
          {may.manage ? (
            <Section title="Name">
              <RenameTeam key={team.data.teamId} name={team.data.name} />
            </Section>
          ) : null}
        </>
      ) : null}
      {isInviting ? <InviteDialog onClose={() => setInviting(false)} /> : null}
    </PageBody>
  )
}
