'use client'

import { useMe } from '#components/session/use-me.ts'
import { ButtonLink } from '#components/ui/button.tsx'

export const BUDGETS_HREF = '/usage?view=budgets'

/** The way on from a spent budget: to where it is raised, or to who can raise it. */
export function RaiseLink() {
  const { team } = useMe()
  return team?.role === 'admin' ? (
    <ButtonLink href={BUDGETS_HREF} size="sm">
      Raise it
    </ButtonLink>
  ) : (
    <ButtonLink href="/team" size="sm">
      See who is admin
    </ButtonLink>
  )
}
