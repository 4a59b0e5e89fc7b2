/**
 * `npm run bench -- proxy`: what the proxy costs, beside nothing, nginx and Portkey's
 * gateway, in one run on loopback. The load generator, the model at the other end and each
 * target are processes of their own, so that each one's CPU is its own.
 * Next: `run.ts` measures, `aims.ts` judges.
 */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { UsageError, type Benchmark } from '#bin/bench/benchmark.ts'
import { root, startHelper, stop } from '#bin/bench/children.ts'
import { describeMachine, machineLine } from '#bin/bench/machine.ts'
import { judgeAims } from '#bin/bench/proxy/aims.ts'
import { countRecords, seedTokens, startGatehouse } from '#bin/bench/proxy/gatehouse.ts'
import { startNginx } from '#bin/bench/proxy/nginx.ts'
import { startPortkey } from '#bin/bench/proxy/portkey.ts'
import { aimTable, tables } from '#bin/bench/proxy/report.ts'
import { groups, runScenarios, type Plan } from '#bin/bench/proxy/run.ts'
import type { Sample } from '#bin/bench/proxy/samples.ts'
import { direct, targetNames, Unavailable, type Target, type TargetName } from '#bin/bench/proxy/target.ts'
import { closeDatabase, openDatabase } from '#server/db/client.ts'
import { migrate } from '#server/db/migrations.ts'
import { startScratchPostgres } from '#server/db/scratch.ts'

const usage = `npm run bench -- proxy [options]

  --targets a,b    of ${targetNames.join(', ')}; the first four when not said.
                   server: the main server, with the proxy in it. other: see --other.
  --other FOLDER   another checkout, whose proxy is measured beside ours: before and after
  --only a,b       of ${groups.join(', ')}; all when not said
  --rounds N       how often each target has its turn (3)
  --seconds N      how long a turn is (2)
  --minutes N      how long the steady load is that shows whether memory stays flat (a third of one; 10 to be sure)
  --profile FOLDER has our proxy write a CPU profile there (for a browser's developer tools)
  --json FILE      writes every single measurement there`

type Options = { targets: TargetName[]; other: string | null; plan: Plan; jsonFile: string | null; profileFolder: string | null }

function readOptions(args: string[]): Options {
  const { values } = parseArguments(args)
  const targets = listed(values.targets ?? 'direct,nginx,portkey,gatehouse', targetNames)
  if (values.other !== undefined && !targets.includes('other')) targets.push('other')
  if (targets.includes('other') && values.other === undefined) throw new UsageError('--other FOLDER says which checkout the other one is.')
  const positive = (text: string | undefined, byDefault: number, most: number) => {
    const value = text === undefined ? byDefault : Number(text)
    if (!(value > 0 && value <= most)) throw new UsageError(usage)
    return value
  }
  return {
    targets,
    other: values.other === undefined ? null : resolve(values.other),
    jsonFile: values.json ?? null,
    profileFolder: values.profile === undefined ? null : resolve(values.profile),
    plan: {
      groups: listed(values.only ?? groups.join(','), groups),
      rounds: Math.round(positive(values.rounds, 3, 100)),
      seconds: positive(values.seconds, 2, 60),
      maxRequests: 1_000_000,
      warmUp: { requests: 25_000, seconds: 10 },
      openStreams: 1_000,
      openStreamsSeconds: 6,
      steadySeconds: positive(values.minutes, 1 / 3, 24 * 60) * 60,
    },
  }
}

function listed<T extends string>(text: string, known: readonly T[]): T[] {
  const names = text.split(',')
  const found = known.filter((each) => names.includes(each))
  if (found.length !== names.length) throw new UsageError(usage)
  return found
}

function parseArguments(args: string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args,
      options: { targets: text, only: text, other: text, rounds: text, seconds: text, minutes: text, json: text, profile: text },
    })
  } catch {
    throw new UsageError(usage)
  }
}

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
  console.log(`${machineLine(machine)}\nLoad average before: ${machine.loadAverage.join(' ')}`)
  const postgres = await startScratchPostgres()
  try {
    await migrate(postgres.url)
    await openDatabase(postgres.url)
    const { samples, records, targets } = await measureProxy({ targets: names, other, plan, masterKey, profileFolder, say })
    const aims = judgeAims(samples, records)
    const failures = [
      ...new Set(samples.flatMap(({ target, loaded }) => (loaded.firstFailure ? [`${target}: ${loaded.firstFailure}`] : []))),
    ]
    console.log(
      `Load average after: ${loadavg()
        .map((each) => each.toFixed(2))
        .join(' ')}`,
    )
    for (const { name, version } of targets) console.log(`  ${name} ${version}`)
    console.log(`\n${tables(samples, { targets: targets.map(({ name }) => name), openStreams: plan.openStreams })}\n`)
    for (const failure of failures) console.log(`Failed at ${failure}`)
    console.log(`Medians of ${plan.rounds} rounds. Generator, model, database and target share ${availableParallelism()} cores: requests per
second are what this machine gives all of them together; CPU per request is the target's alone.
Portkey is asked at half of its own pace, the others at half of ours.\n`)
    console.log(aimTable(aims))
    if (jsonFile)
      writeFileSync(
        jsonFile,
        JSON.stringify(
          { machine, plan, targets: targets.map(({ name, version }) => ({ name, version })), aims, records, samples },
          null,
          1,
        ),
      )
  } finally {
    await closeDatabase()
    await postgres.stop()
  }
}

export const proxy: Benchmark = { name: 'proxy', says: 'the proxy beside nothing, nginx and Portkey: speed, CPU, memory', run }
