/**
 * The load that one job asks for, on raw sockets: closed (so many connections, each asks
 * again when it was answered), open (requests arrive when they arrive, whether or not the
 * former were answered) or held (streams that stay open).
 *
 * An open load is measured from the moment at which a request was due, also when the
 * generator or a connection was late, so a target that stalls is charged for everybody who
 * had to wait: nothing is omitted because it could not be sent.
 * Runs in `load-process.ts`. Next: `connection.ts`.
 */
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { Connection } from '#bin/bench/proxy/connection.ts'
import { pauseMs, seeded, spreadOf, type Spread } from '#bin/bench/statistics.ts'

/** One request, but for its body. */
export type Call = { port: number; path: string; headers: Readonly<Record<string, string>> }

export type Job = {
  /** Used in turn, and so are the bodies: numbers of them without a common divisor meet each other. */
  calls: readonly Call[]
  bodies: readonly string[]
  /** Of a held load: from the moment at which all streams are open. */
  seconds: number
  /** However fast the target is. */
  maxRequests: number
} & ({ load: 'closed'; connections: number } | { load: 'open'; perSecond: number } | { load: 'held'; streams: number })

export type Loaded = {
  /** With 200, and whole. */
  answered: number
  /** Refused, broken off, or not answered in time. */
  failed: number
  firstFailure: string | null
  seconds: number
  /** Until the first byte of the body. */
  firstByteMs: Spread
  /** Until the last byte; what was never answered counts with the time that it was waited for. */
  wholeMs: Spread
  /** By how much the generator itself sent late; the two above contain it. */
  lateMs: Spread
  bodyBytes: number
}

/** A target that needs more has long lost an open load. */
const MAX_CONNECTIONS = 2_000
/** How long answers may take that are still out when the load ends, and streams until they are open. */
export const GRACE_MS = 5_000
/** Streams that are to be held begin one after another: a thousand at once would only try the kernel's backlog. */
const HELD_PER_SECOND = 1_000

type Due = { dueMs: number; call: number; body: number }

export const runLoad = (job: Job): Promise<Loaded> => new Run(job).finished()

class Run {
  readonly #job: Job
  readonly #requests: readonly (readonly Buffer[])[]
  readonly #idle: readonly Connection[][]
  readonly #connections = new Set<Connection>()
  /** Due, and without a connection. */
  readonly #waiting: Due[] = []
  readonly #firstByteMs: number[] = []
  readonly #wholeMs: number[] = []
  readonly #lateMs: number[] = []
  readonly #startedMs = performance.now()
  readonly #endMs: number
  /** When the next request of an open load is due. */
  #nextMs: number
  readonly #pause: () => number
  #begun = 0
  #answered = 0
  #failed = 0
  #firstFailure: string | null = null
  #bodyBytes = 0
  #resolve: () => void = () => {}

  constructor(job: Job) {
    this.#job = job
    this.#requests = job.calls.map((call) => job.bodies.map((body) => requestBytes(call, body)))
    this.#idle = job.calls.map(() => [])
    this.#endMs = this.#startedMs + job.seconds * 1000
    const random = seeded(1)
    this.#pause = job.load === 'open' ? () => pauseMs(random, job.perSecond) : () => 1000 / HELD_PER_SECOND
    this.#nextMs = this.#startedMs + this.#pause()
  }

  async finished(): Promise<Loaded> {
    const job = this.#job
    const isHeld = job.load === 'held'
    const reached = new Promise<void>((resolve) => (this.#resolve = resolve))
    if (job.load === 'closed') for (let count = 0; count < job.connections; count += 1) this.#begin(performance.now())
    // Answers wake us too, so a busy generator is not bound to a timer's millisecond.
    const ticking = setInterval(() => this.#goOn(), 1)
    const giveUp = new AbortController()
    await Promise.race([reached, pause((isHeld ? 0 : job.seconds * 1000) + GRACE_MS, null, { signal: giveUp.signal }).catch(() => {})])
    giveUp.abort()
    // A held stream outlives the job: it is what was to be seen, not to be waited for.
    if (isHeld) await pause(job.seconds * 1000)
    clearInterval(ticking)
    const nowMs = performance.now()
    const left = [...this.#connections].map((connection) => connection.leave()).filter((dueMs) => dueMs !== null)
    const unanswered = isHeld ? [] : [...left, ...this.#waiting.map(({ dueMs }) => dueMs)]
    // They took at least as long as this: without them, the slowest would look best.
    for (const dueMs of unanswered) this.#wholeMs.push(nowMs - dueMs)
    return {
      answered: this.#answered,
      failed: this.#failed + unanswered.length,
      firstFailure: this.#firstFailure ?? (unanswered.length > 0 ? 'no answer in time' : null),
      seconds: (nowMs - this.#startedMs) / 1000,
      firstByteMs: spreadOf(this.#firstByteMs),
      wholeMs: spreadOf(this.#wholeMs),
      lateMs: spreadOf(this.#lateMs),
      bodyBytes: this.#bodyBytes,
    }
  }

  #mayBegin(atMs: number): boolean {
    const { load, maxRequests } = this.#job
    return load === 'held' ? this.#begun < this.#job.streams : atMs < this.#endMs && this.#begun < maxRequests
  }

  /** Begins what is due by now, and sees whether that was all. */
  #goOn(): void {
    const nowMs = performance.now()
    if (this.#job.load !== 'closed') {
      for (; this.#nextMs <= nowMs && this.#mayBegin(this.#nextMs); this.#nextMs += this.#pause()) this.#begin(this.#nextMs)
    }
    for (let due = this.#waiting[0]; due && this.#send(due); due = this.#waiting[0]) this.#waiting.shift()
    const reached = this.#job.load === 'held' ? this.#firstByteMs.length : this.#answered
    if (!this.#mayBegin(nowMs) && reached + this.#failed >= this.#begun) this.#resolve()
  }

  #begin(dueMs: number): void {
    const due = { dueMs, call: this.#begun % this.#job.calls.length, body: this.#begun % this.#job.bodies.length }
    this.#begun += 1
    if (!this.#send(due)) this.#waiting.push(due)
  }

  /** @returns false when there is no connection left for it */
  #send({ dueMs, call, body }: Due): boolean {
    const connection = this.#idle[call]!.pop() ?? this.#open(call)
    if (!connection) return false
    this.#lateMs.push(performance.now() - dueMs)
    connection.send(this.#requests[call]![body]!, dueMs)
    return true
  }

  #open(call: number): Connection | null {
    if (this.#connections.size >= MAX_CONNECTIONS) return null
    const idle = this.#idle[call]!
    const connection = new Connection(this.#job.calls[call]!.port, {
      firstByte: (dueMs) => this.#firstByteMs.push(performance.now() - dueMs),
      bytes: (count) => (this.#bodyBytes += count),
      answered: (dueMs) => {
        this.#answered += 1
        this.#wholeMs.push(performance.now() - dueMs)
        idle.push(connection)
        this.#after()
      },
      failed: (why) => {
        this.#firstFailure ??= why
        this.#failed += 1
        this.#after()
      },
      gone: () => {
        this.#connections.delete(connection)
        const at = idle.indexOf(connection)
        if (at >= 0) idle.splice(at, 1)
      },
    })
    this.#connections.add(connection)
    return connection
  }

  #after(): void {
    const nowMs = performance.now()
    if (this.#job.load === 'closed' && this.#mayBegin(nowMs)) this.#begin(nowMs)
    this.#goOn()
  }
}

function requestBytes({ port, path, headers }: Call, body: string): Buffer {
  const all = { host: `127.0.0.1:${port}`, ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
}
