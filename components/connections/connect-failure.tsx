'use client'

import { useEffect, useRef } from 'react'
import { failureOf, wordsOf } from '#components/failures/failure.ts'
import { ErrorState } from '#components/ui/error-state.tsx'

/** Whether it was stored but for its owner's word: then "Save anyway" means something. */
export const isRefusal = (error: unknown): boolean => {
  const failure = failureOf(error)
  return failure.is === 'domain' && ['credential.refused', 'login.refused', 'login.expired'].includes(failure.code)
}

/** Why nothing was stored, in view also where the form is longer than the screen. What mends it stands in the form around it. */
export function ConnectFailure({ error }: { error: unknown }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // Newer browsers answer with a promise, which an effect must not return.
    box.current?.scrollIntoView({ block: 'nearest' })
  }, [error])
  const { sentence, details } = wordsOf(error)
  return (
    <div ref={box} className="scroll-my-3">
      <ErrorState sentence={sentence} details={details} />
    </div>
  )
}
