/** `tasks.*`: the work of a project. Next: `service.ts`. */
import { z } from 'zod'
import { Comment, Instructions, StartWish, SUBTASKS_MAX, TaskTitle } from '#core/tasks/task.ts'
import { TaskId, UserId } from '#core/ids.ts'
import {
  addComment,
  closeTask,
  createTask,
  listAssigned,
  listTasks,
  readTask,
  removeComment,
  reopenTask,
  startTask,
  updateTask,
} from '#server/tasks/service.ts'
import { projectProcedure, router, teamProcedure } from '#server/trpc/base.ts'

const OfTask = z.object({ taskId: z.string().max(100) })
const Wish = StartWish.partial()
const Fields = Wish.extend({
  instructions: Instructions.optional(),
  assigneeId: UserId.nullable().optional(),
  dueOn: z.iso.date().nullable().optional(),
})

export const tasksRouter = router({
  list: projectProcedure('read').query(({ ctx }) => listTasks(ctx.scope)),

  /** Open ones of the caller, in all projects. */
  assigned: teamProcedure('read').query(({ ctx }) => listAssigned(ctx.scope)),

  get: projectProcedure('read')
    .input(OfTask)
    .query(({ ctx, input }) => readTask(ctx.scope, input)),

  create: projectProcedure('prompt')
    .input(Fields.extend({ title: TaskTitle, parentId: TaskId.optional(), subtasks: z.array(TaskTitle).max(SUBTASKS_MAX).optional() }))
    .mutation(({ ctx, input }) => createTask(ctx.scope, input)),

  update: projectProcedure('prompt')
    .input(Fields.extend({ ...OfTask.shape, title: TaskTitle.optional() }))
    .mutation(({ ctx, input: { projectId: _, ...input } }) => updateTask(ctx.scope, input)),

  /** A chat with the task as its first prompt; the one that is under way, when there is one. */
  start: projectProcedure('prompt')
    .input(OfTask.extend(Wish.shape))
    .mutation(({ ctx, input }) => startTask(ctx.scope, input)),

  close: projectProcedure('prompt')
    .input(OfTask.extend({ as: z.enum(['done', 'cancelled']) }))
    .mutation(({ ctx, input }) => closeTask(ctx.scope, input)),

  reopen: projectProcedure('prompt')
    .input(OfTask)
    .mutation(({ ctx, input }) => reopenTask(ctx.scope, input)),

  comment: projectProcedure('prompt')
    .input(OfTask.extend({ text: Comment }))
    .mutation(({ ctx, input }) => addComment(ctx.scope, input)),

  removeComment: projectProcedure('prompt')
    .input(OfTask.extend({ commentId: z.uuid() }))
    .mutation(({ ctx, input }) => removeComment(ctx.scope, input)),
})
