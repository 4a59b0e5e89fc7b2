/**
 * The daemon of this machine, which the server joins and starts by itself. It gets its
 * node token in a file that only we can read, and an environment without a secret.
 * The daemon itself: `agent/main.ts`, another program that only speaks to us by socket.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { KeptChild } from '#server/child.ts'
import { ensureLocalNode } from '#server/daemons/service.ts'
import { pool } from '#server/db/client.ts'
import { mintToken } from '#server/db/mint.ts'
import type { Env } from '#server/env.ts'

const root = resolve(import.meta.dirname, '..')
const program = join(root, 'agent/main.ts')
/** Agents get this long to end their work; what they have not delivered stays in the outbox. */
const PATIENCE_MS = 10_000

/** Passed on when set: how the machine is, and switches that hold no secret. */
const PASSED_ON =
  'PATH HOME USER LANG LC_ALL TZ TMPDIR NODE_ENV SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS npm_config_registry GATEHOUSE_LOG GATEHOUSE_TESTING GATEHOUSE_TEST_VENDORS GATEHOUSE_TEST_CA GATEHOUSE_UNSAFE_NO_SANDBOX GATEHOUSE_IDLE_STOP_MS GATEHOUSE_CANCEL_GRACE_MS GATEHOUSE_CAPACITY'.split(
    ' ',
  )

/** What a daemon reads at its start, in `${home}/node/identity.json`: where the server is and who it is there. */
export type NodeIdentity = { url: string; token: string; nodeId: string; name: string }

export const identityFile = (home: string): string => join(home, 'node/identity.json')

/** Replaces the file whole: it is private from its first byte on. */
export function writeIdentity(home: string, identity: NodeIdentity): void {
  mkdirSync(join(home, 'node'), { recursive: true, mode: 0o711 })
  rmSync(identityFile(home), { force: true })
  writeFileSync(identityFile(home), JSON.stringify(identity), { mode: 0o600, flag: 'wx' })
}

export function readIdentity(home: string): NodeIdentity | null {
  return existsSync(identityFile(home)) ? (JSON.parse(readFileSync(identityFile(home), 'utf8')) as NodeIdentity) : null
}

/** The whole environment of a daemon. */
export function daemonEnvironment({
  home,
  url,
  harnessDir,
  proxyPort,
}: Pick<Env, 'home' | 'url' | 'harnessDir' | 'proxyPort'>): Record<string, string> {
  return {
    ...Object.fromEntries(PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))),
    GATEHOUSE_HOME: home,
    GATEHOUSE_URL: url,
    GATEHOUSE_HARNESS_DIR: harnessDir,
    ...(proxyPort === null ? {} : { GATEHOUSE_PROXY_URL: `http://127.0.0.1:${proxyPort}` }),
  }
}

export const daemonProgram = program

/** Joins this machine as a node and keeps its daemon running. `isLinked` says whether it has spoken to a server since. */
export async function startLocalDaemon(env: Env): Promise<{ child: KeptChild; isLinked: () => Promise<boolean> }> {
  const { home, localUrl } = env
  // Whoever still runs under the token of an earlier start is refused from here on.
  const { token, hash } = mintToken('ndt')
  const name = hostname() || 'This machine'
  const nodeId = await ensureLocalNode({ name, tokenHash: hash })
  writeIdentity(home, { url: localUrl, token, nodeId, name })
  const startedAt = new Date()
  const child = new KeptChild({
    name: 'daemon',
    file: program,
    cwd: root,
    patienceMs: PATIENCE_MS,
    env: daemonEnvironment({ ...env, url: localUrl }),
    pidFile: join(home, 'node/daemon.pid'),
  })
  await child.start()
  return {
    child,
    isLinked: async () => {
      const { rowCount } = await pool().query('select from node where id = $1 and "isConnected" and "lastSeenAt" >= $2', [
        nodeId,
        startedAt,
      ])
      return rowCount === 1
    },
  }
}

/** The proxy in a process of its own. It holds provider keys in memory, so unlike the daemon it gets what opens them. */
export async function startProxyProcess(env: Env, databaseUrl: string): Promise<KeptChild> {
  const child = new KeptChild({
    name: 'proxy',
    file: join(root, 'server/proxy/main.ts'),
    cwd: root,
    patienceMs: 15_000,
    pidFile: join(env.home, 'proxy.pid'),
    env: {
      ...daemonEnvironment({ ...env, url: env.url }),
      DATABASE_URL: databaseUrl,
      GATEHOUSE_PROXY_PORT: String(env.proxyPort),
      HOST: env.host,
      GATEHOUSE_PRIVATE_UPSTREAMS: env.privateUpstreams.join(','),
      ...(env.redisUrl === null ? {} : { REDIS_URL: env.redisUrl }),
      ...(env.masterKey === null ? {} : { GATEHOUSE_MASTER_KEY: env.masterKey }),
    },
  })
  await child.start()
  return child
}
