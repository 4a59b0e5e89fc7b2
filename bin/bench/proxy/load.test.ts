/** The generator against servers that behave in known ways. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { runLoad, type Job, type Loaded } from '#bin/bench/proxy/load.ts'

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

type Shape = { load: 'closed'; connections: number } | { load: 'open'; perSecond: number } | { load: 'held'; streams: number }

async function load(listener: RequestListener, shape: Shape, more: Partial<Pick<Job, 'seconds' | 'maxRequests'>> = {}): Promise<Loaded> {
  server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise((resolve) => server!.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  return runLoad({ calls: [{ port, path: '/', headers: {} }], bodies: ['{"a":1}'], seconds: 5, maxRequests: 20, ...shape, ...more })
}

it('asks as often as it may, and counts what was answered', async () => {
  const bodies: number[] = []
  const loaded = await load(
    (req, res) => {
      bodies.push(Number(req.headers['content-length']))
      res.end('four')
    },
    { load: 'closed', connections: 3 },
  )
  expect(loaded).toMatchObject({ answered: 20, failed: 0, firstFailure: null, bodyBytes: 80 })
  expect(bodies).toEqual(Array(20).fill(7))
})

it('takes another status, an empty answer and a broken one for failures', async () => {
  let count = 0
  const loaded = await load(
    (_req, res) => {
      count += 1
      if (count === 1) res.writeHead(500).end('no')
      else if (count === 2) res.end()
      else if (count === 3) res.destroy()
      else res.end('yes')
    },
    { load: 'closed', connections: 1 },
  )
  expect(loaded).toMatchObject({ answered: 17, failed: 3, firstFailure: 'status 500' })
})

it('charges a server that stalls for everybody who came meanwhile', async () => {
  const held: (() => void)[] = []
  const loaded = await load(
    (_req, res) => {
      held.push(() => res.end('late'))
      // Nobody is answered until all ten have come, about a tenth of a second after the first.
      if (held.length === 10) for (const answer of held) answer()
    },
    { load: 'open', perSecond: 100 },
    { maxRequests: 10 },
  )
  expect(loaded).toMatchObject({ answered: 10, failed: 0 })
  expect(loaded.wholeMs.max).toBeGreaterThan(loaded.wholeMs.p50)
  expect(loaded.wholeMs.p50).toBeGreaterThan(10)
})

it('holds streams for as long as it was told, and counts them neither as answered nor as failed', async () => {
  let open = 0
  const loaded = await load(
    (_req, res) => {
      open += 1
      res.write('word')
    },
    { load: 'held', streams: 5 },
    { seconds: 0.3 },
  )
  expect(open).toBe(5)
  expect(loaded).toMatchObject({ answered: 0, failed: 0, bodyBytes: 20 })
})
