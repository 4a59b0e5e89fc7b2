/** What an agent says to the people who follow its chat, outside of its reply. */
import { z } from 'zod'
import { recordServerFacts } from '#server/chats/append.ts'
import { storable } from '#server/chats/events.ts'
import { defineTool } from '#server/mcp/tool.ts'

export const reportProgress = defineTool({
  name: 'report_progress',
  title: 'Report progress',
  description:
    'Tells the people who follow this chat where you stand, in one short line. Use it in long work; it is no part of your reply.',
  input: z.object({ note: z.string().trim().min(1).max(300), fraction: z.number().min(0).max(1).optional() }),
  output: z.object({ isShown: z.boolean() }),
  changes: true,
  async call({ run }, { note, fraction }) {
    const { chatId, turnId } = run
    await recordServerFacts(chatId, [{ type: 'progress.reported', turnId, note: storable(note), fraction: fraction ?? null }])
    return { output: { isShown: true } }
  },
})
