/**
 * The run itself: scenario by scenario, round by round, the targets in turn, so that what
 * the machine does meanwhile falls on all of them.
 * From: `proxy.ts`, which started everything. Next: `load-process.ts`, and `aims.ts` for what it comes to.
 */
import type { ChildProcess } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { answerOf } from '#bin/bench/children.ts'
import { GRACE_MS, type Job, type Loaded } from '#bin/bench/proxy/load.ts'
import { answeredPerSecond, medianOf, type Sample, type Scenario } from '#bin/bench/proxy/samples.ts'
import { requestBody, type Pace } from '#bin/bench/proxy/speech.ts'
import type { Target } from '#bin/bench/proxy/target.ts'
import { cpuMs, rssBytes } from '#bin/bench/process-cost.ts'

export const groups = ['json', 'stream', 'open', 'steady'] as const
export type Group = (typeof groups)[number]

export type Plan = {
  /** Of scenarios; half a load is known only beside the whole one. */
  groups: readonly Group[]
  rounds: number
  /** Of each target in each round of each scenario. */
  seconds: number
  maxRequests: number
  /** Of each target before anything is measured: what runs on a JIT is slow at first. Whichever is over first ends it. */
  warmUp: { requests: number; seconds: number }
  openStreams: number
  openStreamsSeconds: number
  steadySeconds: number
}

export type Bench = { load: ChildProcess; stub: ChildProcess; targets: readonly Target[]; plan: Plan; say(line: string): void }

const CONNECTIONS = 32
/** More would fill a disk in ten minutes, since every request leaves a record and a fact. */
const STEADY_PER_SECOND = 1_000
/** A target that is not done by then is measured as it is; what it left shows in the records. */
const DONE_WITHIN_MS = 30_000
const REST_MS = 50
/** How often a held stream says a word. */
const HELD_EVERY_MS = 200

const small = 4 * 1024
const json = requestBody({ isStream: false, bytes: small })
const stream = requestBody({ isStream: true, bytes: small })
const large = requestBody({ isStream: false, bytes: 256 * 1024 })
/** A short answer of a model, word by word, without the waiting. */
const burst: Pace = { events: 20, everyMs: 0, thinksMs: 0 }
/** No model answers at once: what we do meanwhile nobody waits for. */
const thoughtful: Pace = { ...burst, thinksMs: 20 }

export async function runScenarios(bench: Bench): Promise<Sample[]> {
  const { targets, plan } = bench
  const samples: Sample[] = []
  const closed = (bodies: readonly string[], seconds = plan.seconds) =>
    ({ load: 'closed', connections: CONNECTIONS, bodies, seconds }) as const

  /** Every target in every round, each round beginning with another one. */
  async function alternate(scenario: Scenario, jobFor: (target: Target) => Asked): Promise<void> {
    for (let round = 0; round < plan.rounds; round += 1) {
      bench.say(`${scenario}, round ${round + 1} of ${plan.rounds}`)
      const from = round % targets.length
      for (const target of [...targets.slice(from), ...targets.slice(0, from)])
        samples.push(await measure(bench, { scenario, target, round }, jobFor(target)))
    }
  }

  /** Half of what we carry, for everybody who carries that; half of their own for the others. */
  function halfOf(scenario: Scenario, target: Target): number {
    const carries = (name: Target['name']) => medianOf(samples, { scenario, target: name }, answeredPerSecond)
    const ours = targets.some(({ name }) => name === 'gatehouse') ? carries('gatehouse') : Number.POSITIVE_INFINITY
    return Math.max(1, Math.min(ours, carries(target.name)) / 2)
  }

  // Before anything has filled their heaps, whose free room would hold the streams.
  if (plan.groups.includes('open')) await holdStreams()
  if (plan.groups.some((group) => group !== 'open')) await warmUp()
  if (plan.groups.includes('json')) await runJson()
  if (plan.groups.includes('stream')) await runStreams()
  if (plan.groups.includes('steady')) await runSteadily()
  return samples

  async function warmUp(): Promise<void> {
    await pace(bench, burst)
    bench.say('warm-up')
    const { requests, seconds } = plan.warmUp
    for (const target of targets) {
      const { calls } = target
      await ask(bench.load, { ...closed([json], seconds), calls, maxRequests: requests })
      await ask(bench.load, { ...closed([stream], seconds / 2), calls, maxRequests: requests / 5 })
      await untilDone(target)
    }
  }

  async function runJson(): Promise<void> {
    await alternate('json-saturated', () => closed([json]))
    await alternate('json-half', (target) => ({
      load: 'open',
      perSecond: halfOf('json-saturated', target),
      bodies: [json],
      seconds: plan.seconds,
    }))
    await pace(bench, thoughtful)
    await alternate('json-thinking', (target) => ({
      load: 'open',
      perSecond: halfOf('json-saturated', target),
      bodies: [json],
      seconds: plan.seconds,
    }))
    await pace(bench, burst)
    await alternate('json-large', () => closed([large], plan.seconds / 2))
  }

  async function runStreams(): Promise<void> {
    await alternate('stream-saturated', () => closed([stream]))
    await alternate('stream-half', (target) => ({
      load: 'open',
      perSecond: halfOf('stream-saturated', target),
      bodies: [stream],
      seconds: plan.seconds,
    }))
  }

  async function holdStreams(): Promise<void> {
    bench.say(`${plan.openStreams} open streams`)
    await pace(bench, {
      events: Math.ceil((plan.openStreamsSeconds * 1000 + GRACE_MS) / HELD_EVERY_MS),
      everyMs: HELD_EVERY_MS,
      thinksMs: 0,
    })
    for (const target of targets) {
      const job = { load: 'held', streams: plan.openStreams, bodies: [stream], seconds: plan.openStreamsSeconds } as const
      samples.push(await measure(bench, { scenario: 'open-streams', target, round: 0 }, job))
    }
  }

  async function runSteadily(): Promise<void> {
    const ours = targets.find(({ name }) => name === 'gatehouse')
    if (!ours) return
    await pace(bench, burst)
    const perSecond = plan.groups.includes('stream') ? Math.min(STEADY_PER_SECOND, halfOf('stream-saturated', ours)) : STEADY_PER_SECOND
    bench.say(`steady: ${Math.round(perSecond)} requests a second for ${plan.steadySeconds} s`)
    const job = { load: 'open', perSecond, bodies: [json, json, stream], seconds: plan.steadySeconds } as const
    samples.push(await measure(bench, { scenario: 'steady', target: ours, round: 0 }, job))
  }
}

