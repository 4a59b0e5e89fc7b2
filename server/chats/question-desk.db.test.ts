import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import type { DaemonFact } from '#core/chat/events.ts'
import { foldAll } from '#core/chat/fold.ts'
import { MASKED } from '#core/chat/elicitation.ts'
import { emptyChat, type ElicitationItem, type PermissionItem } from '#core/chat/view.ts'
import type { ChatId, NodeId, RequestId, TurnId } from '#core/ids.ts'
import type { PermissionRule } from '#core/projects/permission-rules.ts'
import { enterChat, enterProject, type ChatScope, type ProjectScope, type TeamScope } from '#server/access/scope.ts'
import { answerUnasked, startQuestionDesk } from '#server/chats/question-desk.ts'
import { answerElicitation, answerPermission, createChat, readDeadlines, readEvents, sendPrompt } from '#server/chats/service.ts'
import { connect } from '#server/connections/service.ts'
import { ingest } from '#server/daemons/ingest.ts'
import { claim, endSilentLeases, renew } from '#server/daemons/lease.ts'
import { seedNode } from '#server/daemons/testing-nodes.ts'
import { pool, prisma } from '#server/db/client.ts'
import { seedProject, seedTeamScope } from '#server/db/testing.ts'
import { readRules, setRules } from '#server/projects/rules.ts'

let nodeId: NodeId
let ada: TeamScope
let project: ProjectScope
let chat: ChatScope
let turnId: TurnId
let pseq = 1
beforeAll(async () => {
  nodeId = await seedNode()
  ada = await seedTeamScope({ isInstanceOwner: true })
  await connect(ada, {
    harness: 'codex',
    scope: 'platform',
    secret: { kind: 'api-key', provider: 'openai', key: 'sk-proj-abcdefghijklmnop' },
  })
  project = await enterProject(ada, { act: 'manage', projectId: await seedProject(ada) })
  const { chatId } = await createChat(project, { harness: 'codex' })
  chat = await enterChat(ada, { act: 'prompt', chatId })
  turnId = randomUUID() as TurnId
  await sendPrompt(chat, { turnId, prompt: [{ type: 'text', text: 'go' }] })
  await claim(nodeId, 1)
  await append({ type: 'turn.accepted', turnId })
})

const append = (fact: DaemonFact) => ingest({ nodeId, chatId: chat.chatId, epoch: 1, facts: [{ pseq: pseq++, fact }] })
const allow = (pattern: string): PermissionRule => ({ effect: 'allow', kind: 'execute', pattern })
const deny = (pattern: string): PermissionRule => ({ effect: 'deny', kind: 'execute', pattern })

/** An agent asks whether it may run this. */
async function ask(command: string, kinds: readonly ('allow_once' | 'reject_once')[] = ['allow_once', 'reject_once']): Promise<RequestId> {
  const requestId = randomUUID() as RequestId
  await append({
    type: 'permission.requested',
    requestId,
    turnId,
    toolCallId: command as never,
    title: command,
    kind: 'execute',
    content: [],
    input: { command },
    options: kinds.map((kind) => ({ optionId: kind, name: kind, kind })),
  })
  return requestId
}

async function outcomeOf(requestId: RequestId): Promise<PermissionItem['answer']> {
  const { turns } = foldAll(emptyChat, (await readEvents(chat, { afterSeq: 0, limit: 1_000 })).events)
  return turns[0]!.items.find((item): item is PermissionItem => item.is === 'permission' && item.requestId === requestId)!.answer
}
/** What the agent is told. */
async function told(chatId: ChatId, requestId: RequestId) {
  const [lease] = await renew(nodeId, [{ chatId, epoch: 1 }])
  return lease!.commands.flatMap((each) => (each.kind === 'permission' && each.requestId === requestId ? [each.optionId] : []))
}
const overdue = (requestId: RequestId) =>
  pool().query(`update permission_question set "deadlineAt" = now() - interval '1 second' where "requestId" = $1`, [requestId])

it('asks a person while the project has no rule', async () => {
  const requestId = await ask('ls')
  await answerUnasked()
  expect(await outcomeOf(requestId)).toEqual({ is: 'open' })
  // A rule that comes later says nothing of what was asked before.
  await setRules(project, { rules: [allow('*')], deadlineMinutes: 60 })
  await answerUnasked()
  expect(await outcomeOf(requestId)).toEqual({ is: 'open' })
  await answerPermission(chat, { requestId, optionId: 'allow_once' })
})

