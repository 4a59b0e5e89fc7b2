/** What waits for a person in a chat, in words. */
import { isOpenAsking, type AskingItem } from '#core/chat/asking.ts'
import type { Turn } from '#core/chat/view.ts'
import { question, subject } from '#components/chat/permission.model.ts'
import { elicitationWords } from '#components/chat/elicitation.model.ts'
import { isActive, type Row } from '#components/chat/timeline.model.ts'

export const isAskingRow = (row: Row): row is Extract<Row, { item: AskingItem }> =>
  row.is === 'permission' || row.is === 'elicitation' || row.is === 'question'

/** Every one that is open, the oldest first. */
export const openAsking = (turns: readonly Turn[]): AskingItem[] =>
  turns.filter(isActive).flatMap((turn) => turn.items.filter(isOpenAsking))

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
