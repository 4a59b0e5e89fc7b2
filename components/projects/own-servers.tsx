'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Ellipsis, Plug, PowerOff, RefreshCw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { OwnServerDialog } from '#components/projects/own-server-dialog.tsx'
import { serverLook, toolCount, whereOf } from '#components/projects/own-servers.model.ts'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { ConfirmDialog } from '#components/ui/dialog.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Menu, MenuItem } from '#components/ui/menu.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

type Server = Outputs['mcpServers']['list'][number]

/** MCP servers that the project brings to its agents beside ours. */
export function OwnServers({ projectId, mayChange }: { projectId: string; mayChange: boolean }) {
  const trpc = useTRPC()
  const stored = useQuery(trpc.mcpServers.list.queryOptions({ projectId }))
  const [isAdding, setAdding] = useState(false)
  return (
    <div className="flex flex-col gap-3">
      <div>
        <h3 className="text-base font-semibold">Servers of your own</h3>
        <p className="mt-0.5 max-w-prose text-base text-ink-soft">
          Every agent of the project gets them, over HTTP and through Gatehouse: the headers that open one stay here, sealed, and no sandbox
          sees them.
        </p>
      </div>
      {stored.isPending ? <SkeletonRows rows={1} label="Loading servers" /> : null}
      {stored.isError ? <FailureNotice error={stored.error} onRetry={() => void stored.refetch()} /> : null}
      {stored.data?.length === 0 ? <p className="text-base text-ink-quiet">None so far.</p> : null}
      {stored.data && stored.data.length > 0 ? (
        <ul className="divide-y divide-line rounded-lg border border-line bg-raised">
          {stored.data.map((server) => (
            <ServerRow key={server.serverId} projectId={projectId} server={server} mayChange={mayChange} />
          ))}
        </ul>
      ) : null}
      {mayChange && stored.data ? (
        <div>
          <Button size="sm" icon={<Plug aria-hidden />} onClick={() => setAdding(true)}>
            Add an MCP server
          </Button>
        </div>
      ) : null}
      {isAdding ? <OwnServerDialog projectId={projectId} onClose={() => setAdding(false)} /> : null}
    </div>
  )
}

function ServerRow({ projectId, server, mayChange }: { projectId: string; server: Server; mayChange: boolean }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [isRemoving, setRemoving] = useState(false)
  const onSettled = () => queryClient.invalidateQueries(trpc.mcpServers.list.queryFilter({ projectId }))
  const check = useMutation({ ...trpc.mcpServers.check.mutationOptions(), onSettled })
  const setEnabled = useMutation({ ...trpc.mcpServers.setEnabled.mutationOptions(), onSettled })
  const remove = useMutation({ ...trpc.mcpServers.remove.mutationOptions(), onSettled })
  const { serverId, name, url, headerNames, isEnabled, finding, foundAt } = server
  const look = serverLook(server)
  const failure = check.error ?? setEnabled.error
  return (
    <li className="flex flex-col gap-1.5 px-4 py-3">
      <div className="flex items-start gap-2">
        <div className="min-w-0 flex-1">
          <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <span className="font-mono text-sm font-medium">{name}</span>
            {check.isPending ? <Badge tone="busy">Looking</Badge> : <Badge tone={look.tone}>{look.word}</Badge>}
          </p>
          <p className="truncate font-mono text-xs text-ink-quiet">{whereOf(url)}</p>
        </div>
        {mayChange ? (
          <Menu
            trigger={
              <IconButton label={`What to do with ${name}`}>
                <Ellipsis aria-hidden />
              </IconButton>
            }
          >
            <MenuItem icon={<RefreshCw aria-hidden />} onSelect={() => check.mutate({ projectId, serverId })}>
              Look at it again
            </MenuItem>
            <MenuItem
              icon={isEnabled ? <PowerOff aria-hidden /> : <Plug aria-hidden />}
              onSelect={() => setEnabled.mutate({ projectId, serverId, isEnabled: !isEnabled })}
            >
              {isEnabled ? 'Turn off' : 'Turn on'}
            </MenuItem>
            <MenuItem icon={<Trash2 aria-hidden />} tone="bad" onSelect={() => setRemoving(true)}>
              Remove…
            </MenuItem>
          </Menu>
        ) : null}
      </div>
      {look.sentence ? <p className="text-sm text-ink-soft">{look.sentence}</p> : null}
      <p className="flex flex-wrap gap-x-2 text-sm text-ink-quiet">
        {finding?.is === 'good' ? <span title={finding.tools.join(', ')}>{toolCount(finding.tools.length)}</span> : null}
        {headerNames.length > 0 ? (
          <span>
            with <span className="font-mono text-xs">{headerNames.join(', ')}</span>
          </span>
        ) : (
          <span>without headers</span>
        )}
        {foundAt ? (
          <span>
            looked at <RelativeTime at={foundAt} />
          </span>
        ) : null}
      </p>
      {failure ? <FailureNotice error={failure} /> : null}
      <ConfirmDialog
        isOpen={isRemoving}
        onClose={() => setRemoving(false)}
        title={`Remove ${name}?`}
        confirmLabel="Remove"
        isBusy={remove.isPending}
        onConfirm={() => remove.mutate({ projectId, serverId })}
      >
        <p>Agents at work lose its tools at once, and the headers that open it are destroyed.</p>
        {remove.error ? <FailureNotice error={remove.error} /> : null}
      </ConfirmDialog>
    </li>
  )
}
