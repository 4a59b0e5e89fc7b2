'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound, LogOut, Plus } from 'lucide-react'
import { useState } from 'react'
import { TokenDialog } from '#components/account/token-dialog.tsx'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { signOut } from '#components/session/session.ts'
import { useMe } from '#components/session/use-me.ts'
import { roleName } from '#components/teams/roles.ts'
import { ThemeChoice } from '#components/theme/theme-choice.tsx'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { Avatar } from '#components/ui/avatar.tsx'
import { Button } from '#components/ui/button.tsx'
import { Code } from '#components/ui/code.tsx'
import { ConfirmDialog } from '#components/ui/dialog.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { PageBody, PageHeader } from '#components/ui/page-header.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { Card, Section } from '#components/ui/section.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { toast } from '#components/ui/toast.tsx'

export function AccountScreen() {
  const { user, team } = useMe()
  const [isCreating, setCreating] = useState(false)
  const tokens = useQuery(useTRPC().tokens.list.queryOptions())
  return (
    <PageBody size="sm">
      <PageHeader
        title="Account"
        actions={
          <Button
            icon={<LogOut aria-hidden />}
            onClick={() => void signOut().catch(() => toast.error('You are still signed in: the server cannot be reached.'))}
          >
            Sign out
          </Button>
        }
      />
      <Card className="flex flex-wrap items-center gap-4 p-4 sm:p-5">
        <Avatar name={user.name} colourKey={user.userId} size="lg" isDecorative />
        <div className="min-w-0 flex-1 basis-40">
          <p className="truncate text-md font-medium">{user.name}</p>
          <p className="truncate text-ink-quiet">{user.email}</p>
        </div>
        <p className="text-sm text-ink-soft">
          {team ? `${roleName(team.role)} of ${team.name}` : null}
          {user.isInstanceOwner ? ' · owner of this Gatehouse' : null}
        </p>
      </Card>
      <Section title="Theme">
        <div className="max-w-xs">
          <ThemeChoice />
        </div>
      </Section>
      <Section
        title="Access tokens"
        description={
          <>
            For scripts: sent as <Code>Authorization: Bearer pat_…</Code>, a token may do what you may do in this team.
          </>
        }
        actions={
          <Button size="sm" icon={<Plus aria-hidden />} onClick={() => setCreating(true)}>
            New token
          </Button>
        }
      >
        {tokens.isPending ? <SkeletonRows rows={2} label="Loading tokens" /> : null}
        {tokens.isError ? <FailureNotice error={tokens.error} onRetry={() => void tokens.refetch()} /> : null}
        {tokens.data?.length === 0 ? <EmptyState icon={<KeyRound aria-hidden />} title="No tokens" className="py-8" /> : null}
        {tokens.data?.length ? <TokenList tokens={tokens.data} /> : null}
      </Section>
      {isCreating ? <TokenDialog onClose={() => setCreating(false)} /> : null}
    </PageBody>
  )
}

type Token = Outputs['tokens']['list'][number]

function TokenList({ tokens }: { tokens: readonly Token[] }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [asked, setAsked] = useState<Token | null>(null)
  const revoke = useMutation({
    ...trpc.tokens.revoke.mutationOptions(),
    onSuccess: async () => {
      await queryClient.invalidateQueries(trpc.tokens.pathFilter())
      setAsked(null)
    },
  })
  return (
    <>
      <ul className="divide-y divide-line rounded-lg border border-line bg-raised">
        {tokens.map((each) => (
          <li key={each.tokenId} className="flex items-center gap-3 px-4 py-3">
            <div className="min-w-0 flex-1">
              <p className="truncate font-medium">
                {each.name} <span className="font-mono text-xs font-normal text-ink-quiet">{each.hint}</span>
              </p>
              <p className="text-sm text-ink-quiet">
                ends <RelativeTime at={each.expiresAt} />
                {each.lastUsedAt ? (
                  <>
                    {' · last used '}
                    <RelativeTime at={each.lastUsedAt} />
                  </>
                ) : (
                  ' · never used'
                )}
              </p>
            </div>
            <Button variant="danger-quiet" size="sm" onClick={() => setAsked(each)}>
              Revoke
            </Button>
          </li>
        ))}
      </ul>
      <ConfirmDialog
        isOpen={asked !== null}
        onClose={() => setAsked(null)}
        title={`Revoke ${asked?.name ?? ''}?`}
        confirmLabel="Revoke"
        isBusy={revoke.isPending}
        onConfirm={() => asked && revoke.mutate({ tokenId: asked.tokenId })}
      >
        <p>Whatever uses it is refused from now on. This cannot be taken back.</p>
        {revoke.error ? <FailureNotice error={revoke.error} /> : null}
      </ConfirmDialog>
    </>
  )
}
