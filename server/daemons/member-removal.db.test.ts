/** A member who joined machines goes while daemons deliver: who waits for whom. */
import { beforeAll, expect, it, vi } from 'vitest'
import type { DaemonFact } from '#core/chat/events.ts'
import type { ChatId, MessageId, NodeId, TurnId } from '#core/ids.ts'
import { appendFenced, type FencedBatch } from '#server/chats/append.ts'
import { createJoinToken, endWorkOfMember, listNodes, renewKey } from '#server/daemons/service.ts'
import { enrol } from '#server/daemons/testing-nodes.ts'
import { inTransaction, pool, prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { seedChat, seedProject, seedTeamScope } from '#server/db/testing.ts'
import { onMemberRemoved, remove } from '#server/teams/service.ts'

beforeAll(() => onMemberRemoved(endWorkOfMember))

const waiters = (count: number) =>
  vi.waitFor(
    async () => {
      const { rowCount } = await pool().query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      expect(rowCount).toBe(count)
    },
    { timeout: 10_000 },
  )

const said = (): DaemonFact => ({
  type: 'reply.appended',
  turnId: mintUuid() as TurnId,
  messageId: 'm' as MessageId,
  offset: 0,
  text: 'on we go',
})

it('waits for a delivery of several chats, and the delivery for it, but never both for one another', async () => {
  const admin = await seedTeamScope()
  const mei = await seedTeamScope({ teamId: admin.teamId, role: 'member' })
  const projectId = await seedProject(admin)
  const [hers, elsewhere] = [mintUuid() as NodeId, mintUuid() as NodeId]
  for (const id of [hers, elsewhere]) await prisma().node.create({ data: { id, name: id, joinedBy: id === hers ? mei.userId : null } })
  // A delivery holds chats by their ids, so the one on her machine must be the later of the two.
  const chats = [await seedChat(admin, { projectId }), await seedChat(admin, { projectId })].toSorted() as [ChatId, ChatId]
  const [own, onMachine] = chats
  await prisma().chat.update({ where: { id: own }, data: { createdBy: mei.userId } })
  const place = async (chatId: ChatId, nodeId: NodeId): Promise<FencedBatch> => {
    await prisma().chatHead.update({ where: { chatId }, data: { nodeId, epoch: 1, leaseUntil: new Date(Date.now() + 60_000) } })
    return { chatId, nodeId, epoch: 1, first: 1, facts: [said()] }
  }
  const batches = [await place(own, elsewhere), await place(onMachine, hers)]

  const running: Promise<unknown>[] = []
  await inTransaction(async (tx) => {
    await tx.query('select from chat_head where "chatId" = $1 for update', [own])
    running.push(appendFenced(batches))
    await waiters(1)
    running.push(remove(admin, mei.userId))
    await waiters(2)
  })
  expect(await Promise.all(running)).toEqual([new Set(chats), undefined])
  const { rows } = await pool().query('select head, "nodeId" from chat_head where "chatId" = any($1)', [chats])
  expect(rows).toEqual([
    { head: '1', nodeId: null },
    { head: '1', nodeId: null },
  ])
})

it('takes a machine with whoever last gave it a key, and leaves it to them when whoever joined it goes', async () => {
  const admin = await seedTeamScope()
  const [ada, mei] = [await seedTeamScope({ teamId: admin.teamId }), await seedTeamScope({ teamId: admin.teamId })]
  const { nodeId } = await enrol((await createJoinToken(ada, { name: 'attic' })).token)
  const isThere = async () => (await listNodes(admin)).some((node) => node.nodeId === nodeId)
  const renewed = await renewKey(mei, { nodeId })
  expect((await enrol(renewed!.token)).nodeId).toBe(nodeId)
  await remove(admin, ada.userId)
  expect(await isThere()).toBe(true)
  await remove(admin, mei.userId)
  expect(await isThere()).toBe(false)
})
