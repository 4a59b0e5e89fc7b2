/** What the daemon reads of its environment, once. */
import { mkdirSync, readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'

const Variables = z.object({
  GATEHOUSE_HOME: z.string().default('.gatehouse'),
  GATEHOUSE_URL: z.url().optional(),
  /** Where the proxy is, when it is a process of its own. */
  GATEHOUSE_PROXY_URL: z.url().optional(),
  GATEHOUSE_HARNESS_DIR: z.string().optional(),
  GATEHOUSE_TESTING: z.string().optional(),
  /** `host:port=address:port,…`: who stands for a login's vendor in a test. Without effect outside of one. */
  GATEHOUSE_TEST_VENDORS: z.string().optional(),
  /** The certificate that those vendors show. */
  GATEHOUSE_TEST_CA: z.string().optional(),
  GATEHOUSE_UNSAFE_NO_SANDBOX: z.string().optional(),
  /** How long an agent without work stays warm. */
  GATEHOUSE_IDLE_STOP_MS: z.coerce
    .number()
    .int()
    .positive()
    .default(10 * 60_000),
  /** How long an agent may take to obey a cancel. */
  GATEHOUSE_CANCEL_GRACE_MS: z.coerce.number().int().positive().default(10_000),
  GATEHOUSE_CAPACITY: z.coerce.number().int().positive().optional(),
  /** How long turns may go on once the daemon was asked to end. */
  GATEHOUSE_DRAIN_MS: z.coerce.number().int().nonnegative().default(0),
})

/** Who a login's vendors are: themselves, but in a test. */
export type Vendors = { redirected: ReadonlyMap<string, string>; ca: { file: string; contents: string } | null }
export const realVendors: Vendors = { redirected: new Map(), ca: null }

export type DaemonEnv = {
  vendors: Vendors
  /** Where the server is now, if not where this node enrolled. */
  url: string | null
  proxyUrl: string | null
  home: string
  harnessRoot: string
  workspacesRoot: string
  outboxRoot: string
  signInsRoot: string
  isTesting: boolean
  mayGoWithoutSandbox: boolean
  idleStopMs: number
  cancelGraceMs: number
  capacity: number
  drainMs: number
}

/** An agent needs some 400 MB at work; more of them than that wait in the queue. */
const usualCapacity = (): number => Math.max(2, Math.min(32, Math.floor(totalmem() / 2 ** 30 / 0.75), availableParallelism() * 8))

export function readDaemonEnv(variables: NodeJS.ProcessEnv = process.env): DaemonEnv {
  const read = Variables.parse(variables)
  const home = resolve(read.GATEHOUSE_HOME)
  const folders = {
    harnessRoot: resolve(read.GATEHOUSE_HARNESS_DIR ?? join(home, 'harnesses')),
    workspacesRoot: join(home, 'node/workspaces'),
    outboxRoot: join(home, 'node/outbox'),
    signInsRoot: join(home, 'node/sign-ins'),
  }
  // Runs with a user id of their own walk through, and read nothing.
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true, mode: folder === folders.outboxRoot ? 0o700 : 0o711 })
  return {
    ...folders,
    vendors: vendorsOf(read),
    url: read.GATEHOUSE_URL ?? null,
    proxyUrl: read.GATEHOUSE_PROXY_URL ?? null,
    home,
    isTesting: read.GATEHOUSE_TESTING === '1',
    mayGoWithoutSandbox: read.GATEHOUSE_UNSAFE_NO_SANDBOX === '1',
    idleStopMs: read.GATEHOUSE_IDLE_STOP_MS,
    cancelGraceMs: read.GATEHOUSE_CANCEL_GRACE_MS,
    capacity: read.GATEHOUSE_CAPACITY ?? usualCapacity(),
    drainMs: read.GATEHOUSE_DRAIN_MS,
  }
}

function vendorsOf({ GATEHOUSE_TESTING, GATEHOUSE_TEST_VENDORS = '', GATEHOUSE_TEST_CA: file }: z.infer<typeof Variables>): Vendors {
  if (GATEHOUSE_TESTING !== '1') return realVendors
  const pairs = GATEHOUSE_TEST_VENDORS.split(',').filter(Boolean)
  return {
    redirected: new Map(pairs.map((pair) => pair.split('=') as [string, string])),
    ca: file ? { file, contents: readFileSync(file, 'utf8') } : null,
  }
}
