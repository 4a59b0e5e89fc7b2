import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import type { ChatFact } from '#core/chat/events.ts'
import type { ChatId, TurnId } from '#core/ids.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { recordServerFacts } from '#server/chats/append.ts'
import { pool, prisma } from '#server/db/client.ts'
import { seedChat, seedProject, seedTeamScope } from '#server/db/testing.ts'
import { indexChat, startIndexing } from '#server/search/indexer.ts'
import { search } from '#server/search/service.ts'

const turnId = () => randomUUID() as TurnId
const asked = (scope: TeamScope, turn: TurnId, text: string): ChatFact => ({
  type: 'turn.requested',
  turnId: turn,
  by: scope.userId,
  prompt: [{ type: 'text', text }],
})
const said = (turn: TurnId, offset: number, text: string) =>
  ({ type: 'reply.appended', turnId: turn, messageId: 'm', offset, text }) as ChatFact

async function write(chatId: ChatId, ...facts: ChatFact[]): Promise<void> {
  await recordServerFacts(chatId, facts)
  await indexChat(chatId)
}

/** What is found, as `kind: snippet` with what was looked for in brackets. */
async function find(scope: TeamScope, query: string): Promise<string[]> {
  const { hits } = await search(scope, { query, limit: 20, offset: 0 })
  return hits.map((hit) => `${hit.kind}: ${hit.snippet.map((each) => (each.isHit ? `[${each.text}]` : each.text)).join('')}`)
}

it('finds names, prompts and replies by the beginnings of their words, names first', async () => {
  const scope = await seedTeamScope({ name: 'Ada' })
  const chatId = await seedChat(scope)
  const turn = turnId()
  await write(chatId, { type: 'chat.renamed', by: scope.userId, title: 'Parser rework' }, asked(scope, turn, 'Fix the PARSER.ts, please'))
  // Pieces of one reply, read in two goes.
  await write(chatId, said(turn, 0, 'The <b>pars'))
  await write(chatId, said(turn, 11, 'er</b> is mended.'))
  expect(await find(scope, 'parser')).toEqual([
    'title: [Parser] rework',
    'prompt: Fix the [PARSER].ts, please',
    'reply: The <b>[parser]</b> is mended.',
  ])
  expect(await find(scope, 'mend pars')).toEqual(['reply: The <b>[parser]</b> is [mended].'])
  expect(await find(scope, '"parser is"')).toEqual([])
  expect(await find(scope, '"is mended"')).toEqual(['reply: The <b>parser</b> [is] [mended].'])
  expect(await find(scope, `'):* | ! & "`)).toEqual([])
  const { hits } = await search(scope, { query: 'please', limit: 1, offset: 0 })
  expect(hits).toMatchObject([{ chatId, turnId: turn, messageId: null, byName: 'Ada', title: 'Parser rework', isArchived: false }])
})

it('follows edits and forgets what was withdrawn', async () => {
  const scope = await seedTeamScope()
  const chatId = await seedChat(scope)
  const [one, two] = [turnId(), turnId()]
  await write(chatId, asked(scope, one, 'Former words'), asked(scope, two, 'Other words'))
  await write(chatId, { type: 'turn.edited', turnId: one, by: scope.userId, prompt: [{ type: 'text', text: 'Better words' }] })
  expect(await find(scope, 'former')).toEqual([])
  expect(await find(scope, 'better')).toHaveLength(1)
  await write(chatId, { type: 'turn.withdrawn', turnId: two, by: scope.userId })
  expect(await find(scope, 'words')).toEqual(['prompt: Better [words]'])
})

it('finds only what one may read', async () => {
  const ada = await seedTeamScope()
  const mei = await seedTeamScope({ teamId: ada.teamId, role: 'viewer' })
  const stranger = await seedTeamScope()
  const projectId = await seedProject(ada)
  const chatId = await seedChat(ada, { projectId })
  await write(chatId, asked(ada, turnId(), 'Zanzibar'))
  const whoFinds = async () => {
    const found = await Promise.all([ada, mei, stranger].map((each) => find(each, 'zanzibar')))
    return found.map((each) => each.length)
  }
  expect(await whoFinds()).toEqual([1, 1, 0])
  await prisma().chat.update({ where: { id: chatId }, data: { isPrivate: true } })
  expect(await whoFinds()).toEqual([1, 0, 0])
  await prisma().chat.update({ where: { id: chatId }, data: { isPrivate: false, archivedAt: new Date() } })
  expect(await whoFinds()).toEqual([1, 1, 0])
  await prisma().project.update({ where: { id: projectId }, data: { archivedAt: new Date() } })
  expect(await whoFinds()).toEqual([0, 0, 0])
  await expect(search(stranger, { query: 'zanzibar', projectId, limit: 5, offset: 0 })).rejects.toMatchObject({ code: 'project.missing' })
})

it('reads what was written before there was a search, once, and then what comes', async () => {
  const scope = await seedTeamScope()
  const chatId = await seedChat(scope)
  const turn = turnId()
  await recordServerFacts(chatId, [asked(scope, turn, 'From before'), ...Array.from({ length: 2_100 }, (_, at) => said(turn, at, 'x'))])
  const stop = startIndexing()
  try {
    await expect.poll(() => find(scope, 'before')).toHaveLength(1)
    await expect.poll(() => find(scope, 'x'.repeat(60))).toHaveLength(1)
    await recordServerFacts(chatId, [asked(scope, turnId(), 'Afterwards')])
    await expect.poll(() => find(scope, 'afterwards'), { timeout: 5_000 }).toHaveLength(1)
  } finally {
    await stop()
  }
  const { rows } = await pool().query(
    'select i.seq = h.head as "isDone" from chat_indexed i join chat_head h using ("chatId") where "chatId" = $1',
    [chatId],
  )
  expect(rows).toEqual([{ isDone: true }])
})

it('gives the rest page by page', async () => {
  const scope = await seedTeamScope()
  const chatId = await seedChat(scope)
  await write(chatId, ...Array.from({ length: 5 }, (_, at) => asked(scope, turnId(), `Page ${at}`)))
  const first = await search(scope, { query: 'page', limit: 3, offset: 0 })
  const second = await search(scope, { query: 'page', limit: 3, offset: first.nextOffset! })
  expect([first.hits.length, second.hits.length, second.nextOffset]).toEqual([3, 2, null])
  expect(new Set([...first.hits, ...second.hits].map((hit) => hit.turnId)).size).toBe(5)
})
