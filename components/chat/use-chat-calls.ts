'use client'

import { useMemo } from 'react'
import type { ElicitationAction, ElicitationAnswers } from '#core/chat/elicitation.ts'
import type { ElicitationItem, PermissionItem } from '#core/chat/view.ts'
import type { ChatId, RequestId, TurnId } from '#core/ids.ts'
import { failureOf, wordsOf } from '#components/failures/failure.ts'
import { useTRPCClient } from '#components/trpc/trpc.ts'
import { toast } from '#components/ui/toast.tsx'

export type ChatCalls = {
  answer: (item: PermissionItem, optionId: string, note?: string) => Promise<void>
  tell: (item: ElicitationItem, action: ElicitationAction, answers: ElicitationAnswers) => Promise<void>
  answerQuestion: (questionId: RequestId, answer: string) => Promise<void>
  /** Bound to the turn that was on screen: the next in line is not meant. */
  stop: (turnId: TurnId) => Promise<void>
  withdraw: (turnId: TurnId) => void
  moveQueued: (turnId: TurnId, before: TurnId | null) => void
  sendNow: (turnId: TurnId) => void
  edit: (turnId: TurnId, text: string) => Promise<void>
}

/** What people ask of a running chat. The log answers: each call only reads on when it is through. */
export function useChatCalls({ chatId, catchUp }: { chatId: ChatId; catchUp: () => Promise<void> }): ChatCalls {
  const client = useTRPCClient()
  return useMemo(() => {
    const tell = (error: unknown) => {
      const failure = failureOf(error)
      // Somebody, or the agent, was faster: what is on screen by then says so better than an alarm.
      const isLate = failure.is === 'domain' && late.has(failure.code)
      if (isLate) toast(wordsOf(error).sentence)
      else toast.error(wordsOf(error).sentence)
    }
    const say = (call: Promise<unknown>) => call.catch(tell).then(catchUp)
    return {
      answer: (item, optionId, note) =>
        say(client.chats.answerPermission.mutate({ chatId, requestId: item.requestId, optionId, ...(note ? { note } : {}) })),
      tell: ({ requestId }, action, answers) => say(client.chats.answerElicitation.mutate({ chatId, requestId, action, answers })),
      answerQuestion: (questionId, answer) => say(client.chats.answerQuestion.mutate({ chatId, questionId, answer })),
      stop: (turnId) => say(client.chats.cancelTurn.mutate({ chatId, turnId })),
      withdraw: (turnId) => void say(client.chats.withdraw.mutate({ chatId, turnId })),
      moveQueued: (turnId, before) => void say(client.chats.moveQueued.mutate({ chatId, turnId, before })),
      sendNow: (turnId) => void say(client.chats.sendNow.mutate({ chatId, turnId })),
      edit: (turnId, text) => say(client.chats.editQueued.mutate({ chatId, turnId, prompt: [{ type: 'text', text }] })),
    }
  }, [client, chatId, catchUp])
}

const late = new Set<string>([
  'permission.already-answered',
  'permission.missing',
  'question.already-answered',
  'question.missing',
  'turn.not-queued',
  'turn.missing',
  'turn.nothing-to-cancel',
])
