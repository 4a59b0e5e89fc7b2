'use client'

import type { Scope } from '#core/connections/connection.ts'
import { type Attachment, type ConnectionRow, lanesOf } from '#components/connections/lanes.model.ts'
import { firstAct } from '#components/connections/mending.model.ts'
import { useLaneActs } from '#components/connections/use-lane-acts.ts'
import { useRights } from '#components/connections/use-rights.ts'
import { Button } from '#components/ui/button.tsx'

/** What mends a harness that cannot run, where somebody meets it. The dialog of `onConnect` outlives the button, which goes once it is mended. */
export function MendButton({
  row,
  projectId,
  onConnect,
}: {
  row: ConnectionRow
  projectId?: string
  onConnect: (scope: Scope, replaces?: Attachment) => void
}) {
  const rights = useRights(projectId)
  const { setEnabled } = useLaneActs()
  const act = firstAct(lanesOf(row, { isInProject: projectId !== undefined, rights }))
  if (!act) return null
  if (act.is === 'ask') return <span className="text-sm">{`Ask ${act.name} to mend it.`}</span>
  const mend = () => {
    if (act.is === 'enable') setEnabled.mutate({ connectionId: act.attachment.connectionId, isEnabled: true })
    else onConnect(act.scope, act.is === 'replace' ? act.attachment : undefined)
  }
  return (
    <Button size="sm" isBusy={setEnabled.isPending} onClick={mend}>
      {act.label === 'Connect' ? `Connect ${row.name}` : act.label}
    </Button>
  )
}
