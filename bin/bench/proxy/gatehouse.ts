/**
 * Our own proxy with everything on: workspace tokens, a real database, records, facts and
 * a budget of every request. As the process of its own that a busy instance gives it, or inside
 * the main server; `root` may be another checkout, to hold a change against what was before.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import { freePort, start, stop, untilItAnswers } from '#bin/bench/children.ts'
import { familyOf, parentOf } from '#bin/bench/process-cost.ts'
import type { Target, TargetName } from '#bin/bench/proxy/target.ts'
import { setBudget } from '#server/budgets/service.ts'
import { databaseUrl, pool } from '#server/db/client.ts'
import { pathOf, seedRun } from '#server/proxy/testing.ts'

/** So many agents at once: each is a chat, whose log takes one writer at a time. */
const RUNS = 16
/** In millionths of a dollar: never reached, and asked at every request. */
const LIMIT_MICROS = 1e12
/** It writes every record before it goes, however many those are. */
const WRITES_WITHIN_MS = 60_000

/**
 * Tokens of runs that may spend, on a provider that is the stub. The database must be open, and the stub's address one
 * of `GATEHOUSE_PRIVATE_UPSTREAMS`.
 */
export async function seedTokens(stubPort: number): Promise<string[]> {
  const tokens: string[] = []
  for (let count = 0; count < RUNS; count += 1) {
    const run = await seedRun({ dialect: 'openai-chat', baseUrl: `http://127.0.0.1:${stubPort}/v1`, key: 'sk-loopback' })
    await setBudget(run.scope, { scope: { is: 'team' }, period: 'month', limitMicros: LIMIT_MICROS })
    tokens.push(run.token)
  }
  return tokens
}

/** How many records hold a whole answer with what its provider reported, and how many nobody has settled. */
export async function countRecords(): Promise<{ settled: number; open: number }> {
  const { rows } = await pool().query<{ settled: number }>(
    `select count(*)::int as settled from usage_record where outcome = 'completed' and source = 'provider'`,
  )
  return { settled: rows[0]!.settled, open: await countOpen() }
}

async function countOpen(): Promise<number> {
  const { rows } = await pool().query<{ open: number }>(`select count(*)::int as open from usage_record where outcome = 'open'`)
  return rows[0]!.open
}

async function postgresPid(): Promise<number> {
  const { rows } = await pool().query<{ pid: number }>('select pg_backend_pid() as pid')
  return parentOf(rows[0]!.pid)
}

export type Hosted = {
  name: Extract<TargetName, 'gatehouse' | 'server' | 'other'>
  root: string
  tokens: readonly string[]
  stubPort: number
  masterKey: string
  /** Where a profile of its CPU goes when it ends; null for none. */
  profileFolder: string | null
}

export async function startGatehouse({ name, root, tokens, stubPort, masterKey, profileFolder }: Hosted): Promise<Target> {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const port = await freePort()
  const isServer = name === 'server'
  const postgres = await postgresPid()
  const child = start({
    file: process.execPath,
    args: [
      ...(profileFolder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`]),
      isServer ? 'server/testing-main.ts' : 'server/proxy/main.ts',
    ],
    cwd: root,
    env: {
      NODE_ENV: 'production',
      GATEHOUSE_HOME: home,
      GATEHOUSE_LOG: 'warn',
      GATEHOUSE_MASTER_KEY: masterKey,
      GATEHOUSE_PRIVATE_UPSTREAMS: `127.0.0.1:${stubPort}`,
      [isServer ? 'PORT' : 'GATEHOUSE_PROXY_PORT']: String(port),
      DATABASE_URL: databaseUrl(),
    },
  })
  const target: Target = {
    name,
    version: versionOf(root),
    calls: tokens.map((token) => ({
      port,
      path: `/ai/proxy/${token}/${pathOf('openai-chat')}`,
      headers: { authorization: `Bearer ${SENTINEL_KEY}`, accept: 'application/json', 'user-agent': 'opencode/1.0' },
    })),
    pids: () => familyOf(child.pid!),
    besidesPids: () => familyOf(postgres),
    isDone: async () => (await countOpen()) === 0,
    async stop() {
      await stop(child, { withinMs: WRITES_WITHIN_MS })
      rmSync(home, { recursive: true, force: true })
    },
  }
  try {
    await untilItAnswers(child, `http://127.0.0.1:${port}/api/health`)
    return target
  } catch (error) {
    await target.stop()
    throw error
  }
}

function versionOf(root: string): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--', 'server', 'core') === '' ? '' : ' with changes'}`
  } catch {
    return 'not a git checkout'
  }
}
