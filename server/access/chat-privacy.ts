/**
 * Who sees a chat. A chat that runs on a personal login of its creator's is its creator's alone until they share it: an
 * agent on a login can show what the account holds. What a login has brought into a chat stays private when the chat
 * moves on to an API key. Whoever asks for chats on behalf of a person puts this into the WHERE of the query.
 * Who changes it: `server/chats/privacy.ts`.
 */
import { isNativeLogin, type CredentialKind, type Scope } from '#core/connections/connection.ts'

/** For SQL: whether the person of this parameter sees the chat of this alias. */
export const isSeenBy = (person: `$${number}`, chat = 'c'): string => `(not ${chat}."isPrivate" or ${chat}."createdBy" = ${person})`

/**
 * The same for what speaks of a chat by its id and outlives it. Whose a chat was that is gone nobody knows any more, so
 * it counts as one that the person does not see.
 */
export const isOfSeenChat = (person: `$${number}`, chatId: string): string =>
  `exists (select from chat c where c.id = ${chatId} and ${isSeenBy(person)})`

/** The same for Prisma. */
export const seenBy = (userId: string) => ({ OR: [{ isPrivate: false }, { createdBy: userId }] })

/** Whether what a chat runs on makes it private. A personal place is its creator's, so the login is theirs. */
export const isPersonalLogin = ({ scope, kind }: { scope: Scope; kind: CredentialKind }): boolean => scope === 'user' && isNativeLogin(kind)
