/**
 * Makes a chat its creator's alone, and open again. What that means to others is `server/access/chat-privacy.ts`.
 * From: `router.ts` for its creator's word, `server/daemons/start-run.ts` for a run on a login.
 * Next: `server/realtime/gateway.ts`, which lets go of whoever watches.
 */
import { DomainError } from '#core/errors.ts'
import type { ChatId, TeamId, UserId } from '#core/ids.ts'
import { mayInProject } from '#server/access/acts.ts'
import { isPersonalLogin } from '#server/access/chat-privacy.ts'
import type { ChatScope } from '#server/access/scope.ts'
import { record } from '#server/audit/service.ts'
import { lockHead } from '#server/chats/append.ts'
import { judgePayer, payingPlaceOf } from '#server/chats/payer.ts'
import type { Payer } from '#server/connections/resolver.ts'
import { inTransaction, type PoolClient } from '#server/db/client.ts'
import { hintList, publish } from '#server/realtime/bus.ts'

type Standing = { createdBy: UserId; isPrivate: boolean; isArchived: boolean; payer: Payer | null }

/** Sharing is possible for as long as there is something to share; taking it back while the chat is on a login. */
export const mayChangePrivacy = ({ userId, projectRole }: ChatScope, { createdBy, isPrivate, isArchived, payer }: Standing): boolean =>
  createdBy === userId && mayInProject(projectRole, 'prompt') && !isArchived && (isPrivate || (payer !== null && isPersonalLogin(payer)))

/**
 * By the chat's creator alone. Sharing what nobody is kept from changes nothing, and does not count for later.
 * @throws access.denied for others; request.invalid when a chat is to become private that is not on a login of theirs
 */
export async function setShared({ chatId, userId, teamId }: ChatScope, { isShared }: { isShared: boolean }): Promise<void> {
  const place = await payingPlaceOf(chatId)
  if (!place) throw new DomainError('chat.missing')
  if (place.userId !== userId) throw new DomainError('access.denied')
  if (!isShared) {
    const verdict = await judgePayer(place, { by: userId, model: null })
    if (!verdict.ok || !isPersonalLogin(verdict.payer)) throw new DomainError('request.invalid', { problem: 'not-on-a-login' })
  }
  const hasChanged = await inTransaction(async (tx) => {
    await lockHead(tx, chatId)
    const { rowCount } = await tx.query(
      `update chat set "isPrivate" = $3, "isShared" = not $3
       where id = $1 and "teamId" = $4 and "createdBy" = $2 and "isPrivate" <> $3`,
      [chatId, userId, !isShared, teamId],
    )
    if (rowCount) await recordPrivacy(tx, { chatId, teamId, userId, act: isShared ? 'chat.shared' : 'chat.made-private' })
    return Boolean(rowCount)
  })
  if (hasChanged) tellPrivacy({ chatId, teamId, createdBy: userId, isPrivate: !isShared })
}

/** For a run on a login, in the transaction that begins it. True when others saw the chat until now. */
export async function makePrivate(tx: Pick<PoolClient, 'query'>, chatId: ChatId): Promise<boolean> {
  const { rowCount } = await tx.query('update chat set "isPrivate" = true where id = $1 and not "isPrivate" and not "isShared"', [chatId])
  return Boolean(rowCount)
}

type Change = { chatId: ChatId; teamId: string; userId: UserId; act: 'chat.shared' | 'chat.made-private' }

/** By its id alone: whoever reads the log need not see the chat. */
export const recordPrivacy = (tx: Parameters<typeof record>[0], { chatId, teamId, userId, act }: Change): Promise<void> =>
  record(tx, { teamId, actorId: userId, act, subject: { kind: 'chat', id: chatId } })

/** Once it is committed. */
export function tellPrivacy(chat: { chatId: ChatId; teamId: string; createdBy: UserId; isPrivate: boolean }): void {
  if (chat.isPrivate) publish({ about: 'privacy', chatId: chat.chatId, createdBy: chat.createdBy })
  hintList({ teamId: chat.teamId as TeamId, topic: 'chats' })
}
