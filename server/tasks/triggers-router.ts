/** `templates.*` and `triggers.*`: what tasks are made from, by people and without. For a project's maintainers. Next: `triggers-service.ts`. */
import { z } from 'zod'
import { Schedule } from '#core/tasks/schedule.ts'
import { Template, TriggerName } from '#core/tasks/trigger.ts'
import { TemplateId, TriggerId } from '#core/ids.ts'
import {
  addSchedule,
  addWebhook,
  listTemplates,
  listTriggers,
  removeTemplate,
  removeTrigger,
  saveTemplate,
  setTriggerEnabled,
} from '#server/tasks/triggers-service.ts'
import { projectProcedure, router } from '#server/trpc/base.ts'

export const templatesRouter = router({
  list: projectProcedure('read').query(({ ctx }) => listTemplates(ctx.scope)),

  /** Changes it when `templateId` is given. */
  save: projectProcedure('manage')
    .input(Template.extend({ templateId: TemplateId.optional() }))
    .mutation(({ ctx, input: { projectId: _, ...input } }) => saveTemplate(ctx.scope, input)),

  remove: projectProcedure('manage')
    .input(z.object({ templateId: TemplateId }))
    .mutation(({ ctx, input }) => removeTemplate(ctx.scope, input)),
})

const NewTrigger = z.object({ templateId: TemplateId, name: TriggerName, startsChat: z.boolean() })
const OfTrigger = z.object({ triggerId: TriggerId })

export const triggersRouter = router({
  list: projectProcedure('read').query(({ ctx }) => listTriggers(ctx.scope)),

  addSchedule: projectProcedure('manage')
    .input(NewTrigger.extend({ schedule: Schedule }))
    .mutation(({ ctx, input }) => addSchedule(ctx.scope, input)),

  /** Its secret is told this once. */
  addWebhook: projectProcedure('manage')
    .input(NewTrigger)
    .mutation(({ ctx, input }) => addWebhook(ctx.scope, input)),

  setEnabled: projectProcedure('manage')
    .input(OfTrigger.extend({ isEnabled: z.boolean() }))
    .mutation(({ ctx, input }) => setTriggerEnabled(ctx.scope, input)),

  remove: projectProcedure('manage')
    .input(OfTrigger)
    .mutation(({ ctx, input }) => removeTrigger(ctx.scope, input)),
})
