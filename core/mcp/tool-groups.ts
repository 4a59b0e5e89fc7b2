/**
 * The tools that our MCP server offers to agents, in groups that a project turns on and off: the server registers them by
 * these names, the settings page shows them in these words. A run keeps the groups that were on when it started; one that
 * is turned off meanwhile is off for it too.
 */
import { z } from 'zod'

export const toolGroups = ['project', 'chats', 'tasks', 'people', 'delegation', 'usage'] as const
export type ToolGroup = (typeof toolGroups)[number]
export const ToolGroup = z.enum(toolGroups)

/** What agents know the server by; tools show as `gatehouse.<tool>`. */
export const MCP_SERVER_NAME = 'gatehouse'

export type ToolName = keyof typeof toolWords

/** Of each tool: its group, and what people read of it. */
export const toolWords = {
  project_context: { group: 'project', words: 'Reads what the project is, its instructions, and whose prompt it works on' },
  project_members: { group: 'project', words: 'Lists who is in the team, by name and role' },
  search_chats: { group: 'chats', words: 'Searches the project’s other chats' },
  read_chat: { group: 'chats', words: 'Reads another chat of the project' },
  list_tasks: { group: 'tasks', words: 'Lists the project’s tasks, and which one its own chat was started for' },
  read_task: { group: 'tasks', words: 'Reads a task with its sub-tasks, chats and comments' },
  create_task: { group: 'tasks', words: 'Puts a task on the board; a person starts it' },
  update_task: { group: 'tasks', words: 'Changes what a task says, whose it is and when it is due' },
  comment_on_task: { group: 'tasks', words: 'Comments on a task' },
  ask_person: { group: 'people', words: 'Asks a question, which shows as a card in the chat' },
  read_answer: { group: 'people', words: 'Waits for the answer to a question that it asked' },
  report_progress: { group: 'people', words: 'Says in a line where it stands' },
  list_agents: { group: 'delegation', words: 'Lists the agents that a chat can be started with' },
  start_chat: { group: 'delegation', words: 'Starts a chat with another agent' },
  chat_status: { group: 'delegation', words: 'Looks at how a chat that it started is doing' },
  usage_left: { group: 'usage', words: 'Reads what was used, and what the budgets leave' },
} as const satisfies Record<string, { group: ToolGroup; words: string }>

export const groupWords = {
  project: { title: 'The project', words: 'What the project is, its instructions and its people.' },
  chats: {
    title: 'Other chats',
    words: 'Finding and reading the project’s chats. From a chat that others read, private ones are not in reach.',
  },
  tasks: {
    title: 'Tasks',
    words:
      'Reading the board, and making, changing and commenting on tasks for whoever prompted. Starting, accepting and cancelling them stays with people.',
  },
  people: { title: 'People', words: 'Asking whoever may prompt here, and saying where it stands.' },
  delegation: { title: 'Other agents', words: 'Starting chats with other agents, on the connections of whoever prompted.' },
  usage: { title: 'Usage and budgets', words: 'What was used in the project, and what is left to spend.' },
} as const satisfies Record<ToolGroup, { title: string; words: string }>

/** In the order in which a page shows them. */
export const toolsOf = (group: ToolGroup): ToolName[] =>
  (Object.keys(toolWords) as ToolName[]).filter((name) => toolWords[name].group === group)

/** Those that are on where these are off. */
export const groupsWithout = (off: readonly string[]): ToolGroup[] => toolGroups.filter((group) => !off.includes(group))

// --- starting chats ----------------------------------------------------------------------------------------

/** A chat that a person began may start chats, and these may once more; there it ends. */
export const MAX_START_DEPTH = 2
/** Of one chat, within a day. */
export const MAX_STARTED_A_DAY = 10
