'use client'

import { useQuery } from '@tanstack/react-query'
import { CalendarSync, FileText, Plus, Webhook } from 'lucide-react'
import { useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useMe } from '#components/session/use-me.ts'
import { TemplateDialog } from '#components/tasks/template-dialog.tsx'
import { TriggerDialog } from '#components/tasks/trigger-dialog.tsx'
import { stopWarning } from '#components/tasks/trigger.model.ts'
import { TriggerRow } from '#components/tasks/trigger-row.tsx'
import { type Outputs, useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Section } from '#components/ui/section.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

export type Template = Outputs['templates']['list'][number]
type Open = { is: 'template'; template: Template | null } | { is: 'trigger'; kind: 'schedule' | 'webhook' }

/** What tasks are made from, and what makes them without a person. Maintainers change it, everybody sees it. */
export function AutomationDialog({ projectId, mayManage, onClose }: { projectId: string; mayManage: boolean; onClose: () => void }) {
  const trpc = useTRPC()
  const { user } = useMe()
  const templates = useQuery(trpc.templates.list.queryOptions({ projectId }))
  const triggers = useQuery(trpc.triggers.list.queryOptions({ projectId }))
  const [open, setOpen] = useState<Open | null>(null)
  const back = () => setOpen(null)

  if (open?.is === 'template') {
    const warning = open.template && stopWarning(triggers.data ?? [], { templateId: open.template.templateId, userId: user.userId })
    return <TemplateDialog projectId={projectId} template={open.template} warning={warning} onClose={back} />
  }
  if (open?.is === 'trigger')
    return <TriggerDialog projectId={projectId} kind={open.kind} templates={templates.data ?? []} onClose={back} />
  const hasTemplates = Boolean(templates.data?.length)
  return (
    <Dialog isOpen onClose={onClose} title="Templates, schedules and webhooks" size="lg" footer={<Button onClick={onClose}>Done</Button>}>
      <div className="flex flex-col gap-8 pb-2">
        <Section
          title="Templates"
          description="What a task is made from again and again."
          actions={
            mayManage ? (
              <Button size="sm" icon={<Plus aria-hidden />} onClick={() => setOpen({ is: 'template', template: null })}>
                New template
              </Button>
            ) : null
          }
        >
          {templates.isPending ? <SkeletonRows rows={2} label="Loading templates" /> : null}
          {templates.isError ? <FailureNotice error={templates.error} onRetry={() => void templates.refetch()} /> : null}
          {templates.data?.length === 0 ? (
            <p className="text-ink-quiet">
              {mayManage ? 'Make one, and tasks can be made of it on a schedule or by a call from outside.' : 'There are none yet.'}
            </p>
          ) : null}
          {hasTemplates ? (
            <ul className="divide-y divide-line rounded-lg border border-line bg-raised">
              {templates.data?.map((template) => (
                <li key={template.templateId} className="flex min-h-12 items-center gap-3 px-4 py-2">
                  <FileText aria-hidden className="size-4 shrink-0 text-ink-quiet" />
                  <span className="min-w-0 flex-1">
                    <span className="block truncate font-medium">{template.name}</span>
                    <span className="block truncate text-sm text-ink-quiet">{template.title}</span>
                  </span>
                  {mayManage ? (
                    <Button size="sm" variant="quiet" onClick={() => setOpen({ is: 'template', template })}>
                      Edit
                    </Button>
                  ) : null}
                </li>
              ))}
            </ul>
          ) : null}
        </Section>
        {hasTemplates ? (
          <Section
            title="Schedules and webhooks"
            description="They make tasks for who set them up: with their role and on their connections."
            actions={
              mayManage ? (
                <>
                  <Button size="sm" icon={<CalendarSync aria-hidden />} onClick={() => setOpen({ is: 'trigger', kind: 'schedule' })}>
                    New schedule
                  </Button>
                  <Button size="sm" icon={<Webhook aria-hidden />} onClick={() => setOpen({ is: 'trigger', kind: 'webhook' })}>
                    New webhook
                  </Button>
                </>
              ) : null
            }
          >
            {triggers.isPending ? <SkeletonRows rows={2} label="Loading schedules and webhooks" /> : null}
            {triggers.isError ? <FailureNotice error={triggers.error} onRetry={() => void triggers.refetch()} /> : null}
            {triggers.data?.length === 0 ? <p className="text-ink-quiet">Nothing makes tasks by itself here.</p> : null}
            {triggers.data?.length ? (
              <ul className="divide-y divide-line rounded-lg border border-line bg-raised">
                {triggers.data.map((trigger) => (
                  <TriggerRow key={trigger.triggerId} projectId={projectId} trigger={trigger} mayManage={mayManage} />
                ))}
              </ul>
            ) : null}
          </Section>
        ) : null}
      </div>
    </Dialog>
  )
}
