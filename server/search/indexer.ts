/**
 * Reads each chat's log once and keeps what can be searched of it: names, prompts, replies. It follows the log at a
 * distance, so that no append waits for it; a cursor per chat says how far it is, so that what was written before there
 * was a search is read like anything else, once, and several servers never read the same.
 * From: the bus, and a sweep for what it missed. Next: `store.ts`.
 */
import type { ChatId, TurnId } from '#core/ids.ts'
import { wordsOf } from '#core/search/words.ts'
import { eachChat } from '#server/chats/each-chat.ts'
import { inTransaction } from '#server/db/client.ts'
import { log } from '#server/log.ts'
import { onHint } from '#server/realtime/bus.ts'
import { findBehind, findTexts, holdPlace, readFacts, updatePlace, writeTexts, type ChatText, type Read } from '#server/search/store.ts'

/** A reply streams in many pieces: they are read together. */
const SETTLE_MS = 1_000
const SWEEP_EVERY_MS = 30_000
const FACTS_AT_ONCE = 2_000
const CHATS_AT_ONCE = 50
const FAILURE = 'Chats could not be read for the search'
/** The rest of a longer text is not found. */
const TEXT_MAX_CHARS = 100_000

const TITLE_KEY = 'title'
const types = [
  'chat.created',
  'chat.renamed',
  'title.suggested',
  'turn.requested',
  'turn.edited',
  'turn.withdrawn',
  'reply.appended',
] as const

/** Resolves when the search knows all of the chat's log, or another server is about to. */
export async function indexChat(chatId: ChatId): Promise<void> {
  while (await inTransaction((tx) => indexSome(tx, chatId)));
}

type Tx = Parameters<typeof holdPlace>[0]

/** True when there is more. */
async function indexSome(tx: Tx, chatId: ChatId): Promise<boolean> {
  const after = await holdPlace(tx, chatId)
  if (after === null) return false
  const { facts, upTo } = await readFacts(tx, chatId, { after, types, limit: FACTS_AT_ONCE })
  if (upTo <= after) return false
  const replies = facts.flatMap(({ fact }) => (fact.type === 'reply.appended' ? [replyKey(fact)] : []))
  const known = await findTexts(tx, chatId, [TITLE_KEY, ...new Set(replies)])
  await writeTexts(tx, chatId, textsOf(facts, known))
  await updatePlace(tx, chatId, upTo)
  return facts.length === FACTS_AT_ONCE
}

const promptKey = (turnId: TurnId): string => `prompt ${turnId}`
const replyKey = ({ turnId, messageId }: { turnId: TurnId; messageId: string }): string => `reply ${turnId} ${messageId}`

type Text = Omit<ChatText, 'words'>
const nowhere = { turnId: null, messageId: null, by: null }

/** What the facts make of the texts that stand: as the fold would, a piece of a reply is set at its offset. */
function textsOf(facts: readonly Read[], known: ReadonlyMap<string, string>): { written: ChatText[]; gone: string[] } {
  const texts = new Map<string, Text>()
  const gone = new Set<string>()
  const standing = (key: string): string => texts.get(key)?.text ?? known.get(key) ?? ''
  const put = (text: Text) => {
    texts.set(text.key, text)
    gone.delete(text.key)
  }
  for (const { fact, at } of facts) {
    switch (fact.type) {
      case 'chat.created':
      case 'chat.renamed':
        put({ ...nowhere, key: TITLE_KEY, kind: 'title', at, text: fact.title })
        break
      case 'title.suggested':
        if (standing(TITLE_KEY) === '') put({ ...nowhere, key: TITLE_KEY, kind: 'title', at, text: fact.title })
        break
      case 'turn.requested':
      case 'turn.edited': {
        const { turnId, by, prompt } = fact
        const text = prompt.map((block) => block.text).join('\n\n')
        put({ key: promptKey(turnId), kind: 'prompt', turnId, messageId: null, by, at, text })
        break
      }
      case 'turn.withdrawn':
        texts.delete(promptKey(fact.turnId))
        gone.add(promptKey(fact.turnId))
        break
      case 'reply.appended': {
        const { turnId, messageId, offset, text: piece } = fact
        const key = replyKey(fact)
        const before = standing(key)
        const text = offset >= before.length ? before + piece : before.slice(0, offset) + piece + before.slice(offset + piece.length)
        put({ key, kind: 'reply', turnId, messageId, by: null, at: texts.get(key)?.at ?? at, text })
        break
      }
      default: // Nobody looks for these.
    }
  }
  // Once for each text and not for each of its pieces, which would copy a long reply again and again.
  const written = [...texts.values()].map((each) => ({ ...each, text: each.text.slice(0, TEXT_MAX_CHARS).toWellFormed() }))
  return { written: written.map((each) => ({ ...each, words: wordsOf(each.text) })), gone: [...gone] }
}

/** Follows all chats from now on, and first reads what was written before. Returns how to stop. */
export function startIndexing(): () => Promise<void> {
  const due = new Set<ChatId>()
  let timer: NodeJS.Timeout | undefined
  let working: Promise<void> = Promise.resolve()
  let isStopped = false

  const readNext = async (chatId: ChatId): Promise<void> => {
    if (!isStopped) await indexChat(chatId)
  }
  const work = async (): Promise<void> => {
    const asked = [...due]
    due.clear()
    await eachChat(asked, readNext, FAILURE)
  }
  const sweep = async (): Promise<void> => {
    const seen = new Set<ChatId>()
    for (let isMore = true; isMore && !isStopped;) {
      const behind = await findBehind(CHATS_AT_ONCE)
      // One that another server reads, or that fails, stays behind meanwhile: it is not waited for.
      isMore = behind.length === CHATS_AT_ONCE && behind.some((chatId) => !seen.has(chatId))
      for (const chatId of behind) seen.add(chatId)
      await eachChat(behind, readNext, FAILURE)
    }
  }
  const next = (job: () => Promise<void>): void => {
    working = working.then(job).catch((error: unknown) => log.warn({ err: error }, FAILURE))
  }

  const offHint = onHint((hint) => {
    if (hint.about !== 'log' || isStopped) return
    due.add(hint.chatId)
    timer ??= setTimeout(() => {
      timer = undefined
      next(work)
    }, SETTLE_MS).unref()
  })
  next(sweep)
  const sweeping = setInterval(() => next(sweep), SWEEP_EVERY_MS).unref()
  return async () => {
    isStopped = true
    offHint()
    clearTimeout(timer)
    clearInterval(sweeping)
    await working
  }
}
