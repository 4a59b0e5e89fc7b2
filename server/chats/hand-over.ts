/**
 * A chat passes from its creator to another member, on whose connections it runs from then on. Nobody is made to pay: it is
 * offered, and the other takes it. Since the former one has prepared the workspace, it runs on no login any more (`payer.ts`).
 * From: `router.ts`.
 */
import { DomainError } from '#core/errors.ts'
import type { TeamId, UserId } from '#core/ids.ts'
import { mayInProject, mayInTeam } from '#server/access/acts.ts'
import type { ChatScope } from '#server/access/scope.ts'
import { record } from '#server/audit/service.ts'
import { announceAppended, appendServerFacts, lockHead } from '#server/chats/append.ts'
import { demandPayer, payingPlaceOf } from '#server/chats/payer.ts'
import { findName } from '#server/chats/store.ts'
import { inTransaction, type PoolClient } from '#server/db/client.ts'
import { hintList } from '#server/realtime/bus.ts'

type Standing = { createdBy: UserId; offeredTo: UserId | null; title: string; isPrivate: boolean; isArchived: boolean }

/**
 * By its creator, to a member who may prompt; to nobody, it is taken back, or declined by whom it was offered to.
 * @throws access.denied for others; member.missing; request.invalid for a private chat; chat.archived
 */
export async function offerChat(scope: ChatScope, { to }: { to: UserId | null }): Promise<void> {
  const { chatId, teamId, userId } = scope
  const appended = await inTransaction(async (tx) => {
    const chat = await hold(tx, scope)
    const isCreator = chat.createdBy === userId && mayInProject(scope.projectRole, 'prompt')
    if (!isCreator && !(to === null && chat.offeredTo === userId)) throw new DomainError('access.denied')
    if (to !== null) await demandTakeable(tx, { scope, chat, to })
    if (chat.offeredTo === to) return null
    await tx.query('update chat set "offeredTo" = $2 where id = $1', [chatId, to])
    return appendServerFacts(tx, chatId, [{ type: 'chat.offered', by: userId, to }])
  })
  announceAppended(appended)
  hintList({ teamId: teamId as TeamId, topic: 'chats' })
}

async function demandTakeable(tx: PoolClient, { scope, chat, to }: { scope: ChatScope; chat: Standing; to: UserId }): Promise<void> {
  if (chat.isArchived) throw new DomainError('chat.archived')
  if (chat.isPrivate) throw new DomainError('request.invalid', { problem: 'Only you see this chat. Share it first, then hand it over.' })
  const { rows } = await tx.query('select role from member where "teamId" = $1 and "userId" = $2', [scope.teamId, to])
  if (!rows[0] || to === chat.createdBy || !mayInTeam(rows[0].role, 'prompt')) throw new DomainError('member.missing')
}

/**
 * By whom it is offered to, between two turns: one that runs is paid by whoever it began with. What waits in the queue is
 * judged anew when its turn comes.
 * @throws chat.not-offered; chat.busy; whatever keeps the chat from running on their connections
 */
export async function takeOver(scope: ChatScope): Promise<void> {
  const { chatId, teamId, userId } = scope
  const place = await payingPlaceOf(chatId)
  if (!place) throw new DomainError('chat.missing')
  await demandPayer({ ...place, userId, isHandedOver: true }, { by: userId, model: null })
  const appended = await inTransaction(async (tx) => {
    const { activeTurn } = await lockHead(tx, chatId)
    const chat = await hold(tx, scope)
    if (chat.offeredTo !== userId) throw new DomainError('chat.not-offered')
    if (chat.isArchived) throw new DomainError('chat.archived')
    // It may have run on a login since it was offered.
    if (chat.isPrivate) throw new DomainError('chat.missing')
    if (activeTurn) throw new DomainError('chat.busy')
    await tx.query('update chat set "createdBy" = $2, "offeredTo" = null, "isHandedOver" = true where id = $1', [chatId, userId])
    const appended = await appendServerFacts(tx, chatId, [{ type: 'chat.handed-over', by: userId, from: chat.createdBy }])
    const facts = { chatTitle: chat.title, name: await findName(chat.createdBy) }
    await record(tx, { teamId, actorId: userId, act: 'chat.handed-over', subject: { kind: 'chat', id: chatId }, facts })
    return appended
  })
  announceAppended(appended)
  hintList({ teamId: teamId as TeamId, topic: 'chats' })
}

async function hold(tx: PoolClient, { chatId, teamId }: ChatScope): Promise<Standing> {
  await lockHead(tx, chatId)
  const { rows } = await tx.query<Standing>(
    `select "createdBy", "offeredTo", title, "isPrivate", "archivedAt" is not null as "isArchived" from chat where id = $1 and "teamId" = $2`,
    [chatId, teamId],
  )
  if (!rows[0]) throw new DomainError('chat.missing')
  return rows[0]
}
