import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import { foldAll } from '#core/chat/fold.ts'
import { emptyChat } from '#core/chat/view.ts'
import type { ChatId, NodeId, TurnId } from '#core/ids.ts'
import { enterChat, type ChatScope, type TeamScope } from '#server/access/scope.ts'
import { createChat, moveQueued, readEvents, sendNow, sendPrompt } from '#server/chats/service.ts'
import { connect } from '#server/connections/service.ts'
import { ingest } from '#server/daemons/ingest.ts'
import { claim, renew } from '#server/daemons/lease.ts'
import { seedNode } from '#server/daemons/testing-nodes.ts'
import { seedProjectScope, seedTeamScope } from '#server/db/testing.ts'

let nodeId: NodeId
let ada: TeamScope
let chat: ChatScope
let turns: TurnId[]

/** A chat whose first prompt an agent works on, while three others wait. */
beforeAll(async () => {
  nodeId = await seedNode()
  ada = await seedTeamScope()
  await connect(ada, { harness: 'codex', scope: 'user', secret: { kind: 'api-key', provider: 'openai', key: 'sk-proj-abcdefghijklmnop' } })
  const { chatId } = await createChat(await seedProjectScope(ada, 'prompt'), { harness: 'codex' })
  chat = await enterChat(ada, { act: 'prompt', chatId })
  turns = Array.from({ length: 4 }, () => randomUUID() as TurnId)
  for (const turnId of turns) await sendPrompt(chat, { turnId, prompt: [{ type: 'text', text: turnId }] })
  await claim(nodeId, 1)
  await take(turns[0]!, 1)
})

const take = (turnId: TurnId, pseq: number) =>
  ingest({ nodeId, chatId: chat.chatId, epoch: 1, facts: [{ pseq, fact: { type: 'turn.accepted', turnId } }] })

/** What the daemon hears, as letters: prompts in their order, and cancels. */
async function heard(chatId: ChatId): Promise<string> {
  const [lease] = await renew(nodeId, [{ chatId, epoch: 1 }])
  const letter = (turnId: TurnId) => 'abcd'[turns.indexOf(turnId)]!
  return lease!.commands.map((each) => ('requestId' in each ? '' : (each.kind === 'cancel' ? '-' : '') + letter(each.turnId))).join(' ')
}

it('runs in the order that people gave it, and every browser shows that order', async () => {
  const [, b, c, d] = turns as [TurnId, TurnId, TurnId, TurnId]
  await moveQueued(chat, { turnId: d, before: c })
  expect(await heard(chat.chatId)).toBe('b d c')
  await moveQueued(chat, { turnId: b, before: null })
  expect(await heard(chat.chatId)).toBe('d c b')
  const view = foldAll(emptyChat, (await readEvents(chat, { afterSeq: 0, limit: 100 })).events)
  expect(view.turns.map((turn) => turn.turnId)).toEqual([turns[0], d, c, b])
})

it('sends one now: it is next, and the running turn, and no other, is to stop', async () => {
  const [a, b, , d] = turns as [TurnId, TurnId, TurnId, TurnId]
  await sendNow(chat, { turnId: b })
  expect(await heard(chat.chatId)).toBe('b d c -a')
  // Once more, while it is still on its way: nothing is cancelled twice.
  await sendNow(chat, { turnId: d })
  expect(await heard(chat.chatId)).toBe('d b c -a')
  await ingest({
    nodeId,
    chatId: chat.chatId,
    epoch: 1,
    facts: [{ pseq: 2, fact: { type: 'turn.ended', turnId: a, outcome: 'cancelled', stopReason: 'cancelled' } }],
  })
  await take(d, 3)
  expect(await heard(chat.chatId)).toBe('b c')
  await expect(sendNow(chat, { turnId: a })).rejects.toMatchObject({ code: 'turn.not-queued' })
  await expect(moveQueued(chat, { turnId: b, before: d })).rejects.toMatchObject({ code: 'turn.not-queued' })
})

it('is for whoever may prompt the chat', async () => {
  const mei = await seedTeamScope({ teamId: ada.teamId, role: 'member' })
  const asMei = await enterChat(mei, { act: 'prompt', chatId: chat.chatId })
  for (const ask of [() => moveQueued(asMei, { turnId: turns[1]!, before: null }), () => sendNow(asMei, { turnId: turns[1]! })]) {
    await expect(ask()).rejects.toMatchObject({ code: 'connection.not-yours' })
  }
})
