/** A login whose newest tokens lie on a machine that could not tell them: for whom it is kept, and what ends that. */
import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import type { NodeId, RunId } from '#core/ids.ts'
import { endSilentLeases } from '#server/daemons/lease.ts'
import { createJoinToken, removeNode } from '#server/daemons/service.ts'
import { enrol } from '#server/daemons/testing-nodes.ts'
import { endRun } from '#server/daemons/run-store.ts'
import { describeConnection } from '#server/connections/use-service.ts'
import { listConnections } from '#server/connections/service.ts'
import { pool } from '#server/db/client.ts'
import { findUnreturned, syncLogin, updateReturned } from '#server/logins/service.ts'
import {
  connectLogin,
  handBack,
  prompted,
  running,
  seedLogin,
  start,
  takeAwayAndBringBack,
  type LoginRunning,
  type LoginWorld,
} from '#server/logins/testing.ts'

const file = (access: string): string => JSON.stringify({ anthropic: { type: 'oauth', access, refresh: 'r1', expires: 1 } })
const seed = (): Promise<LoginWorld> => seedLogin('opencode', file('a1'))
const tell = ({ nodeId }: LoginWorld, { chatId, epoch, runId }: LoginRunning, contents: string) =>
  syncLogin(nodeId, { chatId, epoch, runId, contents })
/** The daemon is heard of no more, long enough for its lease to be ended. */
async function fallSilent({ chatId }: LoginRunning): Promise<void> {
  await pool().query(`update chat_head set "leaseUntil" = now() - interval '1 minute' where "chatId" = $1`, [chatId])
  await endSilentLeases(0)
}
const inUse = (nodeName = 'here') => ({ ok: false, code: 'login.in-use', facts: { harness: 'opencode', nodeName } })
const granted = (access: string) => ({ ok: true, grant: { delivery: { via: 'file', contents: file(access) } } })

it('waits for the machine that has the newest of it, and goes on with that', async () => {
  const world = await seed()
  const first = await running(world)
  await fallSilent(first)
  const second = await prompted(world)
  expect(await start(world, second)).toEqual(inUse())
  expect(await tell(world, first, file('a2'))).toEqual({ is: 'kept' })
  expect(await start(world, second)).toEqual(inUse())
  await handBack(world, first)
  expect(await start(world, second)).toMatchObject(granted('a2'))
})

it('waits also while the word about it is "later", and when the end of the run was told', async () => {
  const world = await seed()
  const first = await running(world)
  await pool().query('update credential set "masterVersion" = "masterVersion" + 1000 where id = $1', [world.credentialId])
  expect(await tell(world, first, file('a2'))).toEqual({ is: 'later', code: 'connection.unreadable' })
  await pool().query('update credential set "masterVersion" = "masterVersion" - 1000 where id = $1', [world.credentialId])
  await endRun({ ...world, ...first, keepsLogin: true })
  expect(await start(world, await prompted(world))).toEqual(inUse())
})

it('is given to the chat itself meanwhile, whose machine tells what it left first', async () => {
  const world = await seed()
  const first = await running(world)
  await endRun({ ...world, ...first, keepsLogin: true })
  const again = randomUUID() as RunId
  expect(await start(world, first, again)).toMatchObject(granted('a1'))
  expect(await tell(world, first, file('a2'))).toEqual({ is: 'kept' })
  await handBack(world, first)
  // The same run asks once more, and is the one that has it.
  expect(await start(world, first, again)).toMatchObject(granted('a2'))
  expect(await start(world, await prompted(world))).toEqual({ ok: false, code: 'login.in-use', facts: { harness: 'opencode' } })
})

it('waits on when it was taken away and brought back, since no other tokens stand there', async () => {
  const world = await seed()
  const first = await running(world)
  await fallSilent(first)
  await takeAwayAndBringBack(world)
  expect(await start(world, await prompted(world))).toEqual(inUse())
})

it('is free once its owner has replaced it', async () => {
  const world = await seed()
  await fallSilent(await running(world))
  await connectLogin(world, file('b1'))
  expect(await start(world, await prompted(world))).toMatchObject(granted('b1'))
})

it('is free once the machine is removed', async () => {
  const world = await seed()
  const { token } = await createJoinToken(world.team, { name: 'gone' })
  const { nodeId } = await enrol(token)
  const first = await running({ ...world, nodeId })
  await fallSilent(first)
  const second = await prompted(world)
  expect(await start(world, second)).toEqual(inUse('gone'))
  await removeNode(world.team, { nodeId })
  expect(await start(world, second)).toMatchObject(granted('a1'))
})

it('is free once the chat is gone', async () => {
  const world = await seed()
  const first = await running(world)
  await fallSilent(first)
  await pool().query('delete from chat where id = $1', [first.chatId])
  expect(await start(world, await prompted(world))).toMatchObject(granted('a1'))
})

it('is free once its machine says that it holds nothing of it any more, and for no other machine’s word', async () => {
  const world = await seed()
  const first = await running(world)
  await fallSilent(first)
  const second = await prompted(world)
  await updateReturned(randomUUID() as NodeId, { except: [] })
  await updateReturned(world.nodeId, { except: [first.chatId] })
  expect(await start(world, second)).toEqual(inUse())
  await updateReturned(world.nodeId, { except: [] })
  expect(await start(world, second)).toMatchObject(granted('a1'))
  // A run that lives keeps what it has, whatever its machine said at its greeting.
  await updateReturned(world.nodeId, { except: [] })
  await fallSilent(second as LoginRunning)
  expect(await start(world, await prompted(world))).toEqual(inUse())
})

it('says so in its row, and who holds it up', async () => {
  const world = await seed()
  const first = await running(world)
  const rows = async () => {
    const list = await listConnections(world.team, {})
    return list.flatMap((row) => row.attachments).map(({ connectionId, heldOn }) => ({ connectionId, heldOn }))
  }
  await endRun({ ...world, ...first, keepsLogin: true })
  const [row] = await rows()
  // What comes back in the next moment is nobody's business.
  expect(row?.heldOn).toBeNull()
  await pool().query(`update run set "endedAt" = now() - interval '1 minute' where id = $1`, [first.runId])
  expect(await findUnreturned([world.credentialId])).toEqual(new Map([[world.credentialId, { nodeName: 'here', since: expect.any(Date) }]]))
  const heldOn = { nodeName: 'here', since: expect.any(String) }
  expect(await rows()).toEqual([{ ...row, heldOn }])
  expect(await describeConnection(world.team, row!)).toMatchObject({ heldOn })
  await handBack(world, first)
  expect(await rows()).toEqual([row])
})
