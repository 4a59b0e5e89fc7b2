/**
 * A new chat that goes on from another: a fresh workspace, one's own connection, and a summary of what was. What a private
 * chat holds stays private in its fork. From: `router.ts`. Next: `core/chat/summary.ts`; the agent gets the summary with its
 * first prompt, `server/daemons/store.ts`.
 */
import { TITLE_MAX_CHARS } from '#core/chat/commands.ts'
import { SummaryMaker } from '#core/chat/summary.ts'
import { DomainError } from '#core/errors.ts'
import { harnessName } from '#core/harnesses/registry.ts'
import type { ChatId } from '#core/ids.ts'
import { enterProject, type ChatScope } from '#server/access/scope.ts'
import { storable } from '#server/chats/events.ts'
import { createChat } from '#server/chats/service.ts'
import { findChat, findPeople } from '#server/chats/store.ts'
import { turnsOf } from '#server/chats/turns.ts'

/** @throws as `createChat`; project.missing in an archived project */
export async function forkChat(scope: ChatScope, { harness }: { harness?: string | undefined }): Promise<{ chatId: ChatId }> {
  const project = await enterProject(scope, { act: 'prompt', projectId: scope.projectId })
  const [source, people] = await Promise.all([findChat(scope), findPeople(scope)])
  if (!source) throw new DomainError('chat.missing')
  const names = new Map<string, string>(people.map((each) => [each.userId, each.name]))
  const summary = new SummaryMaker({
    title: source.title,
    agent: harnessName(source.harness),
    nameOf: (userId) => names.get(userId) ?? 'A former member',
  })
  for await (const turn of turnsOf(scope.chatId)) summary.add(turn)
  return createChat(project, {
    harness: harness ?? source.harness,
    title: `Fork of ${source.title || 'a chat'}`.slice(0, TITLE_MAX_CHARS),
    fork: { from: scope.chatId, context: storable(String(summary)), isPrivate: source.isPrivate },
  })
}
