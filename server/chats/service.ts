/**
 * What people do with chats. Each act that the log keeps is one command for `core/chat/decide.ts`.
 * From: `router.ts`. Next: `commit.ts`, which decides and appends.
 */
import type { ElicitationAction, ElicitationAnswers } from '#core/chat/elicitation.ts'
import type { PromptContent } from '#core/chat/events.ts'
import { DomainError } from '#core/errors.ts'
import { harnessName, offeredHarnesses } from '#core/harnesses/registry.ts'
import { TurnId, type ChatId, type RequestId } from '#core/ids.ts'
import { PAGE_MAX_BYTES } from '#core/links/browser.ts'
import { mayInProject, projectRoleOf } from '#server/access/acts.ts'
import { isPersonalLogin } from '#server/access/chat-privacy.ts'
import type { ChatScope, ProjectScope, TeamScope } from '#server/access/scope.ts'
import { enterProject } from '#server/access/scope.ts'
import { announceAppended, appendServerFacts } from '#server/chats/append.ts'
import { carryOut, carryOutWithin } from '#server/chats/commit.ts'
import { readEventsAfter, readHead, storable } from '#server/chats/events.ts'
import { demandPayer, judgePayer, payingPlaceOf, type PayingPlace } from '#server/chats/payer.ts'
import { mayChangePrivacy } from '#server/chats/privacy.ts'
import {
  findChat,
  findChats,
  findDeadlines,
  findName,
  findPeople,
  hasTurn,
  insertChat,
  updatePin,
  type ChatRow,
  type ChatSummary,
} from '#server/chats/store.ts'
import type { Payer } from '#server/connections/resolver.ts'
import { inTransaction, type PoolClient } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { env } from '#server/env.ts'

/** @throws project.missing for a project that is not the team's */
export async function listChats(
  scope: TeamScope,
  { projectId, isArchived = false }: { projectId?: string | undefined; isArchived?: boolean | undefined },
): Promise<ChatSummary[]> {
  if (projectId !== undefined) await enterProject(scope, { act: 'read', projectId })
  return findChats(scope, { projectId: projectId ?? null, isArchived })
}

type NewChatWish = {
  harness: string
  model?: string | undefined
  title?: string | undefined
  /** It goes on from another chat, and is private when that one is. */
  fork?: { from: ChatId; context: string; isPrivate: boolean } | undefined
  /** An agent starts it for this person, and it is private when that agent's chat is. */
  start?: { from: ChatId; depth: number; isPrivate: boolean } | undefined
  /** Where its workspace starts from. */
  branch?: string | undefined
  /** Queued with it, for its creator. */
  prompt?: PromptContent | undefined
  /** What belongs to it, last in the transaction that makes it: its throw takes everything back. */
  also?: ((tx: PoolClient, chatId: ChatId) => Promise<void>) | undefined
}

/** @throws harness.unknown; connection.… when nobody would pay; model.… when the catalog does not let it through */
export async function createChat(
  { teamId, projectId, userId }: ProjectScope,
  { harness, model, title, fork, start, branch, prompt, also }: NewChatWish,
): Promise<{ chatId: ChatId }> {
  if (!offeredHarnesses({ isTesting: env().isTesting }).some((each) => each.id === harness)) {
    throw new DomainError('harness.unknown', { harness })
  }
  const payer = await demandPayer({ teamId, projectId, userId, harness, isHandedOver: false }, { by: userId, model: model ?? null })
  const chat = { chatId: mintUuid() as ChatId, projectId, harness, model: model ?? null, title: storable(title ?? ''), by: userId }
  const isPrivate = isPersonalLogin(payer) || (fork?.isPrivate ?? start?.isPrivate ?? false)
  const { chatId, ...created } = chat
  const tell = await inTransaction(async (tx) => {
    await insertChat(tx, { ...chat, teamId, isPrivate, fork: fork ?? null, start: start ?? null, branch: branch ?? null })
    const appended = await appendServerFacts(tx, chatId, [
      { type: 'chat.created', ...created, ...(start && { startedFrom: start.from }) },
      ...(fork ? [{ type: 'chat.forked', by: userId, from: fork.from, context: fork.context } as const] : []),
    ])
    const first = prompt && ({ do: 'sendPrompt', by: userId, turnId: TurnId.parse(mintUuid()), prompt: storable(prompt) } as const)
    const carried = first && (await carryOutWithin(tx, { chatId, isMaintainer: false }, first))
    await also?.(tx, chatId)
    return carried?.tell ?? (() => announceAppended(appended))
  })
  tell()
  return { chatId }
}

