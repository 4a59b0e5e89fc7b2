/**
 * Chats that an agent starts with another agent, for the person whose prompt it works on: on that person's connections, with
 * their rights, within limits of depth and number, and private when this chat is.
 */
import { z } from 'zod'
import { MAX_START_DEPTH, MAX_STARTED_A_DAY } from '#core/mcp/tool-groups.ts'
import { isNativeLogin } from '#core/connections/connection.ts'
import { harnessName } from '#core/harnesses/registry.ts'
import { enterProject, type ProjectScope } from '#server/access/scope.ts'
import { readLast } from '#server/chats/reading.ts'
import { createChat, judgePayer, listChats, payingPlaceOf } from '#server/chats/service.ts'
import { listConnections } from '#server/connections/service.ts'
import { countStarted, holdStarts, type CallingRun } from '#server/mcp/store.ts'
import { defineTool, ToolRefusal } from '#server/mcp/tool.ts'
import { reachChat } from '#server/mcp/tools/chats.ts'

export const listAgents = defineTool({
  name: 'list_agents',
  title: 'List agents',
  description: 'The agents that start_chat can start a chat with, and whether each is connected here.',
  input: z.object({}),
  output: z.object({ agents: z.array(z.object({ agent: z.string(), name: z.string(), isConnected: z.boolean() })) }),
  changes: false,
  async call({ scope }) {
    const rows = await listConnections(scope, { projectId: scope.projectId })
    return {
      agents: rows.map(({ harness, name, resolution }) => ({ agent: harness, name, isConnected: resolution.state === 'active' })),
    }
  },
})

export const startChat = defineTool({
  name: 'start_chat',
  title: 'Start a chat',
  description:
    'Starts a new chat in this project with another agent, which begins with your prompt in a fresh copy of the repository. It costs what it uses. ' +
    'Its answer does not come back by itself: look at it with chat_status.',
  input: z.object({
    agent: z.string().max(100),
    prompt: z.string().trim().min(1).max(20_000),
    title: z.string().trim().min(1).max(120).optional(),
    model: z.string().min(1).max(200).optional(),
  }),
  output: z.object({ chatId: z.string(), startsLeftToday: z.int() }),
  changes: true,
  async call({ run, scope }, { agent, prompt, title, model }) {
    if (run.startDepth >= MAX_START_DEPTH)
      throw new ToolRefusal(`This chat was itself started by an agent, ${MAX_START_DEPTH} steps deep: it may not start another.`)
    const project = await enterProject(scope, { act: 'prompt', projectId: scope.projectId })
    await refuseShapedByOthers(run, project, agent)
    let started = 0
    const { chatId } = await createChat(project, {
      harness: agent,
      model,
      title,
      start: { from: run.chatId, depth: run.startDepth + 1, isPrivate: run.isPrivate },
      prompt: [{ type: 'text', text: prompt }],
      // Held, so that calls side by side count one after another.
      async also(tx) {
        await holdStarts(tx, run.chatId)
        started = await countStarted(tx, run.chatId)
        if (started > MAX_STARTED_A_DAY)
          throw new ToolRefusal(`This chat has started ${MAX_STARTED_A_DAY} chats within a day, which is the limit.`)
      },
    })
    return { chatId, startsLeftToday: MAX_STARTED_A_DAY - started }
  },
})

/** A login shows itself to whoever prompts. What an agent asks for may be somebody else's words: of all who prompted its chat. */
async function refuseShapedByOthers(run: CallingRun, { teamId, projectId, userId }: ProjectScope, harness: string): Promise<void> {
  const verdict = await judgePayer({ teamId, projectId, userId, harness, isHandedOver: false }, { by: userId, model: null })
  if (!verdict.ok || !isNativeLogin(verdict.payer.kind)) return
  const here = await payingPlaceOf(run.chatId)
  if (run.isPrivate && here?.userId === userId && !here.isHandedOver) return
  throw new ToolRefusal(
    `${harnessName(harness)} would run on this person's own login, which is not prompted from a chat that others may have had a say in. ` +
      'Ask them to start that chat themselves, or choose an agent that runs on an API key.',
  )
}

export const chatStatus = defineTool({
  name: 'chat_status',
  title: 'Chat status',
  description: 'How a chat of this project is doing: its state, and what was said last.',
  input: z.object({ chatId: z.string().max(100) }),
  output: z.object({ title: z.string(), agent: z.string(), status: z.string(), waitingFor: z.int(), lastTurn: z.string() }),
  changes: false,
  async call(caller, { chatId }) {
    const chat = await reachChat(caller, chatId)
    const [{ title, agent, text }, chats] = await Promise.all([
      readLast(chat),
      listChats(caller.scope, { projectId: caller.scope.projectId }),
    ])
    const listed = chats.find((each) => each.chatId === chat.chatId)
    // One that is archived is in no list.
    return { title, agent, status: listed?.status ?? 'archived', waitingFor: listed?.waitingFor ?? 0, lastTurn: text }
  },
})
