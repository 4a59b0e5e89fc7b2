'use client'

import { createContext, use } from 'react'
import type { ElicitationAction, ElicitationAnswers } from '#core/chat/elicitation.ts'
import type { ElicitationItem, PermissionItem, Turn } from '#core/chat/view.ts'
import type { ChatId, RequestId, TurnId } from '#core/ids.ts'
import type { OpenRows } from '#components/chat/open-rows.ts'

export type PanelTab = 'changes' | 'plan' | 'usage' | 'details'

/** What the rows of a chat can ask for. Changes rarely, so that a streamed word redraws its own row alone. */
export type ChatActs = {
  chatId: ChatId
  projectId: string | null
  harness: string | null
  /** "Codex", for sentences. */
  agent: string
  mayPrompt: boolean
  /** Who looks at it. */
  userId: string
  nameOf: (userId: string) => string
  openRows: OpenRows
  answer: (item: PermissionItem, optionId: string, note?: string) => Promise<void>
  /** Answers what the agent wants to know; `answers` go with `accept` alone. */
  tell: (item: ElicitationItem, action: ElicitationAction, answers: ElicitationAnswers) => Promise<void>
  answerQuestion: (questionId: RequestId, answer: string) => Promise<void>
  sendAgain: (turn: Turn) => void
  retryOutgoing: (turnId: TurnId) => void
  discardOutgoing: (turnId: TurnId) => void
  withdraw: (turnId: TurnId) => void
  /** In front of `before`, or to the end. */
  moveQueued: (turnId: TurnId, before: TurnId | null) => void
  sendNow: (turnId: TurnId) => void
  chooseModel: () => void
  openPanel: (tab: PanelTab) => void
}

const Context = createContext<ChatActs | null>(null)

export const ChatActsProvider = Context.Provider

export function useChatActs(): ChatActs {
  const acts = use(Context)
  if (!acts) throw new Error('A row of a chat stands outside its screen.')
  return acts
}
