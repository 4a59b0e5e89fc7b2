/** Many chats on one node: real agents, and an in-memory server for each chat. */
import { afterEach, beforeAll, expect, it, vi } from 'vitest'
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
afterEach(async () => {
  await leases.drain()
  await world.end()
}, 60_000)

/** One server of many chats: what names a chat goes to that chat's own. */
function serverOf(chats: readonly FakeServer[]) {
  const claims: number[] = []
  async function call(name: DaemonCall, request: unknown): Promise<unknown> {
    if (name === 'claim') {
      const { max } = request as CallRequest<'claim'>
      claims.push(max)
      const waiting = chats.filter((each) => each.isWaiting())
      return { leases: waiting.slice(0, max).map((each) => each.lease()), waiting: waiting.slice(max).length }
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
  return { claims, call: call as Call }
}

it(
  'lets warm agents rest on a full node, and gives up the one that rested longest for a chat that waits',
  { timeout: 60_000 },
  async () => {
    const chats = [fakeServer(() => ({})), fakeServer(() => ({})), fakeServer(() => ({}))] as const
    const [first, second, third] = chats
    const { claims, call } = serverOf(chats)
    const { surroundings, outboxRoot } = world
    leases = holdLeases({
      uplink: { call, tryCall: call },
      outboxRoot,
      capacity: 2,
      isReady: () => true,
      onChange: () => {},
      nodeId: first.nodeId,
      surroundings,
      leftLogins: world.leftLogins(first),
      idleStopMs: 60_000,
      cancelGraceMs: 5_000,
    })
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
