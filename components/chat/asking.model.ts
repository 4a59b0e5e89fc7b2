/** What waits for a person in a chat, whoever's protocol it comes by: a permission, or a question of the agent's. */
import type { PermissionItem, QuestionItem, Turn } from '#core/chat/view.ts'
import { question, subject } from '#components/chat/permission.model.ts'
import { isActive } from '#components/chat/timeline.model.ts'

export type AskingItem = PermissionItem | QuestionItem

/** Every one that is open, the oldest first. */
export const openAsking = (turns: readonly Turn[]): AskingItem[] =>
  turns
    .filter(isActive)
    .flatMap((turn) =>
      turn.items.filter((item): item is AskingItem => (item.is === 'permission' || item.is === 'question') && item.answer.is === 'open'),
    )

export const askingId = (item: AskingItem): string => (item.is === 'permission' ? item.requestId : item.questionId)

/** "Codex asks to run a command", "Codex asks you". */
export const askingWords = (item: AskingItem, agent: string): string =>
  item.is === 'permission' ? question(item, agent) : `${agent} asks you`

/** The one thing it is about. */
export const askingAbout = (item: AskingItem): string => (item.is === 'permission' ? subject(item) : item.question)
