/**
 * `npm run bench -- proxy`: what the proxy costs, beside nothing, nginx, bare Node and Portkey's
 * gateway, in one run on loopback. The load generator, the model at the other end and each
 * target are processes of their own, so that each one's CPU is its own.
 * Next: `run.ts` measures, `aims.ts` judges.
 */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { UsageError, type Benchmark } from '#bin/bench/benchmark.ts'
import { root, startHelper, stop } from '#bin/bench/children.ts'
import { describeMachine, machineLine } from '#bin/bench/machine.ts'
import { judgeAims } from '#bin/bench/proxy/aims.ts'
import { startBareNode } from '#bin/bench/proxy/bare-node.ts'
import { countRecords, seedTokens, startGatehouse } from '#bin/bench/proxy/gatehouse.ts'
import { startNginx } from '#bin/bench/proxy/nginx.ts'
import { readOptions } from '#bin/bench/proxy/options.ts'
import { startPortkey } from '#bin/bench/proxy/portkey.ts'
import { report } from '#bin/bench/proxy/report.ts'
import { runScenarios, type Plan } from '#bin/bench/proxy/run.ts'
import type { Sample } from '#bin/bench/proxy/samples.ts'
import { direct, Unavailable, type Target, type TargetName } from '#bin/bench/proxy/target.ts'
import { closeDatabase, openDatabase } from '#server/db/client.ts'
import { migrate } from '#server/db/migrations.ts'
import { startScratchPostgres } from '#server/db/scratch.ts'

export type Measured = { samples: Sample[]; records: { answered: number; settled: number; open: number } }

export type Given = {
  targets: readonly TargetName[]
  other: string | null
  plan: Plan
  masterKey: string
  profileFolder?: string | null
  say(line: string): void
}

/**
 * Needs an open database, which nobody else writes usage records to, and sets this process's
 * `GATEHOUSE_PRIVATE_UPSTREAMS`.
 */
export async function measureProxy({
  targets: names,
  other,
  plan,
  masterKey,
  profileFolder = null,
  say,
}: Given): Promise<Measured & { targets: Target[] }> {
  const stub = await startHelper('bin/bench/proxy/stub-process.ts')
  const stubPort = stub.said as number
  const load = await startHelper('bin/bench/proxy/load-process.ts')
  const targets: Target[] = []
  try {
    process.env['GATEHOUSE_PRIVATE_UPSTREAMS'] = `127.0.0.1:${stubPort}`
    const tokens = await seedTokens(stubPort)
    const hosted = { tokens, stubPort, masterKey, root, profileFolder }
    const starts: Record<TargetName, () => Target | Promise<Target>> = {
      direct: () => direct(stubPort),
      nginx: () => startNginx(stubPort),
      node: () => startBareNode(stubPort),
      portkey: () => startPortkey(stubPort),
      gatehouse: () => startGatehouse({ ...hosted, name: 'gatehouse' }),
      server: () => startGatehouse({ ...hosted, name: 'server' }),
      other: () => startGatehouse({ ...hosted, name: 'other', root: other ?? root }),
    }
    for (const name of names) {
      try {
        targets.push(await starts[name]())
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error
        say(`Without ${name}: ${error.message}`)
      }
    }
    const samples = await runScenarios({ load: load.child, stub: stub.child, targets, plan, say })
    // What is stopped has written everything that it had to write.
    await Promise.all(targets.map((target) => target.stop()))
    const answered = samples.filter(({ besidesCpuMs }) => besidesCpuMs !== null).reduce((sum, { loaded }) => sum + loaded.answered, 0)
    return { samples, records: { answered, ...(await countRecords()) }, targets }
  } finally {
    await Promise.all([stub.child, load.child].map((child) => stop(child)))
    await Promise.all(targets.map((target) => target.stop()))
  }
}

async function run(args: string[]): Promise<void> {
  const { targets: names, other, plan, jsonFile, profileFolder } = readOptions(args)
  if (process.platform !== 'linux') throw new UsageError('The benchmark reads CPU and memory from /proc: it runs on Linux.')
  const machine = describeMachine()
  const masterKey = randomBytes(32).toString('base64')
  process.env['GATEHOUSE_MASTER_KEY'] = masterKey
  const say = (line: string) => console.error(`  ${line}`)
  console.log(`${machineLine(machine)}\nLoad average before: ${machine.loadAverage}`)
  const postgres = await startScratchPostgres()
  try {
    await migrate(postgres.url)
    await openDatabase(postgres.url)
    const { samples, records, targets } = await measureProxy({ targets: names, other, plan, masterKey, profileFolder, say })
    const aims = judgeAims(samples, records)
    const known = targets.map(({ name, version }) => ({ name, version }))
    console.log(report({ targets: known, plan, samples, aims }))
    if (jsonFile) writeFileSync(jsonFile, JSON.stringify({ machine, plan, targets: known, aims, records, samples }, null, 1))
  } finally {
    await closeDatabase()
    await postgres.stop()
  }
}

export const proxy: Benchmark = { name: 'proxy', says: 'the proxy beside nothing, nginx, bare Node and Portkey: speed, CPU, memory', run }
