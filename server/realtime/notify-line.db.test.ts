import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { databaseUrl, pool } from '#server/db/client.ts'
import type { HintLine } from '#server/realtime/hint-line.ts'
import { openNotifyLine } from '#server/realtime/notify-line.ts'

/** As PostgreSQL says it while it recovers: an ErrorResponse, and then the end of the connection. */
function refusal(): Buffer {
  const fields = Buffer.from('SFATAL\0C57P03\0Mthe database system is starting up\0\0')
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}

/** The database behind a door that refuses the first who knock. */
async function openDoor(refusals: number) {
  const url = new URL(databaseUrl())
  const [port, host] = [Number(url.port), url.hostname]
  const inside = new Set<Socket>()
  let knocks = 0
  const door = createServer((near) => {
    knocks += 1
    near.on('error', () => {})
    if (knocks <= refusals) return near.once('data', () => near.end(refusal()))
    const far = connect(port, host)
    inside.add(near)
    for (const [from, to] of [[near, far] as const, [far, near] as const])
      from
        .on('error', () => {})
        .on('close', () => to.destroy())
        .pipe(to)
    near.on('close', () => inside.delete(near))
  })
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  url.port = String((door.address() as AddressInfo).port)
  return { url: url.href, door, inside, knocks: () => knocks }
}

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

it('comes back with one connection, however often it was refused', async () => {
  const door = await openDoor(2)
  closing.push(() => door.door.close())
  let line!: HintLine
  await new Promise<void>((resolve) => {
    line = openNotifyLine(door.url, { onPayload: () => {}, onUp: resolve })
    closing.push(() => line.close())
  })
  expect(line.isUp()).toBe(true)
  // Longer than it pauses between two tries: whoever would still be knocking has knocked.
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  expect({ knocks: door.knocks(), inside: door.inside.size }).toEqual({ knocks: 3, inside: 1 })
})

it('hears again after its connection broke, and says that it may have missed something', async () => {
  const ups: string[] = []
  const heard = Promise.withResolvers<string>()
  const again = Promise.withResolvers<void>()
  const door = await openDoor(0)
  const line = openNotifyLine(door.url, {
    onPayload: heard.resolve,
    onUp() {
      ups.push('up')
      if (ups.length === 1) for (const socket of door.inside) socket.destroy()
      else again.resolve()
    },
  })
  closing.push(
    () => door.door.close(),
    () => line.close(),
  )
  await again.promise
  await pool().query(`select pg_notify('gatehouse_hints', 'hello')`)
  expect(await heard.promise).toBe('hello')
})
