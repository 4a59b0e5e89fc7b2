/** What waits for a person in a chat, in words. */
import { isOpenAsking, type AskingItem } from '#core/chat/asking.ts'
import type { Turn } from '#core/chat/view.ts'
import { question, subject } from '#components/chat/permission.model.ts'
import { isActive } from '#components/chat/timeline.model.ts'

/** Every one that is open, the oldest first. */
export const openAsking = (turns: readonly Turn[]): AskingItem[] =>
  turns.filter(isActive).flatMap((turn) => turn.items.filter(isOpenAsking))

/** "Codex asks to run a command", "Codex asks you". */
export const askingWords = (item: AskingItem, agent: string): string =>
  item.is === 'permission' ? question(item, agent) : `${agent} asks you`

/** The one thing it is about. */
export const askingAbout = (item: AskingItem): string => (item.is === 'permission' ? subject(item) : item.question)
