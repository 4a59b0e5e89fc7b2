'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CalendarSync, Trash2, Webhook } from 'lucide-react'
import { useState } from 'react'
import { scheduleWords } from '#core/tasks/schedule.ts'
import { wordsOf } from '#components/failures/failure.ts'
import { failureWords } from '#components/failures/sentences.ts'
import { useMe } from '#components/session/use-me.ts'
import { type Outputs, useTRPC } from '#components/trpc/trpc.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { CopyLine } from '#components/ui/code.tsx'
import { ConfirmDialog } from '#components/ui/dialog.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { toast } from '#components/ui/toast.tsx'

type Trigger = Outputs['triggers']['list'][number]

/** One schedule or webhook: what it does for whom, when it did last and does next, and why it is off. */
export function TriggerRow({ projectId, trigger, mayManage }: { projectId: string; trigger: Trigger; mayManage: boolean }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const { user } = useMe()
  const [isRemoving, setRemoving] = useState(false)
  const settled = {
    onSettled: () => queryClient.invalidateQueries(trpc.triggers.pathFilter()),
    onError: (error: Parameters<typeof wordsOf>[0]) => void toast.error('Nothing was changed', { description: wordsOf(error).sentence }),
  }
  const setEnabled = useMutation({ ...trpc.triggers.setEnabled.mutationOptions(), ...settled })
  const remove = useMutation({ ...trpc.triggers.remove.mutationOptions(), ...settled, onSuccess: () => setRemoving(false) })
  const Icon = trigger.schedule ? CalendarSync : Webhook
  const of = { projectId, triggerId: trigger.triggerId }
  return (
    <li className="flex flex-col gap-2 px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <Icon aria-hidden className="size-4 shrink-0 text-ink-quiet" />
        <div className="min-w-0 flex-1 basis-56">
          <p className="flex min-w-0 items-center gap-2">
            <span className="truncate font-medium">{trigger.name}</span>
            {trigger.isEnabled ? null : <Badge tone={trigger.problem ? 'warn' : 'quiet'}>Off</Badge>}
          </p>
          <p className="text-sm text-ink-quiet">
            {trigger.schedule ? scheduleWords(trigger.schedule) : 'When it is called'}
            {trigger.startsChat ? ', starts' : ', makes'} “{trigger.templateName}” for {trigger.ownerName}
          </p>
          <p className="figures text-xs text-ink-quiet">
            {trigger.dueAt ? (
              <>
                Next <RelativeTime at={trigger.dueAt} />
              </>
            ) : null}
            {trigger.dueAt && trigger.firedAt ? ' · ' : null}
            {trigger.firedAt ? (
              <>
                Last <RelativeTime at={trigger.firedAt} />
              </>
            ) : null}
          </p>
        </div>
        {mayManage ? (
          <span className="flex items-center gap-1">
            <Button size="sm" isBusy={setEnabled.isPending} onClick={() => setEnabled.mutate({ ...of, isEnabled: !trigger.isEnabled })}>
              {trigger.isEnabled ? 'Switch off' : 'Switch on'}
            </Button>
            <IconButton label={`Remove ${trigger.name}`} size="sm" variant="danger" onClick={() => setRemoving(true)}>
              <Trash2 aria-hidden />
            </IconButton>
          </span>
        ) : null}
      </div>
      {trigger.problem ? <p className="text-sm text-warn-ink">Switched off by itself: {failureWords(trigger.problem).sentence}</p> : null}
      {!trigger.isEnabled && mayManage && trigger.ownerId !== user.userId ? (
        <p className="text-sm text-ink-quiet">If you switch it on, it acts for you: with your role and on your connections.</p>
      ) : null}
      {trigger.url && mayManage ? <CopyLine text={trigger.url} label="address" /> : null}
      {isRemoving ? (
        <ConfirmDialog
          isOpen
          onClose={() => setRemoving(false)}
          title={`Remove “${trigger.name}”?`}
          confirmLabel="Remove"
          isBusy={remove.isPending}
          onConfirm={() => remove.mutate(of)}
        >
          <p>It makes no more tasks; those that it made stay. {trigger.url ? 'Its address and its secret are of no use any more.' : ''}</p>
        </ConfirmDialog>
      ) : null}
    </li>
  )
}
