/** What an agent may know of its project and of who works on it. */
import { z } from 'zod'
import { defineTool } from '#server/mcp/tool.ts'
import { describeProject } from '#server/projects/service.ts'
import { findTaskOfChat } from '#server/tasks/service.ts'
import { describeTeam } from '#server/teams/service.ts'

export const projectContext = defineTool({
  name: 'project_context',
  title: 'Project context',
  description:
    'What this project is: its name, repository and instructions, the chat you work in and the task that it was started for, and the person whose prompt you are working on. ' +
    'Read it first when you do not know what is expected of you.',
  input: z.object({}),
  output: z.object({
    projectId: z.string(),
    name: z.string(),
    repositoryUrl: z.string().nullable(),
    instructions: z.string(),
    chatId: z.string(),
    isPrivateChat: z.boolean(),
    task: z.object({ taskId: z.string(), title: z.string() }).nullable(),
    actingFor: z.object({ memberId: z.string(), name: z.string(), role: z.string() }),
  }),
  changes: false,
  async call({ run, scope }) {
    const [project, team, task] = await Promise.all([describeProject(scope), describeTeam(scope), findTaskOfChat(scope, run.chatId)])
    const person = team.members.find((member) => member.userId === scope.userId)
    return {
      projectId: scope.projectId,
      name: project.name,
      repositoryUrl: project.repositoryUrl,
      instructions: project.instructions,
      chatId: run.chatId,
      isPrivateChat: run.isPrivate,
      task,
      actingFor: { memberId: scope.userId, name: person?.name ?? 'A member', role: scope.projectRole },
    }
  },
})

const MEMBERS_MAX = 200

export const projectMembers = defineTool({
  name: 'project_members',
  title: 'Members',
  description: 'The people of the team that works on this project, by name and role.',
  input: z.object({}),
  output: z.object({ members: z.array(z.object({ memberId: z.string(), name: z.string(), role: z.string() })), left: z.number() }),
  changes: false,
  async call({ scope }) {
    const { members } = await describeTeam(scope)
    const shown = members.slice(0, MEMBERS_MAX).map(({ userId, name, role }) => ({ memberId: userId, name, role }))
    return { members: shown, left: members.length - shown.length }
  },
})
