/**
 * A new chat that goes on from another: a fresh workspace, one's own connection, and a summary of what was. What a private
 * chat holds stays private in its fork. From: `router.ts`. Next: `summary.ts`.
 */
import { TITLE_MAX_CHARS } from '#core/chat/commands.ts'
import { DomainError } from '#core/errors.ts'
import type { ChatId } from '#core/ids.ts'
import { enterProject, type ChatScope } from '#server/access/scope.ts'
import { createChat } from '#server/chats/service.ts'
import { findChat } from '#server/chats/store.ts'
import { summaryOf } from '#server/chats/summary.ts'

/** @throws as `createChat`; project.missing in an archived project */
export async function forkChat(scope: ChatScope, { harness }: { harness?: string | undefined }): Promise<{ chatId: ChatId }> {
  const project = await enterProject(scope, { act: 'prompt', projectId: scope.projectId })
  const source = await findChat(scope)
  if (!source) throw new DomainError('chat.missing')
  const { title } = source
  const context = await summaryOf({ chatId: scope.chatId, teamId: scope.teamId, title, harness: source.harness, why: 'fork' })
  return createChat(project, {
    harness: harness ?? source.harness,
    title: `Fork of ${source.title || 'a chat'}`.slice(0, TITLE_MAX_CHARS),
    fork: { from: scope.chatId, context, isPrivate: source.isPrivate },
  })
}