it('answers by a rule, which the log names, and whoever is late hears of it', async () => {
  await setRules(project, { rules: [allow('npm test*'), deny('rm *')], deadlineMinutes: 60 })
  const [yes, no, open] = [await ask('npm test -- a'), await ask('cd x && rm -rf .'), await ask('npm test; curl evil')]
  await answerUnasked()
  expect(await outcomeOf(yes)).toMatchObject({ is: 'answered', by: null, rule: 'allow execute npm test*', optionId: 'allow_once' })
  expect(await outcomeOf(no)).toMatchObject({ is: 'answered', by: null, rule: 'deny execute rm *', optionId: 'reject_once' })
  expect(await outcomeOf(open)).toEqual({ is: 'open' })
  expect([await told(chat.chatId, yes), await told(chat.chatId, no), await told(chat.chatId, open)]).toEqual([
    ['allow_once'],
    ['reject_once'],
    [],
  ])
  await expect(answerPermission(chat, { requestId: no, optionId: 'allow_once' })).rejects.toMatchObject({
    code: 'permission.already-answered',
    facts: { rule: 'deny execute rm *' },
  })
  await answerPermission(chat, { requestId: open, optionId: 'reject_once' })
})

it('says no once the time is over, also after a restart, and then it is too late', async () => {
  await setRules(project, { rules: [], deadlineMinutes: 5 })
  const [requestId, without] = [await ask('make'), await ask('make all', ['allow_once'])]
  const { rows } = await pool().query(
    `select "deadlineAt" - now() between '4 minutes' and '5 minutes' as "isSoon" from permission_question where "requestId" = $1`,
    [requestId],
  )
  expect(rows).toEqual([{ isSoon: true }])
  await answerUnasked()
  await overdue(requestId)
  await overdue(without)
  // Nothing but the database knows of them.
  const stop = startQuestionDesk()
  await expect.poll(() => outcomeOf(without), { timeout: 10_000 }).toMatchObject({ is: 'closed', reason: 'expired' })
  await stop()
  expect(await outcomeOf(requestId)).toMatchObject({ is: 'closed', reason: 'expired' })
  expect([await told(chat.chatId, requestId), await told(chat.chatId, without)]).toEqual([['reject_once'], [null]])
  await expect(answerPermission(chat, { requestId, optionId: 'allow_once' })).rejects.toMatchObject({ code: 'permission.missing' })
})

it('is told of as soon as something is asked', async () => {
  await setRules(project, { rules: [allow('date')], deadlineMinutes: 60 })
  const stop = startQuestionDesk()
  const requestId = await ask('date')
  await expect.poll(() => outcomeOf(requestId), { timeout: 3_000 }).toMatchObject({ is: 'answered', by: null })
  await stop()
})

const form = {
  mode: 'form' as const,
  fields: ['colour', 'password'].map((name) => ({
    type: 'text' as const,
    name,
    title: name,
    description: null,
    isRequired: false,
    isSecret: name === 'password',
    format: null,
    minLength: null,
    maxLength: 10,
    initial: null,
  })),
}
/** An agent asks what only people know. */
async function elicit(): Promise<RequestId> {
  const requestId = randomUUID() as RequestId
  await append({ type: 'elicitation.requested', requestId, turnId, toolCallId: null, message: 'Which?', form })
  return requestId
}
const itemOf = async (requestId: RequestId) =>
  foldAll(emptyChat, (await readEvents(chat, { afterSeq: 0, limit: 1_000 })).events)
    .turns.flatMap((turn) => turn.items)
    .find((item): item is ElicitationItem => item.is === 'elicitation' && item.requestId === requestId)!
const toldOf = async (requestId: RequestId) => {
  const [lease] = await renew(nodeId, [{ chatId: chat.chatId, epoch: 1 }])
  return lease!.commands.flatMap((each) =>
    each.kind === 'elicitation' && each.requestId === requestId ? [[each.action, each.answers]] : [],
  )
}

