'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { isTimeZone, weekdays, type Schedule } from '#core/tasks/schedule.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import type { Template } from '#components/tasks/automation-dialog.tsx'
import { scheduleOf, type ScheduleDraft } from '#components/tasks/trigger.model.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { Code, CopyLine } from '#components/ui/code.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { Notice } from '#components/ui/notice.tsx'
import { Segmented } from '#components/ui/segmented.tsx'
import { Select } from '#components/ui/select.tsx'

type Props = { projectId: string; kind: 'schedule' | 'webhook'; templates: readonly Template[]; onClose: () => void }

/** Sets up a schedule, or a webhook, whose secret is shown this once. */
export function TriggerDialog({ projectId, kind, templates, onClose }: Props) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const formId = useId()
  const [name, setName] = useState('')
  const [templateId, setTemplateId] = useState<string | null>(templates.length === 1 ? templates[0]!.templateId : null)
  const [startsChat, setStartsChat] = useState(true)
  const [draft, setDraft] = useState<ScheduleDraft>(() => ({
    every: 'day',
    at: '09:00',
    weekday: 'Monday',
    minute: '0',
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  }))
  const refresh = () => queryClient.invalidateQueries(trpc.triggers.pathFilter())
  const addSchedule = useMutation({
    ...trpc.triggers.addSchedule.mutationOptions(),
    onSuccess: async () => {
      await refresh()
      onClose()
    },
  })
  const addWebhook = useMutation({ ...trpc.triggers.addWebhook.mutationOptions(), onSuccess: refresh })
  const schedule = scheduleOf(draft)
  const isReady = name.trim() !== '' && templateId !== null && (kind === 'webhook' || schedule !== null)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!isReady) return
    const input = { projectId, templateId, name, startsChat }
    if (kind === 'webhook') addWebhook.mutate(input)
    else if (schedule) addSchedule.mutate({ ...input, schedule })
  }
  if (addWebhook.data) return <Secret {...addWebhook.data} name={name.trim()} onClose={onClose} />
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={kind === 'schedule' ? 'New schedule' : 'New webhook'}
      description={kind === 'schedule' ? 'Makes a task of a template at a time.' : 'Makes a task of a template whenever it is called.'}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form={formId}
            variant="primary"
            isDisabled={!isReady}
            isBusy={addSchedule.isPending || addWebhook.isPending}
          >
            {kind === 'schedule' ? 'Add schedule' : 'Add webhook'}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name">
          <Input
            required
            maxLength={80}
            value={name}
            onChange={(event) => setName(event.target.value)}
            placeholder={kind === 'schedule' ? 'Nightly' : 'Alerts'}
          />
        </Field>
        <Field label="Template">
          <Select
            choices={templates.map((each) => ({ value: each.templateId as string, label: each.name }))}
            value={templateId}
            onChange={setTemplateId}
          />
        </Field>
        {kind === 'schedule' ? <ScheduleFields draft={draft} onDraft={setDraft} /> : null}
        <Checkbox isChecked={startsChat} onChange={setStartsChat} note="Otherwise the task waits on the board for somebody to start it.">
          Start its agent at once
        </Checkbox>
        {addSchedule.error ? <FailureNotice error={addSchedule.error} /> : null}
        {addWebhook.error ? <FailureNotice error={addWebhook.error} /> : null}
      </form>
    </Dialog>
  )
}

const rhythms: readonly { value: Schedule['every']; label: string }[] = [
  { value: 'hour', label: 'Hourly' },
  { value: 'day', label: 'Daily' },
  { value: 'week', label: 'Weekly' },
]

function ScheduleFields({ draft, onDraft }: { draft: ScheduleDraft; onDraft: (draft: ScheduleDraft) => void }) {
  const zones = useId()
  const set = (more: Partial<ScheduleDraft>) => onDraft({ ...draft, ...more })
  return (
    <>
      <Segmented<Schedule['every']>
        label="How often"
        className="self-start"
        value={draft.every}
        onChange={(every) => set({ every })}
        choices={rhythms}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        {draft.every === 'week' ? (
          <Field label="Day">
            <Select
              choices={weekdays.map((day) => ({ value: day, label: day }))}
              value={draft.weekday}
              onChange={(weekday) => set({ weekday })}
            />
          </Field>
        ) : null}
        {draft.every === 'hour' ? (
          <Field label="Minute of the hour">
            <Input type="number" min={0} max={59} value={draft.minute} onChange={(event) => set({ minute: event.target.value })} />
          </Field>
        ) : (
          <Field label="Time">
            <Input type="time" required value={draft.at} onChange={(event) => set({ at: event.target.value })} />
          </Field>
        )}
        <Field label="Time zone" error={isTimeZone(draft.timeZone) ? null : 'This is not the name of a time zone.'}>
          <Input list={zones} value={draft.timeZone} onChange={(event) => set({ timeZone: event.target.value })} />
        </Field>
        <datalist id={zones}>
          {['UTC', ...Intl.supportedValuesOf('timeZone')].map((zone) => (
            // oxlint-disable-next-line jsx-a11y/control-has-associated-label -- the value of an option in a datalist is what is read
            <option key={zone} value={zone} />
          ))}
        </datalist>
      </div>
    </>
  )
}

const Secret = ({ url, secret, name, onClose }: { url: string; secret: string; name: string; onClose: () => void }) => (
  <Dialog
    isOpen
    onClose={onClose}
    title={`Webhook “${name}”`}
    size="md"
    footer={
      <Button variant="primary" onClick={onClose}>
        I have the secret
      </Button>
    }
  >
    <div className="flex flex-col gap-4 pb-2">
      <Notice tone="warn">The secret is shown this once. Who loses it makes a new webhook.</Notice>
      <div className="flex flex-col gap-1.5">
        <p className="text-sm font-medium">Address to call (POST)</p>
        <CopyLine text={url} label="address" />
      </div>
      <div className="flex flex-col gap-1.5">
        <p className="text-sm font-medium">Secret to sign with</p>
        <CopyLine text={secret} label="secret" />
      </div>
      <p className="text-sm text-ink-soft">
        Signed as Standard Webhooks says: HMAC-SHA256 over <Code>webhook-id.webhook-timestamp.body</Code>, sent as{' '}
        <Code>webhook-signature: v1,…</Code>. A call is taken within five minutes, each delivery once.
      </p>
    </div>
  </Dialog>
)
