'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Ellipsis, Plus, Replace, Unplug } from 'lucide-react'
import { kindNames, scopeWords } from '#components/connections/scope-words.ts'
import { type Attachment, type Lane, maskOf } from '#components/connections/lanes.model.ts'
import { wordsOf } from '#components/failures/failure.ts'
import { failureWords } from '#components/failures/sentences.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { classNames } from '#components/ui/class-names.ts'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Menu, MenuItem, MenuSeparator } from '#components/ui/menu.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { Switch } from '#components/ui/switch.tsx'
import { toast } from '#components/ui/toast.tsx'

/** One scope of one harness: what is attached there, whether it is the one that pays, and its controls. */
export function ConnectionLane({
  lane,
  harnessName,
  onConnect,
  onDisconnect,
}: {
  lane: Lane
  harnessName: string
  onConnect: (replaces?: Attachment) => void
  onDisconnect: (attachment: Attachment) => void
}) {
  const { attachment, scope, mayChange } = lane
  return (
    <li
      className={classNames(
        'flex min-h-28 flex-col gap-2 px-4 py-3 sm:px-5',
        lane.is === 'used' && 'shadow-[inset_0_2px_0_var(--accent)]',
        lane.is === 'halts' && 'shadow-[inset_0_2px_0_var(--warn)]',
      )}
    >
      <div className="flex min-h-7 items-center gap-2">
        <h3 className="text-sm text-ink-quiet">{scopeWords[scope].name}</h3>
        {lane.is === 'used' ? <Badge tone="accent">Used here</Badge> : null}
        {lane.is === 'halts' ? <Badge tone="warn">Decides, but cannot be used</Badge> : null}
        {lane.is === 'passed-over' ? <Badge>Not reached</Badge> : null}
        {attachment && mayChange ? <LaneMenu attachment={attachment} onConnect={onConnect} onDisconnect={onDisconnect} /> : null}
      </div>
      {attachment ? (
        <AttachmentFacts attachment={attachment} lane={lane} harnessName={harnessName} />
      ) : (
        <div className="flex flex-1 flex-col items-start justify-between gap-2">
          <p className="text-base text-ink-quiet">{scope === 'platform' ? 'Nothing here.' : 'Nothing here, so the next one is asked.'}</p>
          {mayChange ? (
            <Button size="sm" variant="quiet" className="-ml-2.5" icon={<Plus aria-hidden />} onClick={() => onConnect()}>
              Connect here
            </Button>
          ) : null}
        </div>
      )}
    </li>
  )
}

function AttachmentFacts({ attachment, lane, harnessName }: { attachment: Attachment; lane: Lane; harnessName: string }) {
  const { credential, code } = attachment
  return (
    <>
      <div className="min-w-0">
        <p className={classNames('truncate font-medium', lane.is === 'passed-over' && 'text-ink-soft')}>{credential.name}</p>
        <p className="truncate font-mono text-xs text-ink-quiet">
          {kindNames[credential.kind]} {maskOf(credential)}
        </p>
        {credential.baseUrl ? <p className="truncate font-mono text-xs text-ink-quiet">{credential.baseUrl}</p> : null}
        {code && code !== 'connection.disabled' ? (
          <p className="mt-1 text-sm text-bad-ink">
            {failureWords(credential.brokenCode ?? code, { harnessName, providerName: credential.providerName }).sentence}
          </p>
        ) : null}
      </div>
      <p className="text-xs text-ink-quiet">
        By {attachment.isMine ? 'you' : attachment.createdByName}, <RelativeTime at={attachment.createdAt} />
        {attachment.lastUsedAt ? (
          <>
            {' · last used '}
            <RelativeTime at={attachment.lastUsedAt} />
          </>
        ) : (
          ' · never used'
        )}
      </p>
      {lane.mayChange ? (
        <EnableSwitch attachment={attachment} harnessName={harnessName} />
      ) : attachment.isEnabled ? null : (
        <p className="text-sm text-warn-ink">Switched off</p>
      )}
    </>
  )
}

function EnableSwitch({ attachment, harnessName }: { attachment: Attachment; harnessName: string }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const setEnabled = useMutation({
    ...trpc.connections.setEnabled.mutationOptions(),
    onError: (error) => toast.error(wordsOf(error).sentence),
    onSettled: () =>
      Promise.all([queryClient.invalidateQueries(trpc.connections.pathFilter()), queryClient.invalidateQueries(trpc.models.pathFilter())]),
  })
  const isOn = setEnabled.isPending ? setEnabled.variables.isEnabled : attachment.isEnabled
  return (
    <div className="mt-auto flex items-center gap-2 pt-1 text-sm text-ink-soft">
      <Switch
        isOn={isOn}
        label={`${attachment.credential.name} for ${harnessName}`}
        onChange={(isEnabled) => setEnabled.mutate({ connectionId: attachment.connectionId, isEnabled })}
      />
      {isOn ? 'Enabled' : 'Switched off'}
    </div>
  )
}

function LaneMenu({
  attachment,
  onConnect,
  onDisconnect,
}: {
  attachment: Attachment
  onConnect: (replaces?: Attachment) => void
  onDisconnect: (attachment: Attachment) => void
}) {
  return (
    <Menu
      trigger={
        <IconButton label={`Change ${attachment.credential.name}`} size="sm" className="-mr-1 ml-auto">
          <Ellipsis aria-hidden />
        </IconButton>
      }
    >
      <MenuItem icon={<Replace aria-hidden />} onSelect={() => onConnect(attachment)}>
        Replace the credential…
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon={<Unplug aria-hidden />} tone="bad" onSelect={() => onDisconnect(attachment)}>
        Disconnect…
      </MenuItem>
    </Menu>
  )
}
