/** `chats.*`: what browsers and scripts ask of chats. Next: `service.ts`. */
import { z } from 'zod'
import { TITLE_MAX_CHARS } from '#core/chat/commands.ts'
import { ElicitationAction, ElicitationAnswers } from '#core/chat/elicitation.ts'
import { ANSWER_MAX_CHARS, PromptContent } from '#core/chat/events.ts'
import { WindowPlace } from '#core/chat/window.ts'
import { RequestId, ToolCallId, TurnId, UserId } from '#core/ids.ts'
import { forkChat } from '#server/chats/fork.ts'
import { offerChat, takeOver } from '#server/chats/hand-over.ts'
import { setShared } from '#server/chats/privacy.ts'
import { answerQuestion } from '#server/chats/questions.ts'
import {
  answerElicitation,
  answerPermission,
  archiveChat,
  cancelTurn,
  chooseModel,
  createChat,
  describeChat,
  editQueued,
  listChats,
  moveQueued,
  readDeadlines,
  readEvents,
  renameChat,
  sendNow,
  sendPrompt,
  setPinned,
  unarchiveChat,
  withdraw,
} from '#server/chats/service.ts'
import { readCall, readLast, readStretch } from '#server/chats/window.ts'
import { chatProcedure, projectProcedure, router, teamProcedure } from '#server/trpc/base.ts'

const Title = z.string().trim().min(1).max(TITLE_MAX_CHARS)
const ModelName = z.string().min(1).max(200)

export const chatsRouter = router({
  list: teamProcedure('read')
    .input(z.object({ projectId: z.string().max(200).optional(), isArchived: z.boolean().optional() }).default({}))
    .query(({ ctx, input }) => listChats(ctx.scope, input)),

  get: chatProcedure('read').query(({ ctx }) => describeChat(ctx.scope)),

  create: projectProcedure('prompt')
    .input(z.object({ harness: z.string().max(100), model: ModelName.optional(), title: Title.optional() }))
    .mutation(({ ctx, input }) => createChat(ctx.scope, input)),

  /** A new chat of the caller's in the same project, that goes on from this one. */
  fork: chatProcedure('prompt')
    .input(z.object({ harness: z.string().max(100).optional() }))
    .mutation(({ ctx, input }) => forkChat(ctx.scope, input)),

  /** By its creator: to a member, or to nobody any more; by whom it is offered to: to nobody, which declines. */
  offer: chatProcedure('prompt')
    .input(z.object({ to: UserId.nullable() }))
    .mutation(({ ctx, input }) => offerChat(ctx.scope, input)),

  /** By whom it is offered to. */
  takeOver: chatProcedure('prompt').mutation(({ ctx }) => takeOver(ctx.scope)),

  rename: chatProcedure('prompt')
    .input(z.object({ title: Title }))
    .mutation(({ ctx, input }) => renameChat(ctx.scope, input)),

  archive: chatProcedure('manage').mutation(({ ctx }) => archiveChat(ctx.scope)),

  unarchive: chatProcedure('manage').mutation(({ ctx }) => unarchiveChat(ctx.scope)),

  /** In the caller's own lists. */
  setPinned: chatProcedure('read')
    .input(z.object({ isPinned: z.boolean() }))
    .mutation(({ ctx, input }) => setPinned(ctx.scope, input)),

  /** By its creator alone. */
  setShared: chatProcedure('prompt')
    .input(z.object({ isShared: z.boolean() }))
    .mutation(({ ctx, input }) => setShared(ctx.scope, input)),

  /** The browser mints `turnId`, so a retried request lands on the same turn. */
  sendPrompt: chatProcedure('prompt')
    .input(z.object({ turnId: TurnId, prompt: PromptContent }))
    .mutation(({ ctx, input }) => sendPrompt(ctx.scope, input)),

  editQueued: chatProcedure('prompt')
    .input(z.object({ turnId: TurnId, prompt: PromptContent }))
    .mutation(({ ctx, input }) => editQueued(ctx.scope, input)),

  withdraw: chatProcedure('prompt')
    .input(z.object({ turnId: TurnId }))
    .mutation(({ ctx, input }) => withdraw(ctx.scope, input)),

  moveQueued: chatProcedure('prompt')
    .input(z.object({ turnId: TurnId, before: TurnId.nullable() }))
    .mutation(({ ctx, input }) => moveQueued(ctx.scope, input)),

  /** Cancels the turn that runs, and makes this prompt the next one. */
  sendNow: chatProcedure('prompt')
    .input(z.object({ turnId: TurnId }))
    .mutation(({ ctx, input }) => sendNow(ctx.scope, input)),

  /** Without `turnId`: the running turn, else the next one that waits. */
  cancelTurn: chatProcedure('prompt')
    .input(z.object({ turnId: TurnId.optional() }))
    .mutation(({ ctx, input }) => cancelTurn(ctx.scope, input)),

  answerPermission: chatProcedure('prompt')
    .input(z.object({ requestId: RequestId, optionId: z.string().max(200), note: z.string().min(1).max(2_000).optional() }))
    .mutation(({ ctx, input }) => answerPermission(ctx.scope, input)),

  /** What an agent asked beside permission. `answers` go with `accept` alone. */
  answerElicitation: chatProcedure('prompt')
    .input(z.object({ requestId: RequestId, action: ElicitationAction, answers: ElicitationAnswers.default({}) }))
    .mutation(({ ctx, input }) => answerElicitation(ctx.scope, input)),

  /** Until when each open question can be answered. */
  deadlines: chatProcedure('read').query(({ ctx }) => readDeadlines(ctx.scope)),
  /** To a question that an agent asks by a tool of ours; in words, or one of the choices as it stands. */
  answerQuestion: chatProcedure('prompt')
    .input(z.object({ questionId: RequestId, answer: z.string().trim().min(1).max(ANSWER_MAX_CHARS) }))
    .mutation(({ ctx, input }) => answerQuestion(ctx.scope, input)),

  chooseModel: chatProcedure('prompt')
    .input(z.object({ model: ModelName }))
    .mutation(({ ctx, input }) => chooseModel(ctx.scope, input)),

  /** The end of the transcript, as it stands at `view.seq`; what is newer comes by subscription or by `eventsAfter`. */
  last: chatProcedure('read')
    .input(z.object({ atLeast: z.int().nonnegative().default(0) }))
    .query(({ ctx, input }) => readLast(ctx.scope, input)),

  /** A stretch of the transcript somewhere else. */
  stretch: chatProcedure('read')
    .input(z.object({ place: WindowPlace, atLeast: z.int().nonnegative().default(0) }))
    .query(({ ctx, input }) => readStretch(ctx.scope, input)),

  /** A tool call with all that stretches leave out of a long one. */
  toolCall: chatProcedure('read')
    .input(z.object({ turnId: TurnId, toolCallId: ToolCallId }))
    .query(({ ctx, input }) => readCall(ctx.scope, input)),

  eventsAfter: chatProcedure('read')
    .input(z.object({ afterSeq: z.int().nonnegative(), limit: z.int().min(1).max(1_000).default(500) }))
    .query(({ ctx, input }) => readEvents(ctx.scope, input)),
})
