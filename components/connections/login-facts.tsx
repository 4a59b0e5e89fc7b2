import type { ReactNode } from 'react'
import type { Attachment } from '#components/connections/lanes.model.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'

/** What a login's own file says of itself, for `Facts`. One that renews itself has no end that matters. */
export const loginFacts = ({
  login,
  expiresAt,
}: Pick<Attachment, 'expiresAt'> & { login: NonNullable<Attachment['login']> }): [name: string, fact: ReactNode][] => [
  ['Account', login.email ?? login.account],
  ['Plan', login.plan],
  ['Expires', expiresAt ? <RelativeTime key="at" at={expiresAt} /> : login.canRefresh ? 'Renews itself' : null],
]
