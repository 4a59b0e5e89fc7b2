/**
 * Finding and reading the project's other chats. What the person may read is one limit; who reads along here is the other:
 * what is private must not come to stand in a chat that others read, so from there only open chats are in reach.
 */
import { z } from 'zod'
import { DomainError } from '#core/errors.ts'
import { enterChat, type ChatScope } from '#server/access/scope.ts'
import { readPage } from '#server/chats/reading.ts'
import { findIsPrivate } from '#server/mcp/store.ts'
import { defineTool, type ToolCaller } from '#server/mcp/tool.ts'
import { search } from '#server/search/service.ts'

const PAGE_MAX_CHARS = 30_000
const HITS_MAX = 30

export const searchChats = defineTool({
  name: 'search_chats',
  title: 'Search chats',
  description:
    'Searches titles, prompts and replies of the other chats of this project. A word is found by its beginning, words in quotation marks as they stand.',
  input: z.object({ query: z.string().min(1).max(300), limit: z.int().min(1).max(HITS_MAX).default(10) }),
  output: z.object({
    hits: z.array(
      z.object({
        chatId: z.string(),
        title: z.string(),
        agent: z.string(),
        kind: z.string(),
        by: z.string().nullable(),
        at: z.string(),
        snippet: z.string(),
      }),
    ),
  }),
  changes: false,
  async call({ run, scope }, { query, limit }) {
    // More than are wanted, since those that may not stand here are left out below.
    const { hits } = await search(scope, { query, projectId: scope.projectId, limit: 50, offset: 0 })
    const shown = hits.filter((hit) => hit.chatId !== run.chatId && (run.isPrivate || !hit.isPrivate)).slice(0, limit)
    return {
      hits: shown.map(({ chatId, title, harness, kind, byName, at, snippet }) => ({
        chatId,
        title,
        agent: harness,
        kind,
        by: byName,
        at,
        snippet: snippet.map((piece) => piece.text).join(''),
      })),
    }
  },
})

export const readChat = defineTool({
  name: 'read_chat',
  title: 'Read a chat',
  description:
    'Reads another chat of this project as text: prompts, replies, which tools ran and which files changed. Long chats come in pages: go on with nextTurn as fromTurn, until it is null.',
  input: z.object({ chatId: z.string().max(100), fromTurn: z.int().min(0).default(0) }),
  output: z.object({ title: z.string(), agent: z.string(), startedBy: z.string(), text: z.string(), nextTurn: z.int().nullable() }),
  changes: false,
  async call(caller, { chatId, fromTurn }) {
    const { title, agent, createdByName, text, nextTurn } = await readPage(await reachChat(caller, chatId), {
      fromTurn,
      maxChars: PAGE_MAX_CHARS,
    })
    return { title, agent, startedBy: createdByName, text, nextTurn }
  },
})

/** A chat that may be read from here; every other fails as one that does not exist. @throws chat.missing */
export async function reachChat({ run, scope }: Pick<ToolCaller, 'run' | 'scope'>, id: string): Promise<ChatScope> {
  const chat = await enterChat(scope, { act: 'read', chatId: id })
  const isHidden = !run.isPrivate && (await findIsPrivate(chat.chatId))
  if (chat.projectId !== scope.projectId || isHidden) throw new DomainError('chat.missing')
  return chat
}
