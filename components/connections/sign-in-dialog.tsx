'use client'

import { RotateCw } from 'lucide-react'
import { type ReactNode, useEffect } from 'react'
import type { Scope } from '#core/connections/connection.ts'
import { SignInSteps } from '#components/connections/sign-in-steps.tsx'
import { type Stage, stageOf } from '#components/connections/sign-in.model.ts'
import { useGuidedSignIn } from '#components/connections/use-guided-sign-in.ts'
import { useRefresh } from '#components/connections/use-refresh.ts'
import { FailureNotice, StoredFailure } from '#components/failures/failure-notice.tsx'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Notice } from '#components/ui/notice.tsx'
import { Progress } from '#components/ui/progress.tsx'

type SignInProps = {
  harness: string
  harnessName: string
  scope: Scope
  projectId: string | undefined
  /** Closing gives the sign-in up. */
  onClose: () => void
  /** The login is stored; the lists that show it are read again already. */
  onConnected: (connectionId: string) => void
}

/** Leads somebody through the program's own sign-in, which a node runs for them meanwhile. */
export function SignInDialog({ harness, harnessName, scope, projectId, onClose, onConnected }: SignInProps) {
  const { signIn, signInId, error, again } = useGuidedSignIn({ harness, scope, projectId })
  const refresh = useRefresh()
  const stage = stageOf(signIn, harnessName)
  const connectionId = stage.is === 'connected' ? stage.connectionId : null
  useEffect(() => {
    if (connectionId) void refresh().finally(() => onConnected(connectionId))
    // Once per connection: the two functions are new at each drawing.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [connectionId])

  const mayTryAgain = error !== null || stage.is === 'over'
  return (
    <Dialog
      isOpen
      onClose={onClose}
      size="md"
      title={`Sign in with ${harnessName}`}
      description={`A node runs ${harnessName}’s own sign-in for you, and forgets it afterwards.`}
      footer={
        <>
          <Button onClick={onClose}>{mayTryAgain ? 'Close' : 'Cancel'}</Button>
          {mayTryAgain ? (
            <Button variant="primary" icon={<RotateCw aria-hidden />} onClick={again}>
              Start again
            </Button>
          ) : null}
        </>
      }
    >
      <div className="pb-2">
        {error ? (
          <FailureNotice error={error} place={{ projectId, harness }} />
        ) : (
          <Body stage={stage} harnessName={harnessName} signInId={signInId} />
        )}
      </div>
    </Dialog>
  )
}

function Body({ stage, harnessName, signInId }: { stage: Stage; harnessName: string; signInId: string | null }): ReactNode {
  switch (stage.is) {
    case 'working':
      return <Working {...stage} />
    case 'connected':
      return <Working words="Signed in" fraction={1} detail={null} />
    case 'link':
      return signInId ? <SignInSteps signInId={signInId} harnessName={harnessName} link={stage} /> : null
    case 'over':
      return stage.failure ? (
        <StoredFailure code={stage.failure.code} facts={stage.failure.facts} detail={detailOf(stage.failure.facts)} />
      ) : (
        <Notice>This sign-in was ended. Nothing was stored.</Notice>
      )
  }
}

const detailOf = (facts: Readonly<Record<string, unknown>>): string | null => (typeof facts['detail'] === 'string' ? facts['detail'] : null)

function Working({ words, fraction, detail }: { words: string; fraction: number | null; detail: string | null }) {
  return (
    <div role="status" className="flex flex-col gap-2 py-2">
      <span className="text-base">{words}…</span>
      <Progress fraction={fraction} label={words} />
      {detail ? <span className="truncate text-xs text-ink-quiet">{detail}</span> : null}
    </div>
  )
}
