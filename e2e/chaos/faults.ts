/** What is done to a world while people work in it. Each fault undoes itself, and says what it touched and for how long. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster, Node, WebServer } from '#e2e/chaos/cluster.ts'
import type { Fault } from '#e2e/chaos/evidence.ts'
import type { Random } from '#e2e/chaos/random.ts'
import type { Watcher } from '#e2e/chaos/watcher.ts'

export type World = { cluster: Cluster; watchers: readonly Watcher[]; random: Random }

/** Longer than a lease and the grace after it, both as `edits.ts` has them: whoever wakes up has lost everything. */
const LONGER_THAN_A_LEASE_MS = 9_500

/** Parts that a fault holds: two faults at once never hold the same. */
type Act = { holds: readonly object[]; touches: readonly string[]; run: () => Promise<void> }

const everybody = (cluster: Cluster): string[] => [...cluster.servers, ...cluster.nodes].map((each) => each.name)

const kinds = {
  'kill server': ({ cluster, random }: World) => killServers(cluster, [random.pick(cluster.servers)], random.between(200, 1_500)),
  'kill both servers': ({ cluster, random }: World) => killServers(cluster, cluster.servers, random.between(200, 1_000)),
  'pause server': ({ cluster, random }: World) => {
    const server = random.pick(cluster.servers)
    return { holds: [server], touches: everybody(cluster), run: () => stopFor(cluster, server, random.between(1_500, 5_000)) }
  },
  'kill daemon': ({ cluster, random }: World) => killDaemons(cluster, [random.pick(cluster.nodes)], random.between(0, 800)),
  'kill both daemons and both servers': ({ cluster, random }: World): Act => {
    const [servers, nodes] = [killServers(cluster, cluster.servers, random.between(100, 800)), killDaemons(cluster, cluster.nodes, 100)]
    return {
      holds: [...servers.holds, ...nodes.holds],
      touches: everybody(cluster),
      run: async () => void (await Promise.all([servers.run(), nodes.run()])),
    }
  },
  'freeze daemon beyond its lease': ({ cluster, random }: World) => {
    const node = random.pick(cluster.nodes)
    return { holds: [node], touches: [node.name], run: () => stopFor(cluster, node, LONGER_THAN_A_LEASE_MS + random.between(0, 2_000)) }
  },
  'pause daemon': ({ cluster, random }: World) => {
    const node = random.pick(cluster.nodes)
    return { holds: [node], touches: [node.name], run: () => stopFor(cluster, node, random.between(300, 3_000)) }
  },
  /** Everything that the daemon has not delivered by then is on its disk or lost. */
  'kill daemon behind a silent line': ({ cluster, random }: World) => {
    const node = random.pick(cluster.nodes)
    const run = async (): Promise<void> => {
      node.link.silence()
      await pause(3_000)
      await cluster.kill(node)
      node.link.cut()
      node.link.resume()
      cluster.startDaemon(node)
    }
    return { holds: [node, node.link], touches: [node.name], run }
  },
  /** One after the other, as a new version comes: nobody notices. */
  'drain server': ({ cluster, random }: World) => {
    const server = random.pick(cluster.servers)
    const run = async (): Promise<void> => {
      await cluster.stop(server)
      await cluster.startServer(server)
    }
    return { holds: cluster.servers, touches: [], run }
  },
  'drain daemon': ({ cluster, random }: World) => {
    const node = random.pick(cluster.nodes)
    const run = async (): Promise<void> => {
      await cluster.stop(node)
      cluster.startDaemon(node)
    }
    return { holds: [node], touches: [node.name], run }
  },
  'disk full': ({ cluster, random }: World) => {
    const node = random.pick(cluster.nodes)
    const run = async (): Promise<void> => {
      cluster.setDiskFull(node, true)
      await pause(random.between(500, 3_000))
      cluster.setDiskFull(node, false)
    }
    return { holds: [node], touches: [node.name], run }
  },
  'renew logs': ({ cluster, random }: World) => ({
    holds: [cluster.postgres, ...cluster.servers],
    touches: everybody(cluster),
    run: () => cluster.renewLogs(random.pick(cluster.servers)),
  }),
  'kill agent': ({ cluster, random }: World) => {
    const node = random.pick(cluster.nodes)
    return {
      holds: [{}],
      touches: [node.name],
      run: async () => {
        const agents = cluster.agentsOf(node)
        if (agents.length > 0) kill(random.pick(agents))
      },
    }
  },
  'kill PostgreSQL': ({ cluster }: World) => endPostgres(cluster, 'SIGKILL'),
  'restart PostgreSQL': ({ cluster }: World) => endPostgres(cluster, 'SIGINT'),
  'cut node': ({ cluster, random }: World) => {
    const node = random.pick(cluster.nodes)
    return { holds: [node.link], touches: [node.name], run: async () => node.link.cut() }
  },
  'silence node': ({ cluster, random }: World) => {
    const node = random.pick(cluster.nodes)
    return { holds: [node.link], touches: [node.name], run: () => silenceFor(node.link, random.between(500, 8_000), true) }
  },
  'cut watchers': ({ watchers }: World) => ({
    holds: [{}],
    touches: [],
    run: async () => {
      for (const { link } of watchers) link.cut()
    },
  }),
  'silence watcher': ({ watchers, random }: World) => {
    const { link } = random.pick(watchers)
    return { holds: [link], touches: [], run: () => silenceFor(link, random.between(500, 6_000), true) }
  },
  'watcher sleeps': ({ watchers, random }: World) => sleep(random.pick(watchers), random.between(500, 5_000)),
  /** Until its server has given it up, and for a while more. */
  'watcher sleeps long': ({ watchers, random }: World) => sleep(random.pick(watchers), random.between(8_000, 15_000)),
} as const satisfies Record<string, (world: World) => Act>

