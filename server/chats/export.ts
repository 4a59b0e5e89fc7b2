/**
 * A chat as a Markdown file, at `GET /api/chats/<chatId>/export.md`: read page by page and written as it is read, so that
 * a chat of any length needs the memory of a few turns. For whoever may read the chat; to others there is none.
 * From: `server/http.ts`. Next: `core/chat/markdown.ts`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { markdownHead, markdownOfTurn, type Naming } from '#core/chat/markdown.ts'
import { DomainError } from '#core/errors.ts'
import { harnessName } from '#core/harnesses/registry.ts'
import { ChatId } from '#core/ids.ts'
import { enterChat, enterTeam, type Caller, type ChatScope } from '#server/access/scope.ts'
import { findChat, findChatPlace, findPeople } from '#server/chats/store.ts'
import { turnsOf } from '#server/chats/turns.ts'

/** The document in pieces, up to where the log stands now. */
export async function* exportChat(scope: ChatScope, { exportedAt }: { exportedAt: string }): AsyncGenerator<string> {
  const [chat, people] = await Promise.all([findChat(scope), findPeople(scope)])
  if (!chat) throw new DomainError('chat.missing')
  const agent = harnessName(chat.harness)
  const names = new Map<string, string>(people.map((each) => [each.userId, each.name]))
  const naming: Naming = { agent, nameOf: (userId) => names.get(userId) ?? 'A former member' }
  yield markdownHead({ ...chat, agent, exportedAt })
  for await (const turn of turnsOf(scope.chatId)) yield markdownOfTurn(turn, naming)
}

/** Answers one request; `identify` says whose it is. */
export const createExportHandler =
  (identify: (req: IncomingMessage) => Promise<Caller | null>) =>
  async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const chatId = /^\/api\/chats\/([0-9a-f-]{36})\/export\.md$/i.exec((req.url ?? '').split('?', 1)[0]!)?.[1]
    const scope = req.method === 'GET' && chatId ? await scopeOf(await identify(req), chatId) : null
    if (!scope)
      return void res
        .writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
        .end('This chat does not exist, or you may not see it.\n')
    const document = exportChat(scope, { exportedAt: new Date().toISOString() })
    res.writeHead(200, {
      'content-type': 'text/markdown; charset=utf-8',
      'content-disposition': `attachment; filename="chat-${scope.chatId}.md"`,
      'cache-control': 'no-store',
    })
    // Whoever goes away ends the reading; a failure on the way cuts the answer, so that half a document is not taken for all.
    await pipeline(Readable.from(document), res).catch(() => res.destroy())
  }

/** Proved as for any other reading; null for whoever may not. */
async function scopeOf(caller: Caller | null, id: string): Promise<ChatScope | null> {
  const chatId = ChatId.safeParse(id)
  const place = caller && chatId.success ? await findChatPlace(chatId.data) : null
  if (!caller || !place || !chatId.success) return null
  try {
    return await enterChat(await enterTeam(caller, { act: 'read', teamId: place.teamId }), { act: 'read', chatId: chatId.data })
  } catch (error) {
    if (error instanceof DomainError) return null
    throw error
  }
}
