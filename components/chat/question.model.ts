/** What waits for people, whether it is a permission or something that the agent wants to know, in the same few words. */
import type { QuestionItem } from '#core/chat/view.ts'
import { elicitationWords } from '#components/chat/elicitation.model.ts'
import { question, subject } from '#components/chat/permission.model.ts'

export const questionWords = (item: QuestionItem, agent: string): string =>
  item.is === 'permission' ? question(item, agent) : elicitationWords(item, agent)

export const subjectWords = (item: QuestionItem): string => (item.is === 'permission' ? subject(item) : item.message)
