/** What waits for a person in a turn, whoever's protocol it comes by. */
import type { ElicitationItem, PermissionItem, QuestionItem, TurnItem } from '#core/chat/view.ts'

export type AskingItem = PermissionItem | ElicitationItem | QuestionItem

export const isAsking = (item: TurnItem): item is AskingItem =>
  item.is === 'permission' || item.is === 'elicitation' || item.is === 'question'

export const isOpenAsking = (item: TurnItem): item is AskingItem => isAsking(item) && item.answer.is === 'open'

/** Unique among the questions of a chat. */
export const askingId = (item: AskingItem): string => (item.is === 'question' ? item.questionId : item.requestId)

/** What an item and its events name it by (`part.ts`). */
export const askingKey = (is: AskingItem['is'], id: string): string => `asking ${is} ${id}`
export const isAskingKey = (key: string): boolean => key.startsWith('asking ')
