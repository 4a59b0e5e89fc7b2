/**
 * The daemon of this machine, which the server lets join and starts by itself. It enrols like any other, by a token that
 * it finds in a file which only we can read; its environment holds no secret.
 * The daemon itself: `agent/main.ts`, another program that only speaks to us by socket.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { KeptChild } from '#server/child.ts'
import { inviteLocalNode } from '#server/daemons/service.ts'
import { pool } from '#server/db/client.ts'
import type { Env } from '#server/env.ts'

const root = resolve(import.meta.dirname, '..')
const program = join(root, 'agent/main.ts')
/** Agents get this long to end their work; what they have not delivered stays in the outbox. */
const PATIENCE_MS = 10_000

/** Passed on when set: how the machine is, and switches that hold no secret. */
const PASSED_ON =
  'PATH HOME USER LANG LC_ALL TZ TMPDIR NODE_ENV SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS npm_config_registry GATEHOUSE_LOG GATEHOUSE_TESTING GATEHOUSE_TEST_VENDORS GATEHOUSE_TEST_CA GATEHOUSE_UNSAFE_NO_SANDBOX GATEHOUSE_IDLE_STOP_MS GATEHOUSE_CANCEL_GRACE_MS GATEHOUSE_CAPACITY GATEHOUSE_DRAIN_MS'.split(
    ' ',
  )

/** What the daemon's folder says of who it is, without its private key; see `agent/identity.ts`. */
function knownIdentity(home: string): { nodeId: string | null; publicKey: Buffer | null } {
  const file = join(home, 'node/identity.json')
  const said = z
    .object({ nodeId: z.string(), publicKey: z.base64().optional() })
    .safeParse(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null).data
  return { nodeId: said?.nodeId ?? null, publicKey: said?.publicKey ? Buffer.from(said.publicKey, 'base64') : null }
}

/** Replaces the file whole: it is private from its first byte on. The daemon takes it up at its start. */
function leaveInvitation(home: string, invitation: { url: string; token: string } | null): void {
  const file = join(home, 'node/invitation.json')
  mkdirSync(join(home, 'node'), { recursive: true, mode: 0o711 })
  rmSync(file, { force: true })
  if (invitation) writeFileSync(file, JSON.stringify(invitation), { mode: 0o600, flag: 'wx' })
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
  const { nodeId, token } = await inviteLocalNode({ ...knownIdentity(home), name: hostname() || 'This machine' })
  leaveInvitation(home, token === null ? null : { url: localUrl, token })
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
