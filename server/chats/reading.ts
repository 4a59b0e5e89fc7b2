/** A page of a chat for an agent that reads it over MCP. The scope says whether the person that it acts for may. */
import { transcriptOf, type Naming } from '#core/chat/transcript.ts'
import { DomainError } from '#core/errors.ts'
import { harnessName } from '#core/harnesses/registry.ts'
import type { ChatScope } from '#server/access/scope.ts'
import { findChat, findPeople } from '#server/chats/store.ts'
import { turnsOf } from '#server/chats/turns.ts'

export type ChatPage = {
  title: string
  agent: string
  createdByName: string
  text: string
  /** Where the next page begins; null at the end. */
  nextTurn: number | null
}

/** Whole turns from `fromTurn`, as many as fit `maxChars`, but one at least where there is one. @throws chat.missing */
export async function readPage(scope: ChatScope, { fromTurn, maxChars }: { fromTurn: number; maxChars: number }): Promise<ChatPage> {
  const { naming, ...about } = await describe(scope)
  const told: string[] = []
  let [at, chars] = [0, 0]
  let nextTurn: number | null = null
  for await (const turn of turnsOf(scope.chatId)) {
    if (at >= fromTurn) {
      const text = transcriptOf(turn, at, naming)
      if (told.length > 0 && chars + text.length > maxChars) {
        nextTurn = at
        break
      }
      told.push(text)
      chars += text.length + 2
    }
    at += 1
  }
  return { ...about, text: told.join('\n\n'), nextTurn }
}

/** The newest turn that has begun. @throws chat.missing */
export async function readLast(scope: ChatScope): Promise<Omit<ChatPage, 'nextTurn'>> {
  const { naming, ...about } = await describe(scope)
  let [at, text] = [0, '']
  for await (const turn of turnsOf(scope.chatId)) {
    if (turn.status !== 'queued' || text === '') text = transcriptOf(turn, at, naming)
    at += 1
  }
  return { ...about, text }
}

async function describe(scope: ChatScope): Promise<Pick<ChatPage, 'title' | 'agent' | 'createdByName'> & { naming: Naming }> {
  const [chat, people] = await Promise.all([findChat(scope), findPeople(scope)])
  if (!chat) throw new DomainError('chat.missing')
  const agent = harnessName(chat.harness)
  const names = new Map<string, string>(people.map((each) => [each.userId, each.name]))
  const naming: Naming = { agent, nameOf: (userId) => names.get(userId) ?? 'A former member' }
  return { title: chat.title, agent, createdByName: chat.createdByName, naming }
}
