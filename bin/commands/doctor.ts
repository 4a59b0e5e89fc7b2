/** `gatehouse doctor`: what this machine has and lacks, one line each; exit code 1 when something will not work. */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { readFlags } from '#bin/commands/arguments.ts'
import { isInstalled, programOf } from '#agent/launch/install.ts'
import { probeSandbox } from '#agent/sandbox/probe.ts'
import { harnesses } from '#core/harnesses/registry.ts'
import { databaseUser, programFolder } from '#server/db/postgres-files.ts'
import { embeddedUrl } from '#server/db/postgres.ts'
import { env, type Env } from '#server/env.ts'
import { prepareHome, serverOf } from '#server/home.ts'

/** `note`: not there yet, and nothing to worry about. */
type Finding = { is: 'good' | 'note' | 'bad'; about: string; says: string }
type Check = { about: string; run: (own: Env) => Promise<Omit<Finding, 'about'>> }

const checks: readonly Check[] = [
  { about: 'Node', run: async () => ({ is: 'good', says: process.version }) },
  { about: 'Data folder', run: async ({ home }) => (prepareHome(home), { is: 'good', says: home }) },
  { about: 'Database', run: checkDatabase },
  { about: 'Port', run: checkPort },
  { about: 'Sandbox', run: checkSandbox },
  ...harnesses
    .filter((each) => !each.isTesting)
    .map((harness) => ({
      about: harness.name,
      run: async ({ harnessDir }: Env): Promise<Omit<Finding, 'about'>> => {
        const program = programOf(harness)
        if (isInstalled(harnessDir, program)) return { is: 'good', says: `${program.version} is installed` }
        return { is: 'note', says: `${program.version} is installed when a chat first needs it` }
      },
    })),
]

export async function doctor(args: string[]): Promise<number> {
  readFlags(args, {})
  const own = env()
  let isWell = true
  for (const { about, run } of checks) {
    const found = await run(own).catch((error: unknown) => ({
      is: 'bad' as const,
      says: error instanceof Error ? error.message : String(error),
    }))
    isWell &&= found.is !== 'bad'
    console.log(`${{ good: 'ok  ', note: '    ', bad: 'BAD ' }[found.is]} ${about}: ${found.says}`)
  }
  return isWell ? 0 : 1
}

async function checkDatabase({ databaseUrl, home }: Env): Promise<Omit<Finding, 'about'>> {
  const url = databaseUrl ?? (serverOf(home) === null ? null : embeddedUrl(home))
  if (url === null)
    return {
      is: 'good',
      says: `embedded PostgreSQL from ${programFolder(databaseUser())}, ${existsSync(join(home, 'postgres')) ? 'stopped' : 'created at the first start'}`,
    }
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  try {
    await client.connect()
    const { rows } = await client.query<{ version: string }>("select current_setting('server_version') as version")
    return { is: 'good', says: `${databaseUrl ? new URL(databaseUrl).host : 'embedded'}, PostgreSQL ${rows[0]?.version}` }
  } finally {
    await client.end().catch(() => {})
  }
}

async function checkPort({ host, port, home, url }: Env): Promise<Omit<Finding, 'about'>> {
  const server = serverOf(home)
  const isTaken = await new Promise<boolean>((resolve) => {
    const socket = createConnection({ host: host === '0.0.0.0' ? '127.0.0.1' : host, port })
    socket.once('connect', () => (socket.destroy(), resolve(true))).once('error', () => resolve(false))
  })
  if (server !== null)
    return {
      is: isTaken ? 'good' : 'bad',
      says: isTaken ? `Gatehouse runs at ${url} (process ${server})` : `Gatehouse runs (process ${server}), but not on port ${port}`,
    }
  return isTaken ? { is: 'bad', says: `${port} is in use by another program: set PORT` } : { is: 'good', says: `${port} is free` }
}

async function checkSandbox({ home, harnessDir }: Env): Promise<Omit<Finding, 'about'>> {
  const workspacesRoot = join(home, 'node', `doctor-${process.pid}`)
  mkdirSync(workspacesRoot, { recursive: true, mode: 0o711 })
  mkdirSync(harnessDir, { recursive: true })
  try {
    const found = await probeSandbox({
      harnessRoot: harnessDir,
      workspacesRoot,
      mayGoWithout: process.env['GATEHOUSE_UNSAFE_NO_SANDBOX'] === '1',
    })
    if (!('missing' in found))
      return {
        is: found.report.level === 'none' ? 'bad' : 'good',
        says: [found.report.level, found.report.reason].filter(Boolean).join('. '),
      }
    return {
      is: found.missing === 'bubblewrap' ? 'note' : 'bad',
      says: found.missing === 'bubblewrap' ? 'bubblewrap is installed at the first start' : found.reason,
    }
  } finally {
    rmSync(workspacesRoot, { recursive: true, force: true })
  }
}