export type ChatDescription = Omit<ChatRow, 'isArchived'> & {
  harnessName: string
  isArchived: boolean
  /** Null when nobody would pay now. */
  payer: Payer | null
  /** Whether the asking person may prompt here now, by role and by who pays. */
  mayPrompt: boolean
  /** Whether the asking person may archive it and bring it back. */
  mayManage: boolean
  /** Whether the asking person may share it now, or make it private again. */
  mayChangePrivacy: boolean
  people: { userId: string; name: string }[]
}

export async function describeChat(scope: ChatScope): Promise<ChatDescription> {
  const row = await findChat(scope)
  if (!row) throw new DomainError('chat.missing')
  const place: PayingPlace = {
    teamId: scope.teamId,
    projectId: row.projectId,
    userId: row.createdBy,
    harness: row.harness,
    isHandedOver: row.isHandedOver,
  }
  // Who pays is shown also to those who may not spend it.
  const [verdict, payer] = await Promise.all([
    judgePayer(place, { by: scope.userId, model: null }),
    judgePayer(place, { by: row.createdBy, model: null }),
  ])
  return {
    ...row,
    harnessName: harnessName(row.harness),
    payer: payer.ok ? payer.payer : null,
    mayPrompt: verdict.ok && mayInProject(scope.projectRole, 'prompt') && !row.isArchived,
    mayManage:
      mayInProject(projectRoleOf({ role: scope.role, isCreator: row.createdBy === scope.userId }), 'manage') ||
      mayInProject(scope.projectRole, 'manage'),
    mayChangePrivacy: mayChangePrivacy(scope, { ...row, payer: payer.ok ? payer.payer : null }),
    people: await findPeople(scope),
  }
}

/** A retry with the same id lands on the same turn, also when the connection has broken since. */
export async function sendPrompt(scope: ChatScope, { turnId, prompt }: { turnId: TurnId; prompt: PromptContent }) {
  if (!(await hasTurn(scope, turnId))) await demandSpending(scope)
  await carryOut(asActor(scope), { do: 'sendPrompt', by: scope.userId, turnId, prompt: storable(prompt) })
  return { turnId }
}

export async function editQueued(scope: ChatScope, { turnId, prompt }: { turnId: TurnId; prompt: PromptContent }) {
  await carryOut(asActor(scope), { do: 'editQueued', by: scope.userId, turnId, prompt: storable(prompt) })
}

export async function withdraw(scope: ChatScope, { turnId }: { turnId: TurnId }): Promise<void> {
  await carryOut(asActor(scope), { do: 'withdraw', by: scope.userId, turnId })
}

/** In front of `before`, which waits too, or at the end. */
export async function moveQueued(scope: ChatScope, { turnId, before }: { turnId: TurnId; before: TurnId | null }): Promise<void> {
  await demandSpending(scope)
  await carryOut(asActor(scope), { do: 'moveQueued', by: scope.userId, turnId, before })
}

/** Next in line, at the cost of the turn that runs. */
export async function sendNow(scope: ChatScope, { turnId }: { turnId: TurnId }): Promise<void> {
  await demandSpending(scope)
  await carryOut(asActor(scope), { do: 'sendNow', by: scope.userId, turnId })
}

/** The answer names the turn that the cancel is bound to. */
export async function cancelTurn(scope: ChatScope, { turnId }: { turnId?: TurnId | undefined }): Promise<{ turnId: TurnId }> {
  const cancelled = await carryOut(asActor(scope), { do: 'cancelTurn', by: scope.userId, turnId })
  return { turnId: cancelled.turnId! }
}

