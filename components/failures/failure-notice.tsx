'use client'

import { RotateCw } from 'lucide-react'
import type { ReactNode } from 'react'
import type { FailureCode, FailureFacts } from '#core/errors.ts'
import { wordsOf } from '#components/failures/failure.ts'
import { failureWords } from '#components/failures/sentences.ts'
import { Button, ButtonLink } from '#components/ui/button.tsx'
import { ErrorState } from '#components/ui/error-state.tsx'

type Place = { projectId?: string | null; harness?: string | null }

/**
 * What a failed call means and what to do about it. `onRetry` is what "Try again" does; without it there is no such
 * button. `mend` is an act of the screen's own, where the recovery is one that only the screen can do.
 */
export function FailureNotice({
  error,
  place,
  onRetry,
  mend,
  look,
  className,
}: {
  error: unknown
  place?: Place
  onRetry?: () => void
  mend?: ReactNode
  look?: 'line' | 'block'
  className?: string
}) {
  const words = wordsOf(error, place)
  return (
    <ErrorState
      sentence={words.sentence}
      details={words.details}
      look={look}
      className={className}
      action={mend ?? <Act {...words} onRetry={onRetry} />}
    />
  )
}

/** The same for a failure that is stored: of a connection, a harness, a turn. */
export function StoredFailure({
  code,
  facts,
  detail,
  place,
  onRetry,
  className,
}: {
  code: FailureCode
  facts?: FailureFacts
  detail?: string | null
  place?: Place
  onRetry?: () => void
  className?: string
}) {
  const words = failureWords(code, facts, place)
  return <ErrorState sentence={words.sentence} details={detail} className={className} action={<Act {...words} onRetry={onRetry} />} />
}

function Act({ label, href, recovery, onRetry }: { label: string | null; href: string | null; recovery: string; onRetry?: () => void }) {
  if (href && label) {
    return (
      <ButtonLink href={href} size="sm">
        {label}
      </ButtonLink>
    )
  }
  if (onRetry && (recovery === 'retry' || recovery === 'wait' || recovery === 'send-again')) {
    return (
      <Button size="sm" icon={<RotateCw aria-hidden />} onClick={onRetry}>
        {label ?? 'Try again'}
      </Button>
    )
  }
  return null
}