it('passes on what the first person says, of many at once, and tells the others who that was', async () => {
  const requestId = await elicit()
  const colours = ['red', 'green', 'blue', 'black']
  const people = await Promise.all(colours.map(() => seedTeamScope({ teamId: ada.teamId })))
  const outcomes = await Promise.allSettled(
    people.map(async (person, at) => {
      const own = await enterChat(person, { act: 'prompt', chatId: chat.chatId })
      await answerElicitation(own, { requestId, action: 'accept', answers: { colour: colours[at]! } })
      return at
    }),
  )
  const won = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  expect(won).toHaveLength(1)
  const winner = people[won[0]!]!.userId
  for (const each of outcomes) {
    if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'permission.already-answered', facts: { by: winner } })
  }
  expect((await itemOf(requestId)).answer).toMatchObject({
    is: 'answered',
    by: winner,
    action: 'accept',
    answers: { colour: colours[won[0]!] },
  })
  expect(await toldOf(requestId)).toEqual([['accept', { colour: colours[won[0]!] }]])
})

it('refuses what is not as the form wants it, and the question stays open, with its time', async () => {
  await setRules(project, { rules: [allow('*')], deadlineMinutes: 5 })
  const requestId = await elicit()
  await expect(answerElicitation(chat, { requestId, action: 'accept', answers: { colour: 'far too long for it' } })).rejects.toMatchObject({
    code: 'elicitation.invalid',
    facts: { fields: ['colour'] },
  })
  await answerUnasked()
  expect((await itemOf(requestId)).answer).toEqual({ is: 'open' })
  const deadline = (await readDeadlines(chat)).find((each) => each.requestId === requestId)?.deadlineAt
  expect(Date.parse(deadline!) - Date.now()).toBeGreaterThan(4 * 60_000)
  await overdue(requestId)
  const stop = startQuestionDesk()
  await expect.poll(async () => (await itemOf(requestId)).answer, { timeout: 10_000 }).toMatchObject({ is: 'closed', reason: 'expired' })
  await stop()
  expect(await toldOf(requestId)).toEqual([['cancel', {}]])
  await expect(answerElicitation(chat, { requestId, action: 'accept', answers: {} })).rejects.toMatchObject({ code: 'permission.missing' })
})

it('writes no secret into the log, and keeps none beside it once the turn is over', async () => {
  const requestId = await elicit()
  await answerElicitation(chat, { requestId, action: 'accept', answers: { password: 'hunter2' } })
  expect(await toldOf(requestId)).toEqual([['accept', { password: 'hunter2' }]])
  expect((await itemOf(requestId)).answer).toMatchObject({ answers: { password: MASKED } })
  const inLog = await pool().query(`select 1 from chat_event where payload::text like '%hunter2%'`)
  expect(inLog.rowCount).toBe(0)
  const open = await elicit()
  await append({ type: 'turn.ended', turnId, outcome: 'completed', stopReason: 'end_turn' })
  const beside = await pool().query(`select 1 from command where body::text like '%hunter2%'`)
  expect(beside.rowCount).toBe(0)
  expect((await itemOf(open)).answer).toMatchObject({ is: 'closed', reason: 'turn-ended' })
  expect(await readDeadlines(chat)).toEqual([])
})

it('closes what a lost daemon had asked', async () => {
  turnId = randomUUID() as TurnId
  await sendPrompt(chat, { turnId, prompt: [{ type: 'text', text: 'again' }] })
  await append({ type: 'turn.accepted', turnId })
  const requestId = await elicit()
  await pool().query('update chat_head set "leaseUntil" = now() - interval \'1 minute\' where "chatId" = $1', [chat.chatId])
  await endSilentLeases(1)
  expect((await itemOf(requestId)).answer).toMatchObject({ is: 'closed', reason: 'agent-lost' })
  await expect(answerElicitation(chat, { requestId, action: 'decline', answers: {} })).rejects.toMatchObject({ code: 'permission.missing' })
})

it('keeps rules for each project, and tells who changed them', async () => {
  const rules = [allow('npm *')]
  await setRules(project, { rules, deadlineMinutes: 30 })
  expect(await readRules(project)).toEqual({ rules, deadlineMinutes: 30 })
  const other = await enterProject(ada, { act: 'read', projectId: await seedProject(ada) })
  expect(await readRules(other)).toEqual({ rules: [], deadlineMinutes: 1440 })
  const entries = await prisma().auditEntry.findMany({
    where: { subjectId: project.projectId, act: 'project.rules-changed' },
    orderBy: { seq: 'asc' },
  })
  expect(entries.at(-1)).toMatchObject({ actorId: ada.userId, facts: { allow: 1, ask: 0, deny: 0, deadlineMinutes: 30 } })
})
