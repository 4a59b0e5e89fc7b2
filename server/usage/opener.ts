/**
 * Opens records, and says when each is durable: not one byte of an answer leaves before. The insert overlaps the
 * upstream's latency; whatever comes while all writers are busy goes into the next statement, so that a busy process
 * commits no more often than an idle one. And models take their time: what is opened within a part of it is written
 * together, unless an answer comes sooner than usual and waits.
 * Next: `settler.ts`, which closes them.
 */
import type { TurnId } from '#core/ids.ts'
import { Deadlines } from '#server/deadlines.ts'
import { log } from '#server/log.ts'
import { insertOpened, type OpenedRow } from '#server/usage/store.ts'

/** A request whose record the database did not take within this fails. */
const DURABLE_WITHIN_MS = 5_000
const RETRY_AFTER_MS = 250
/** About a minute: a database that is away for longer has worse troubles. */
const MAX_TRIES = 240

type Opened = { turnId: TurnId | null }

/** Of the time that models took lately until they began to answer. */
const GATHERED_SHARE = 1 / 4
const GATHERED_MAX_MS = 4

export type Opening = {
  /** False when the database did not take it in time, or will not. */
  durable: Promise<boolean>
  /** What became of the row in the end: null when it was given up. */
  opened: Promise<Opened | null>
}

type Waiting = { row: OpenedRow; tries: number; finish: (opened: Opened | null) => void }

/** Statements at a time: with one, half of all records would wait for the one before. */
const WRITERS = 2

let waiting: Waiting[] = []
let writing = 0
let written: Promise<unknown> = Promise.resolve()
const lateness = new Deadlines(DURABLE_WITHIN_MS)
let usualAnswerMs = 0
let endGathering: () => void = () => {}

/** How long a model took until it began to answer. */
export function noteAnswer(afterMs: number): void {
  usualAnswerMs += (afterMs - usualAnswerMs) / 16
}

/** An answer waits for its record. */
export const hurry = (): void => endGathering()

function gather(): Promise<void> {
  const forMs = Math.min(usualAnswerMs * GATHERED_SHARE, GATHERED_MAX_MS)
  return new Promise((resolve) => {
    // What is opened in the same moment shares a statement all the same.
    if (forMs < 1) return void setImmediate(resolve)
    const timer = setTimeout(resolve, forMs)
    endGathering = () => {
      clearTimeout(timer)
      resolve()
    }
  })
}

export function open(row: OpenedRow): Opening {
  const { promise: opened, resolve: onOpened } = Promise.withResolvers<Opened | null>()
  const { promise: durable, resolve: onDurable } = Promise.withResolvers<boolean>()
  const onLate = () => onDurable(false)
  const finish = (found: Opened | null): void => {
    lateness.clear(onLate)
    onDurable(found !== null)
    onOpened(found)
  }
  lateness.set(onLate)
  waiting.push({ row, tries: 0, finish })
  // Where others wait already, somebody is about to come for them.
  if (waiting.length === 1 && writing < WRITERS) written = Promise.all([written, write()])
  return { durable, opened }
}

/** Resolves when everything that was opened has been written, or given up. */
export async function drainOpening(): Promise<void> {
  while (writing > 0) await written
}

async function write(): Promise<void> {
  writing += 1
  for (await gather(); waiting.length > 0; await gather()) {
    const batch = waiting
    waiting = []
    const again = await insertAll(batch)
    if (again.length === 0) continue
    waiting = [...again, ...waiting]
    await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS))
  }
  writing -= 1
}

/** @returns what could not be inserted yet */
async function insertAll(batch: readonly Waiting[]): Promise<Waiting[]> {
  try {
    const turns = await insertOpened(batch.map(({ row }) => row))
    for (const [at, { finish }] of batch.entries()) finish({ turnId: turns[at] ?? null })
    return []
  } catch (error) {
    if (!isAboutData(error)) return tryAgain(batch, error)
    if (batch.length > 1) return (await Promise.all(batch.map((one) => insertAll([one])))).flat()
    log.error({ err: error }, 'A usage record could not be written')
    batch[0]!.finish(null)
    return []
  }
}

function tryAgain(batch: readonly Waiting[], error: unknown): Waiting[] {
  if (batch.some(({ tries }) => tries === 0)) log.warn({ err: error }, 'Usage records could not be written yet')
  const lost = batch.filter(({ tries }) => tries >= MAX_TRIES)
  if (lost.length > 0) log.error({ err: error, lost: lost.length }, 'Usage records were given up')
  for (const { finish } of lost) finish(null)
  return batch.flatMap((each) => (each.tries < MAX_TRIES ? [{ ...each, tries: each.tries + 1 }] : []))
}

/** PostgreSQL took the statement and refuses a value: trying again would change nothing, and nobody else's row should wait for it. */
export const isAboutData = (error: unknown): boolean => /^2[23]/.test((error as { code?: string } | null)?.code ?? '')
