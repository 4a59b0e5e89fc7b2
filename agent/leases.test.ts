/** Many chats on one node: real agents, and an in-memory server for each chat. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import type { CallReply, CallRequest, DaemonCall } from '#core/links/daemon.ts'
import { holdLeases, type Leases } from '#agent/leases.ts'
import { fakeServer, type FakeServer } from '#agent/testing/fake-server.ts'
import { openWorld, type World } from '#agent/testing/world.ts'
import type { Call } from '#agent/uplink.ts'

let world: World
let leases: Leases
beforeAll(async () => {
  world = await openWorld()
}, 120_000)
afterEach(() => leases.drain(), 60_000)
afterAll(() => world.end())

/** One server of many chats: what names a chat goes to that chat's own. */
function serverOf(chats: readonly FakeServer[]) {
  const claims: number[] = []
  const node = { isDraining: false }
  async function call(name: DaemonCall, request: unknown): Promise<unknown> {
    if (name === 'claim') {
      const { max } = request as CallRequest<'claim'>
      claims.push(max)
      const waiting = node.isDraining ? [] : chats.filter((each) => each.isWaiting())
      return { leases: waiting.slice(0, max).map((each) => each.lease()), waiting: waiting.slice(max).length, ...node }
    }
    if (name === 'renew') {
      const asked = (request as CallRequest<'renew'>).leases
      const replies = await Promise.all(
        chats.map((each) => each.call('renew', { leases: asked.filter(({ chatId }) => chatId === each.chatId) })),
      )
      return { kept: replies.flatMap((reply: CallReply<'renew'>) => reply.kept) }
    }
    const { chatId } = request as { chatId: string }
    return chats.find((each) => each.chatId === chatId)!.call(name, request as never)
  }
  return { claims, node, call: call as Call }
}

const hold = (call: Call, { nodeId }: FakeServer, surroundings = world.surroundings): Leases =>
  holdLeases({
    uplink: { call, tryCall: call },
    outboxRoot: world.outboxRoot,
    capacity: 2,
    isReady: () => true,
    onChange: () => {},
    nodeId,
    surroundings,
    leftLogins: world.leftLogins(fakeServer(() => ({}))),
    idleStopMs: 60_000,
    cancelGraceMs: 5_000,
  })

it(
  'lets warm agents rest on a full node, and gives up the one that rested longest for a chat that waits',
  { timeout: 60_000 },
  async () => {
    const chats = [fakeServer(() => ({})), fakeServer(() => ({})), fakeServer(() => ({}))] as const
    const [first, second, third] = chats
    const { claims, call } = serverOf(chats)
    leases = hold(call, first)
    for (const each of [first, second]) {
      const turn = each.request('say hello')
      leases.claim()
      await each.ended(turn)
    }
    const asked = claims.length
    leases.claim()
    leases.claim()
    await vi.waitFor(() => expect(claims.length).toBeGreaterThan(asked + 1))
    expect(claims.at(-1)).toBe(0)
    expect(leases.agents().count).toBe(2)

    const turn = third.request('say me too')
    leases.claim()
    leases.claim()
    await third.ended(turn)
    expect(leases.held().map((each) => each.chatId)).toEqual([second.chatId, third.chatId])
    expect(first.facts().at(-1)).toMatchObject({ type: 'run.ended', reason: 'idle' })
    expect(second.facts().some((fact) => fact.type === 'run.ended')).toBe(false)
  },
)

it('lets turns end and warm agents go when its node drains, and takes work again afterwards', { timeout: 60_000 }, async () => {
  const chats = [fakeServer(() => ({})), fakeServer(() => ({}))] as const
  const [warm, working] = chats
  const { node, call } = serverOf(chats)
  leases = hold(call, warm)
  const first = warm.request('say hello')
  leases.claim()
  await warm.ended(first)
  const long = working.request('say begun\nwait-for-file go\nsay done')
  const next = working.request('say next')
  leases.claim()
  await working.until('reply.appended')

  node.isDraining = true
  leases.claim()
  await warm.until('run.ended')
  await vi.waitFor(() => expect(leases.held()).toMatchObject([{ chatId: working.chatId }]))
  writeFileSync(join(world.workdirOf(working), 'go'), '')
  expect(await working.ended(long)).toMatchObject({ outcome: 'completed' })
  await vi.waitFor(() => expect(leases.held()).toEqual([]), 10_000)
  expect(working.facts().some((fact) => fact.type === 'turn.accepted' && fact.turnId === next)).toBe(false)

  node.isDraining = false
  leases.claim()
  expect(await working.ended(next)).toMatchObject({ outcome: 'completed' })
})

it('asks for no chat where nothing can run, whatever the server knows of that by then', async () => {
  const chat = fakeServer(() => ({}))
  const server = serverOf([chat])
  leases = hold(server.call, chat, { ...world.surroundings, sandbox: () => null })
  leases.claim()
  await vi.waitFor(() => expect(server.claims).toEqual([0]))
  expect(leases.held()).toEqual([])
})
