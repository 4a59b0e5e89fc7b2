/** What waits for a person in a chat, whoever's protocol it comes by: a permission, or a question of the agent's. */
import type { ElicitationItem, PermissionItem, QuestionItem, Turn, TurnItem } from '#core/chat/view.ts'
import { question, subject } from '#components/chat/permission.model.ts'
import { elicitationWords } from '#components/chat/elicitation.model.ts'
import { isActive, type Row } from '#components/chat/timeline.model.ts'

export type AskingItem = PermissionItem | ElicitationItem | QuestionItem

const isAsking = (item: TurnItem): item is AskingItem => item.is === 'permission' || item.is === 'elicitation' || item.is === 'question'

export const isAskingRow = (row: Row): row is Extract<Row, { item: AskingItem }> =>
  row.is === 'permission' || row.is === 'elicitation' || row.is === 'question'

/** Every one that is open, the oldest first. */
export const openAsking = (turns: readonly Turn[]): AskingItem[] =>
  turns.filter(isActive).flatMap((turn) => turn.items.filter(isAsking).filter((item) => item.answer.is === 'open'))

export const askingId = (item: AskingItem): string => (item.is === 'question' ? item.questionId : item.requestId)

/** "Codex asks to run a command", "Codex asks you something". */
export function askingWords(item: AskingItem, agent: string): string {
  if (item.is === 'permission') return question(item, agent)
  return item.is === 'elicitation' ? elicitationWords(item, agent) : `${agent} asks you`
}

/** The one thing it is about. */
export function askingAbout(item: AskingItem): string {
  if (item.is === 'permission') return subject(item)
  return item.is === 'elicitation' ? item.message : item.question
}