export type FaultKind = keyof typeof kinds
export const faultKinds = Object.keys(kinds) as FaultKind[]

export class Faults {
  readonly #world: World
  readonly #held = new Set<object>()
  readonly #running = new Set<Promise<void>>()
  readonly done: Fault[] = []

  constructor(world: World) {
    this.#world = world
  }

  /** Begins one; null when what it would hold is already in trouble. */
  begin(kind: FaultKind): Promise<void> | null {
    const act: Act = kinds[kind](this.#world)
    if (act.holds.some((each) => this.#held.has(each))) return null
    for (const each of act.holds) this.#held.add(each)
    const fault: Fault = { kind, touches: act.touches, fromMs: Date.now(), untilMs: Number.POSITIVE_INFINITY }
    this.done.push(fault)
    const work = act.run().finally(() => {
      fault.untilMs = Date.now()
      for (const each of act.holds) this.#held.delete(each)
      this.#running.delete(work)
    })
    this.#running.add(work)
    return work
  }

  /** One after the other, and some at once, until it is told to stop; resolves when all are undone. */
  async work(chosen: readonly FaultKind[], { pauseMs, over }: { pauseMs: readonly [number, number]; over: AbortSignal }): Promise<void> {
    const { random } = this.#world
    while (!over.aborted) {
      await pause(random.between(...pauseMs), undefined, { signal: over }).catch(() => {})
      if (!over.aborted) void this.begin(random.pick(chosen))
    }
    await Promise.all(this.#running)
  }
}

function killServers(cluster: Cluster, servers: readonly WebServer[], awayMs: number): Act {
  const run = async (): Promise<void> => {
    await Promise.all(servers.map((server) => cluster.kill(server)))
    await pause(awayMs)
    await Promise.all(servers.map((server) => cluster.startServer(server)))
  }
  return { holds: servers, touches: everybody(cluster), run }
}

function killDaemons(cluster: Cluster, nodes: readonly Node[], awayMs: number): Act {
  const run = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => cluster.kill(node)))
    await pause(awayMs)
    for (const node of nodes) cluster.startDaemon(node)
  }
  return { holds: nodes, touches: nodes.map((node) => node.name), run }
}

const endPostgres = (cluster: Cluster, signal: 'SIGKILL' | 'SIGINT'): Act => ({
  holds: [cluster.postgres],
  touches: everybody(cluster),
  run: () => cluster.endPostgres(signal),
})

const sleep = (watcher: Watcher, ms: number): Act => ({
  holds: [watcher.link],
  touches: [],
  run: async () => {
    await silenceFor(watcher.link, ms, false)
    watcher.wake()
  },
})

async function stopFor(cluster: Cluster, part: WebServer | Node, ms: number): Promise<void> {
  cluster.pause(part)
  await pause(ms)
  cluster.wake(part)
}

/** @param isBroken the line is dead afterwards, and was not only slow */
async function silenceFor(link: Node['link'], ms: number, isBroken: boolean): Promise<void> {
  link.silence()
  await pause(ms)
  if (isBroken) link.cut()
  link.resume()
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself meanwhile.
  }
}
