/** Every tool of our MCP server; their groups are in `core/mcp/tool-groups.ts`. */
import { toolWords, type ToolGroup } from '#core/mcp/tool-groups.ts'
import type { Tool } from '#server/mcp/tool.ts'
import { readChat, searchChats } from '#server/mcp/tools/chats.ts'
import { chatStatus, listAgents, startChat } from '#server/mcp/tools/delegation.ts'
import { askPerson, readAnswer, reportProgress } from '#server/mcp/tools/people.ts'
import { projectContext, projectMembers } from '#server/mcp/tools/project.ts'
import { commentOnTask, createProjectTask, updateProjectTask } from '#server/mcp/tools/task-changes.ts'
import { listProjectTasks, readTask } from '#server/mcp/tools/tasks.ts'
import { usageLeft } from '#server/mcp/tools/usage.ts'

export const tools: readonly Tool[] = [
  projectContext,
  projectMembers,
  searchChats,
  readChat,
  listProjectTasks,
  readTask,
  createProjectTask,
  updateProjectTask,
  commentOnTask,
  askPerson,
  readAnswer,
  reportProgress,
  listAgents,
  startChat,
  chatStatus,
  usageLeft,
]

export const toolsIn = (groups: readonly ToolGroup[]): Tool[] => tools.filter(({ name }) => groups.includes(toolWords[name].group))
