/**
 * What an agent that has not met a chat is told of it, from the log. For a fork, and for a chat that goes on elsewhere.
 * Next: `core/chat/summary.ts`; the agent gets it with its first prompt, `server/daemons/store.ts`.
 */
import { SummaryMaker, type Summarized } from '#core/chat/summary.ts'
import { harnessName } from '#core/harnesses/registry.ts'
import type { ChatId, TeamId } from '#core/ids.ts'
import { storable } from '#server/chats/events.ts'
import { findPeople } from '#server/chats/store.ts'
import { turnsOf } from '#server/chats/turns.ts'

export async function summaryOf({
  chatId,
  teamId,
  title,
  harness,
  why,
}: {
  chatId: ChatId
  teamId: TeamId
  title: string
  harness: string
  why: Summarized['why']
}): Promise<string> {
  const names = new Map<string, string>((await findPeople({ teamId, chatId })).map((each) => [each.userId, each.name]))
  const agent = harnessName(harness)
  const summary = new SummaryMaker({ title, agent, why, nameOf: (userId) => names.get(userId) ?? 'A former member' })
  for await (const turn of turnsOf(chatId)) if (why === 'fork' || turn.status !== 'queued') summary.add(turn)
  return storable(String(summary))
}
