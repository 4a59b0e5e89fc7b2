'use client'

import { CornerLeftDown, Ellipsis, Pause, Play, Replace, ShieldCheck, Unplug, UserMinus, UserPlus } from 'lucide-react'
import type { CardActs } from '#components/connections/connection-card.tsx'
import type { Attachment, Lane } from '#components/connections/lanes.model.ts'
import { removalOf, removalWords } from '#components/connections/mending.model.ts'
import type { useLaneActs } from '#components/connections/use-lane-acts.ts'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Menu, MenuItem, MenuSeparator } from '#components/ui/menu.tsx'

/** Everything that can be done with one attachment. */
export function LaneMenu({
  lane,
  lanes,
  acts,
  onConnect,
  onRemove,
  onDisable,
}: Pick<CardActs, 'onConnect' | 'onRemove' | 'onDisable'> & {
  lane: Lane & { attachment: Attachment }
  lanes: readonly Lane[]
  acts: ReturnType<typeof useLaneActs>
}) {
  const { attachment, scope } = lane
  const { connectionId, credential } = attachment
  const removal = removalOf(lanes, lane)
  const validate = () => acts.validate.mutate({ connectionId })
  const isShareable = scope === 'user' && credential.kind === 'api-key' && attachment.isMine
  return (
    <Menu
      trigger={
        <IconButton label={`Change ${credential.name}`} size="sm">
          <Ellipsis aria-hidden />
        </IconButton>
      }
    >
      <MenuItem icon={<ShieldCheck aria-hidden />} onSelect={validate}>
        Validate
      </MenuItem>
      <MenuItem icon={<Replace aria-hidden />} onSelect={() => onConnect(scope, attachment)}>
        Replace…
      </MenuItem>
      {isShareable ? (
        <MenuItem
          icon={attachment.isShared ? <UserMinus aria-hidden /> : <UserPlus aria-hidden />}
          onSelect={() => acts.setShared.mutate({ connectionId, isShared: !attachment.isShared })}
        >
          {attachment.isShared ? 'Stop sharing with the team' : 'Share with the team'}
        </MenuItem>
      ) : null}
      {attachment.isEnabled ? (
        <MenuItem icon={<Pause aria-hidden />} onSelect={() => onDisable(lane)}>
          Disable…
        </MenuItem>
      ) : (
        <MenuItem icon={<Play aria-hidden />} onSelect={() => acts.setEnabled.mutate({ connectionId, isEnabled: true })}>
          Enable
        </MenuItem>
      )}
      <MenuSeparator />
      <MenuItem
        icon={removal === 'resume-inheritance' ? <CornerLeftDown aria-hidden /> : <Unplug aria-hidden />}
        tone={removal === 'resume-inheritance' ? 'plain' : 'bad'}
        onSelect={() => onRemove(lane)}
      >
        {removalWords[removal].act}…
      </MenuItem>
    </Menu>
  )
}