type Asked =
  | { load: 'closed'; connections: number; bodies: readonly string[]; seconds: number }
  | { load: 'open'; perSecond: number; bodies: readonly string[]; seconds: number }
  | { load: 'held'; streams: number; bodies: readonly string[]; seconds: number }

async function measure(
  { load, plan }: Bench,
  { scenario, target, round }: { scenario: Scenario; target: Target; round: number },
  asked: Asked,
): Promise<Sample> {
  const pids = target.pids()
  const before = { cpuMs: cpuMs(pids), besidesMs: cpuMs(target.besidesPids()), rss: rssBytes(pids) }
  const during: { atMs: number; bytes: number }[] = []
  const startedMs = performance.now()
  const watching = setInterval(
    () => during.push({ atMs: performance.now() - startedMs, bytes: rssBytes(pids) }),
    asked.seconds < 60 ? 250 : 1_000,
  )
  // A long run is long on purpose.
  const maxRequests = scenario === 'steady' ? Number.MAX_SAFE_INTEGER : plan.maxRequests
  try {
    const loaded = await ask(load, { ...asked, calls: target.calls, maxRequests })
    clearInterval(watching)
    const endedMs = performance.now()
    await untilDone(target)
    return {
      doneAfterMs: performance.now() - endedMs,
      scenario,
      target: target.name,
      round,
      askedPerSecond: asked.load === 'open' ? asked.perSecond : null,
      loaded,
      cpuMs: pids.length === 0 ? null : cpuMs(pids) - before.cpuMs,
      besidesCpuMs: target.besidesPids().length === 0 ? null : cpuMs(target.besidesPids()) - before.besidesMs,
      rssBytes: pids.length === 0 ? null : { before: before.rss, during },
    }
  } finally {
    clearInterval(watching)
  }
}

/**
 * What a target puts off belongs to what was asked of it, and must not fall on the next one's turn. Done is who says so
 * twice and rests in between.
 */
async function untilDone(target: Target): Promise<void> {
  const deadline = performance.now() + DONE_WITHIN_MS
  for (let isStill = false; performance.now() < deadline;) {
    const before = cpuMs(target.pids())
    await pause(REST_MS)
    const isNow = (await target.isDone()) && cpuMs(target.pids()) - before <= REST_MS / 5
    if (isNow && isStill) return
    isStill = isNow
  }
}

async function ask(load: ChildProcess, job: Job): Promise<Loaded> {
  load.send(job)
  return (await answerOf(load)) as Loaded
}

async function pace({ stub }: Bench, asked: Pace): Promise<void> {
  stub.send(asked)
  await answerOf(stub)
}
