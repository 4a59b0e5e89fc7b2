/**
 * The processes of a run: one PostgreSQL, two servers on it, two nodes with a daemon each. All are the product's own,
 * loaded with the edits of `edits.ts`; the daemons reach the servers through links. Every process can be killed,
 * stopped like a machine that swaps, and started again.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { enrol } from '#agent/identity.ts'
import { startPostgres, type EmbeddedPostgres } from '#server/db/postgres.ts'
import type { Mutation } from '#e2e/chaos/edits.ts'
import { Link } from '#e2e/chaos/link.ts'
import { writeLosses, type Losses } from '#e2e/chaos/losses.ts'
import { openPool } from '#e2e/chaos/observer.ts'
import { processesOf } from '#e2e/world/processes.ts'
import { freePort, root, worldEnvironment } from '#e2e/world/server.ts'
import { until } from '#e2e/world/wait.ts'
import { runGatehouse } from '#e2e/world/world.ts'

export type Part = { readonly name: string; child: ChildProcess | null; isStopped: boolean }
export type WebServer = Part & { readonly port: number; readonly home: string }
export type Node = Part & { readonly home: string; readonly link: Link; nodeId: string }

export type ClusterOptions = { home: string; seed: string; mutation: Mutation | null; privateUpstreams: string }

const preload = pathToFileURL(join(root, 'e2e/chaos/preload.ts')).href

export class Cluster {
  readonly #options: ClusterOptions
  readonly #masterKey = randomBytes(32).toString('base64')
  readonly servers: readonly WebServer[]
  readonly nodes: readonly Node[]
  readonly postgres: EmbeddedPostgres

  private constructor(options: ClusterOptions, parts: { servers: WebServer[]; nodes: Node[]; postgres: EmbeddedPostgres }) {
    this.#options = options
    this.servers = parts.servers
    this.nodes = parts.nodes
    this.postgres = parts.postgres
  }

  /** The database runs; servers and daemons are started by the caller, when people and nodes are known. */
  static async open(options: ClusterOptions): Promise<Cluster> {
    const { home } = options
    const postgresHome = join(home, 'database')
    mkdirSync(postgresHome, { mode: 0o711 })
    const postgres = await startPostgres({ home: postgresHome })
    const servers: WebServer[] = []
    for (const name of ['server-1', 'server-2']) {
      servers.push({ name, port: await freePort(), home: join(home, name), child: null, isStopped: false })
    }
    const nodes: Node[] = []
    for (const [at, name] of ['node-1', 'node-2'].entries()) {
      const link = await Link.open(() => portsFrom(servers, at))
      nodes.push({ name, home: join(home, name), link, nodeId: '', child: null, isStopped: false })
    }
    const cluster = new Cluster(options, { servers, nodes, postgres })
    // It is detached from us, and would outlive a Ctrl-C.
    process.once('exit', cluster.#endPostgresWithUs)
    cluster.lose({})
    return cluster
  }

  /** A way to the servers, which tries the one of this number first. */
  openLink(at: number): Promise<Link> {
    return Link.open(() => portsFrom(this.servers, at))
  }

  lose(losses: Losses): void {
    writeLosses(join(this.#options.home, 'losses.json'), losses)
  }

  environment(part: { home: string; port?: number }, more: Record<string, string> = {}): Record<string, string> {
    const { home, seed, mutation, privateUpstreams } = this.#options
    return worldEnvironment({
      home: part.home,
      port: part.port ?? 0,
      env: {
        DATABASE_URL: this.postgres.url,
        GATEHOUSE_MASTER_KEY: this.#masterKey,
        GATEHOUSE_PRIVATE_UPSTREAMS: privateUpstreams,
        GATEHOUSE_LOG: 'info',
        GATEHOUSE_CAPACITY: '8',
        GATEHOUSE_KEEP_EVENTS_DAYS: '1',
        CHAOS_LOSSES: join(home, 'losses.json'),
        CHAOS_SEED: `${seed}/${part.home}`,
        ...(mutation && { CHAOS_MUTATION: mutation }),
        ...more,
      },
    }) as Record<string, string>
  }

  /** As whoever looks after a server does: one that could not start, since its database was away, is started again. */
  async startServer(server: WebServer): Promise<void> {
    await until(
      async () => {
        if (!server.child) this.#launch(server, 'server/testing-main.ts', this.environment(server))
        return (await fetch(`http://127.0.0.1:${server.port}/api/health`).catch(() => null))?.ok
      },
      { what: `${server.name} is ready`, withinMs: 90_000, describe: () => readFileSync(`${server.home}.log`, 'utf8').slice(-4_000) },
    )
  }

  startDaemon(node: Node): void {
    const own = { CHAOS_CLOCK: 'jumps', CHAOS_DISK_FULL: fullFileOf(node) }
    const { DATABASE_URL: _, GATEHOUSE_MASTER_KEY: __, ...environment } = this.environment(node, own)
    this.#launch(node, 'agent/main.ts', environment)
  }

  /** As `gatehouse node join` does, with what the API gave. */
  async join(node: Node, token: string): Promise<void> {
    mkdirSync(node.home, { recursive: true, mode: 0o711 })
    node.nodeId = (await enrol({ home: node.home, url: node.link.url, token })).nodeId
  }

  /** Ends a part as a power cut would; its children find out by themselves. */
  async kill(part: Part): Promise<void> {
    const { child } = part
    if (!child) return
    const gone = once(child, 'close')
    child.kill('SIGKILL')
    await gone
  }

  /** Ends a part as its owner does; resolves when it has gone. */
  async stop(part: Part): Promise<void> {
    const { child } = part
    if (!child) return
    const gone = once(child, 'close')
    child.kill('SIGTERM')
    await gone
  }

  /** As whoever puts the database back: browsers and daemons are told that they know another history. */
  async renewLogs(server: WebServer): Promise<void> {
    await runGatehouse({ home: server.home, port: server.port, env: this.environment(server) }, 'restored')
  }

  setDiskFull(node: Node, isFull: boolean): void {
    if (isFull) writeFileSync(fullFileOf(node), '')
    else rmSync(fullFileOf(node), { force: true })
  }

  pause(part: Part): void {
    part.isStopped = part.child?.kill('SIGSTOP') ?? false
  }
  wake(part: Part): void {
    if (part.isStopped) part.child?.kill('SIGCONT')
    part.isStopped = false
  }

  /** Ends it, cleanly or not; resolves when its watch has brought it back. */
  async endPostgres(signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
    const before = this.#postmaster()
    if (before === null) return
    process.kill(before, signal)
    await until(
      async () => {
        const pool = openPool(this.postgres.url)
        const answers = await pool.query('select 1').then(
          () => true,
          () => false,
        )
        await pool.end()
        return answers && this.#postmaster() !== before
      },
      { what: 'the database is back', withinMs: 60_000 },
    )
  }

  #postmaster(): number | null {
    const file = join(this.#options.home, 'database/postgres/data/postmaster.pid')
    return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : null
  }

  /** Agents of a node that run now, by their processes' ids. */
  agentsOf(node: Node): number[] {
    return processesOf(node.home)
      .filter(({ command }) => command.includes('scripted-agent.ts') && !/bwrap|bubblewrap/.test(command.split(' ')[0]!))
      .map(({ pid }) => pid)
  }

  async close(): Promise<void> {
    for (const part of [...this.nodes, ...this.servers]) {
      this.wake(part)
      await this.kill(part)
    }
    for (const { link } of this.nodes) link.close()
    await this.postgres.stop()
    process.off('exit', this.#endPostgresWithUs)
  }

  readonly #endPostgresWithUs = (): void => {
    const postmaster = this.#postmaster()
    if (postmaster !== null) process.kill(postmaster, 'SIGQUIT')
  }

  #launch(part: Part & { home: string }, entry: string, environment: Record<string, string>): void {
    mkdirSync(part.home, { recursive: true, mode: 0o711 })
    const output = openSync(`${part.home}.log`, 'a')
    // The pipe is how a daemon notices that nobody is left to end it.
    const child = spawn(process.execPath, ['--import', preload, entry], {
      cwd: root,
      env: environment as NodeJS.Dict<string> as NodeJS.ProcessEnv,
      stdio: ['pipe', output, output],
      detached: true,
    })
    closeSync(output)
    part.child = child
    part.isStopped = false
    const endWithUs = () => void child.kill('SIGKILL')
    process.once('exit', endWithUs)
    child.once('close', () => {
      process.off('exit', endWithUs)
      if (part.child === child) part.child = null
    })
  }
}

const fullFileOf = (node: Node): string => `${node.home}.full`

const portsFrom = (servers: readonly WebServer[], at: number): number[] => {
  const first = at % servers.length
  return [...servers.slice(first), ...servers.slice(0, first)].map((server) => server.port)
}
