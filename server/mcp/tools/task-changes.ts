/**
 * What an agent does with tasks, for the person whose prompt it works on and in their name; each says that it came through
 * the agent. How a task stands is not among it, as little as for people: that follows from its chats, and accepting or giving
 * up is a person's word. Nor is starting its chat, which would pass by the limits of `start_chat`.
 */
import { z } from 'zod'
import { Comment, Instructions, StartWish, SUBTASKS_MAX, TaskTitle } from '#core/tasks/task.ts'
import { DomainError } from '#core/errors.ts'
import { TaskId } from '#core/ids.ts'
import { enterProject, type ProjectScope } from '#server/access/scope.ts'
import { listConnections } from '#server/connections/service.ts'
import { defineTool, ToolRefusal, type ToolCaller } from '#server/mcp/tool.ts'
import { addComment, createTask, updateTask } from '#server/tasks/service.ts'

const OfTask = z.object({ taskId: z.string().max(100) })
const { harness, model, branch } = StartWish.partial().shape
const Fields = z.object({
  instructions: Instructions.optional().describe('What is to be done, in Markdown: its agent is given this and the title'),
  assigneeId: z.string().min(1).max(200).nullable().optional().describe('A memberId of project_members; null for nobody'),
  dueOn: z.iso.date().nullable().optional().describe('YYYY-MM-DD'),
  agent: harness.describe('Which agent is to work on it, as list_agents names it; null leaves it to whoever starts it'),
  model: model.describe('A model of that agent: give null when you change the agent and name no model'),
  branch: branch.describe('The git branch that its work starts from; null for the repository’s own'),
})

export const createProjectTask = defineTool({
  name: 'create_task',
  title: 'Create a task',
  description:
    'Puts a task on the board of this project, where the whole team reads it. It starts nothing: a person starts its agent. ' +
    'A task can be a part of another (parentId), one level deep, or bring its own sub-tasks by their titles.',
  input: Fields.extend({
    title: TaskTitle.describe('One line, up to 200 characters'),
    parentId: TaskId.optional(),
    subtasks: z.array(TaskTitle).max(SUBTASKS_MAX).default([]),
  }),
  output: z.object({ taskId: z.string() }),
  changes: true,
  async call(caller, { agent, ...input }) {
    const scope = await enterToChange(caller, agent)
    return createTask(scope, { ...input, harness: agent }, caller.run.harness)
  },
})

export const updateProjectTask = defineTool({
  name: 'update_task',
  title: 'Update a task',
  description:
    'Changes those fields of a task that you give; the others stay. Where it stands on the board is not among them: that follows from its chats, and people accept it.',
  input: Fields.extend({ ...OfTask.shape, title: TaskTitle.optional() }),
  output: z.object({ taskId: z.string() }),
  changes: true,
  async call(caller, { taskId, agent, ...fields }) {
    const given = Object.values({ ...fields, agent }).filter((each) => each !== undefined)
    if (given.length === 0) throw new ToolRefusal('Nothing to change was given.')
    const scope = await enterToChange(caller, agent)
    await updateTask(scope, { taskId, ...fields, harness: agent }, caller.run.harness)
    return { taskId }
  },
})

export const commentOnTask = defineTool({
  name: 'comment_on_task',
  title: 'Comment on a task',
  description: 'Adds a comment to a task, where the whole team reads it: what you found, what you decided, what is left to do.',
  input: OfTask.extend({ text: Comment }),
  output: z.object({ commentId: z.string() }),
  changes: true,
  async call(caller, comment) {
    return addComment(await enterToChange(caller), comment, caller.run.harness)
  },
})

/** @throws access.denied; harness.unknown, which nobody would be there to see when the task is started */
async function enterToChange({ scope }: ToolCaller, agent?: string | null): Promise<ProjectScope> {
  const { projectId } = scope
  const project = await enterProject(scope, { act: 'prompt', projectId })
  const isKnown = !agent || (await listConnections(scope, { projectId })).some((each) => each.harness === agent)
  if (!isKnown) throw new DomainError('harness.unknown')
  return project
}
