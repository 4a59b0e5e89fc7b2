/**
 * Opens records, and says when each is durable: not one byte of an answer leaves before. The insert overlaps the
 * upstream's latency; whatever comes while one is under way goes into the next, so that a busy process commits no more
 * often than an idle one.
 * Next: `settler.ts`, which closes them.
 */
import type { TurnId } from '#core/ids.ts'
import { log } from '#server/log.ts'
import { insertOpened, type OpenedRow } from '#server/usage/store.ts'

/** A request whose record the database did not take within this fails. */
const DURABLE_WITHIN_MS = 5_000
const RETRY_AFTER_MS = 250
/** About a minute: a database that is away for longer has worse troubles. */
const MAX_TRIES = 240

type Opened = { turnId: TurnId | null }

export type Opening = {
  /** False when the database did not take it in time, or will not. */
  durable: Promise<boolean>
  /** What became of the row in the end: null when it was given up. */
  opened: Promise<Opened | null>
}

type Waiting = {
  row: OpenedRow
  tries: number
  dueMs: number
  onDurable: (isDurable: boolean) => void
  onOpened: (opened: Opened | null) => void
}

let waiting: Waiting[] = []
let isWriting = false
let written: Promise<void> = Promise.resolve()

/** In the order of their opening, since all have the same time. */
const pending = new Set<Waiting>()
let lateness: NodeJS.Timeout | null = null

export function open(row: OpenedRow): Opening {
  const { promise: opened, resolve: onOpened } = Promise.withResolvers<Opened | null>()
  const { promise: durable, resolve: onDurable } = Promise.withResolvers<boolean>()
  const one = { row, tries: 0, dueMs: performance.now() + DURABLE_WITHIN_MS, onDurable, onOpened }
  waiting.push(one)
  pending.add(one)
  lateness ??= setTimeout(failLate, DURABLE_WITHIN_MS)
  if (!isWriting) written = write()
  return { durable, opened }
}

function finish(one: Waiting, opened: Opened | null): void {
  pending.delete(one)
  one.onDurable(opened !== null)
  one.onOpened(opened)
}

/** One timer for all: one for each would cost as much as all else that an opening does here. */
function failLate(): void {
  lateness = null
  const nowMs = performance.now()
  for (const one of pending) {
    if (one.dueMs > nowMs) {
      lateness = setTimeout(failLate, one.dueMs - nowMs)
      return
    }
    pending.delete(one)
    one.onDurable(false)
  }
}

/** Resolves when everything that was opened has been written, or given up. */
export async function drainOpening(): Promise<void> {
  while (isWriting) await written
}

async function write(): Promise<void> {
  isWriting = true
  // What is opened in the same moment shares the first statement.
  await new Promise((resolve) => setImmediate(resolve))
  while (waiting.length > 0) {
    const batch = waiting
    waiting = []
    const again = await insertAll(batch)
    if (again.length === 0) continue
    waiting = [...again, ...waiting]
    await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS))
  }
  isWriting = false
}

/** @returns what could not be inserted yet */
async function insertAll(batch: readonly Waiting[]): Promise<Waiting[]> {
  try {
    const turns = await insertOpened(batch.map(({ row }) => row))
    for (const [at, one] of batch.entries()) finish(one, { turnId: turns[at] ?? null })
    return []
  } catch (error) {
    if (!isAboutData(error)) return tryAgain(batch, error)
    if (batch.length > 1) return (await Promise.all(batch.map((one) => insertAll([one])))).flat()
    log.error({ err: error }, 'A usage record could not be written')
    finish(batch[0]!, null)
    return []
  }
}

function tryAgain(batch: readonly Waiting[], error: unknown): Waiting[] {
  if (batch.some(({ tries }) => tries === 0)) log.warn({ err: error }, 'Usage records could not be written yet')
  const lost = batch.filter(({ tries }) => tries >= MAX_TRIES)
  if (lost.length > 0) log.error({ err: error, lost: lost.length }, 'Usage records were given up')
  for (const one of lost) finish(one, null)
  return batch.flatMap((each) => (each.tries < MAX_TRIES ? [{ ...each, tries: each.tries + 1 }] : []))
}

/** PostgreSQL took the statement and refuses a value: trying again would change nothing, and nobody else's row should wait for it. */
export const isAboutData = (error: unknown): boolean => /^2[23]/.test((error as { code?: string } | null)?.code ?? '')
