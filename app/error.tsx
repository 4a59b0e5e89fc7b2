'use client'

import { failureOf } from '#components/failures/failure.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'

export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <main className="mx-auto grid min-h-dvh w-full max-w-xl place-items-center p-6">
      <FailureNotice
        error={error}
        onRetry={failureOf(error).is === 'outdated' ? () => window.location.reload() : reset}
        look="block"
        className="w-full"
      />
    </main>
  )
}
