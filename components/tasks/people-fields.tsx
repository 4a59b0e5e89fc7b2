'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Select } from '#components/ui/select.tsx'

const NOBODY = '\u0000nobody'

/** One of the team, or nobody. `former` names somebody who has left. */
export function AssigneeSelect({
  value,
  onChange,
  former,
  isDisabled,
  ...field
}: {
  value: string | null
  onChange: (userId: string | null) => void
  former?: { userId: string; name: string } | null
  isDisabled?: boolean
  id?: string
  label?: string
}) {
  const team = useQuery(useTRPC().team.get.queryOptions())
  const members = (team.data?.members ?? []).map(({ userId, name }) => ({ value: userId, label: name }))
  const gone = former && !members.some((each) => each.value === former.userId) ? [{ value: former.userId, label: former.name }] : []
  return (
    <Select
      {...field}
      choices={[{ value: NOBODY, label: 'Nobody' }, ...members, ...gone]}
      value={value ?? NOBODY}
      onChange={(next) => onChange(next === NOBODY ? null : next)}
      isDisabled={isDisabled}
    />
  )
}
