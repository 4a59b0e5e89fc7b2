import { CopyLine } from '#components/ui/code.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { Spinner } from '#components/ui/spinner.tsx'
import { Check } from 'lucide-react'

/** The command that lets one machine speak for a node, and whether it has been run. */
export function JoinCommand({
  command,
  expiresAt,
  name,
  hasJoined,
}: {
  command: string
  expiresAt: string
  name: string
  hasJoined: boolean
}) {
  return (
    <div className="flex flex-col gap-3 pb-2">
      <CopyLine text={command} label="join command" />
      <p role="status" className="flex items-center gap-2 text-sm text-ink-soft">
        {hasJoined ? <Check aria-hidden className="size-4 text-good-ink" /> : <Spinner className="text-busy" />}
        {hasJoined ? `${name} has joined.` : `Waiting for ${name}…`}
      </p>
      {hasJoined ? null : (
        <p className="text-sm text-ink-quiet">
          The token in it works once and ends <RelativeTime at={expiresAt} />. It is not shown again.
        </p>
      )}
    </div>
  )
}
