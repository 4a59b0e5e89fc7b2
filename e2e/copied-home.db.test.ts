/** A home that was copied, seen by the server and by the daemon's own uplink. Every other order: `server/daemons/identity.db.test.ts`. */
import { randomUUID } from 'node:crypto'
import { expect, it, vi } from 'vitest'
import { openUplink } from '#agent/uplink.ts'
import { createJoinToken } from '#server/daemons/service.ts'
import { openSocketServer, TestDaemon, usualHello } from '#server/daemons/testing.ts'
import { enrol, nextBoot, proofOf } from '#server/daemons/testing-nodes.ts'
import { pool } from '#server/db/client.ts'
import { seedTeamScope } from '#server/db/testing.ts'

/** Slow enough that whoever is refused meanwhile has hung up before it could be asked. */
vi.mock('#server/daemons/identity-store.ts', async (original) => {
  const store = await original<typeof import('#server/daemons/identity-store.ts')>()
  return {
    ...store,
    isNewestConnection: async (...of: Parameters<typeof store.isNewestConnection>) => {
      await pool().query('select pg_sleep(0.3)')
      return store.isNewestConnection(...of)
    },
  }
})

it('is noticed at its first greeting, by a daemon that hangs up on a refusal', async () => {
  const server = await openSocketServer()
  const { nodeId } = await enrol((await createJoinToken(await seedTeamScope(), { name: 'attic' })).token)
  const boot = nextBoot()
  const original = await TestDaemon.join(server.url, { nodeId, boot })
  const copied = { id: randomUUID(), count: boot.count }
  const refused = Promise.withResolvers<{ code: string; greetings: number }>()
  let greetings = 0
  const copy = openUplink({
    url: server.url,
    hello: (nonce) => {
      greetings += 1
      if (greetings > 3) refused.reject(new Error('greeted again and again, and nobody noticed'))
      return { ...usualHello, proof: proofOf(nodeId, { nonce, boot: { ...copied, greeting: greetings } }) }
    },
    onGreeted: () => refused.reject(new Error('greeted')),
    onRefused: (code) => refused.resolve({ code, greetings }),
    onHint: () => {},
  })
  try {
    expect(await refused.promise).toEqual({ code: 'identity-cloned', greetings: 2 })
  } finally {
    copy.close()
    original.close()
    await server.close()
  }
})