/** Approving spends too: it is for whoever may prompt. */
export async function answerPermission(
  scope: ChatScope,
  { requestId, optionId, note }: { requestId: RequestId; optionId: string; note?: string | undefined },
): Promise<void> {
  await demandSpending(scope)
  try {
    await carryOut(asActor(scope), {
      do: 'answerPermission',
      by: scope.userId,
      requestId,
      optionId,
      note: note === undefined ? undefined : { turnId: TurnId.parse(mintUuid()), text: storable(note) },
    })
  } catch (error) {
    throw await withName(error)
  }
}

/** Whoever may answer permission may answer this. @throws elicitation.invalid */
export async function answerElicitation(
  scope: ChatScope,
  { requestId, action, answers }: { requestId: RequestId; action: ElicitationAction; answers: ElicitationAnswers },
): Promise<void> {
  await demandSpending(scope)
  try {
    await carryOut(asActor(scope), { do: 'answerElicitation', by: scope.userId, requestId, action, answers: storable(answers) })
  } catch (error) {
    throw await withName(error)
  }
}

export async function renameChat(scope: ChatScope, { title }: { title: string }): Promise<void> {
  await carryOut(asActor(scope), { do: 'rename', by: scope.userId, title: storable(title) })
}

export async function archiveChat(scope: ChatScope): Promise<void> {
  await carryOut(asActor(scope), { do: 'archive', by: scope.userId })
}

/** It takes prompts again; what was withdrawn and cancelled when it was archived does not come back. */
export async function unarchiveChat(scope: ChatScope): Promise<void> {
  await carryOut(asActor(scope), { do: 'unarchive', by: scope.userId })
}

export const setPinned = (scope: ChatScope, pin: { isPinned: boolean }): Promise<void> => updatePin(scope, pin)

/** Holds for the turns that start from now on. */
export async function chooseModel(scope: ChatScope, { model }: { model: string }): Promise<void> {
  await demandSpending(scope, model)
  await carryOut(asActor(scope), { do: 'chooseModel', by: scope.userId, model })
}

export async function readEvents({ chatId }: ChatScope, { afterSeq, limit }: { afterSeq: number; limit: number }) {
  const at = await readHead(chatId)
  if (!at) throw new DomainError('chat.missing')
  const events = await readEventsAfter(chatId, { afterSeq, maxEvents: limit, maxBytes: 4 * PAGE_MAX_BYTES })
  return { events, headSeq: Math.max(at.head, events.at(-1)?.seq ?? 0), logId: at.logId }
}

/** Until when each open question of the chat can be answered. */
export const readDeadlines = (scope: ChatScope): Promise<{ requestId: RequestId; deadlineAt: string | null }[]> => findDeadlines(scope)

export { CHAT_TITLE } from '#server/chats/store.ts'
/** For what stands on chats, such as tasks. */
export { readStandings, sumChanges, type ChangeSum, type ChatStanding } from '#server/chats/standings.ts'
/** For a claim that takes a chat to another node. */
export { summaryOf } from '#server/chats/summary.ts'
/** For the dispatcher, which asks again when a run starts, and for an agent that wants to start a chat. */
export { judgePayer, payingPlaceOf, type PayerVerdict } from '#server/chats/payer.ts'
export { makePrivate, recordPrivacy, tellPrivacy } from '#server/chats/privacy.ts'

const asActor = ({ chatId, projectRole }: ChatScope) => ({ chatId, isMaintainer: mayInProject(projectRole, 'manage') })

/** @throws whatever keeps this person from prompting here as things stand */
export async function demandSpending({ chatId, userId }: ChatScope, chosen?: string): Promise<void> {
  const place = await payingPlaceOf(chatId)
  if (!place) throw new DomainError('chat.missing')
  await demandPayer(place, { by: userId, model: chosen ?? place.model })
}

/** Whoever is late wants to read a name, not an id. */
export async function withName(error: unknown): Promise<unknown> {
  if (!(error instanceof DomainError) || !/^(permission|question)\.already-answered$/.test(error.code)) return error
  const { by } = error.facts
  return typeof by === 'string' ? new DomainError(error.code, { ...error.facts, byName: await findName(by) }) : error
}
