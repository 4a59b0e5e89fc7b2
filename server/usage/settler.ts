/**
 * Closes records, each once, without making anybody wait: what happens within a moment is one transaction, which
 * also tells the chats' logs and books what the requests count with in budgets.
 */
import { settleReservation, type Reservation } from '#server/budgets/spending.ts'
import { log } from '#server/log.ts'
import { isAboutData } from '#server/usage/opener.ts'
import { closeRecords, type Closing } from '#server/usage/closing-store.ts'

/** Nobody waits for it, and each transaction has its price. */
const FLUSH_AFTER_MS = 50
/** So that no transaction holds its locks for long. */
const FLUSHED_AT_MOST = 128
const RETRY_AFTER_MS = 250
/** About a minute: a database that is away for longer has worse troubles. */
const MAX_TRIES = 240

type Tried = { item: Closing; tries: number }

let settling: Tried[] = []
/** Records that are over and whose opening has not been written yet. */
let unopened = 0
let beingWritten = 0
let timer: NodeJS.Timeout | null = null
let flushing: Promise<void> | null = null

/** `prepared` resolves once the record is open: to nothing when it never will be. */
export function settleOnce({ prepared, reservation }: { prepared: Promise<Closing | null>; reservation: Reservation | null }): void {
  unopened += 1
  void prepared.then((item) => {
    unopened -= 1
    if (item) settling.push({ item, tries: 0 })
    else if (reservation) settleReservation(reservation)
    if (settling.length > 0) schedule(FLUSH_AFTER_MS)
  })
}

/** Records that are over and not closed yet. */
export const unsettled = (): number => unopened + settling.length + beingWritten

/** Resolves when everything that was settled has been written, or given up. */
export async function drainSettling(): Promise<void> {
  while (flushing || unopened > 0 || settling.length > 0) {
    if (!flushing && settling.length > 0) run()
    await (flushing ?? new Promise((resolve) => setTimeout(resolve, FLUSH_AFTER_MS)))
  }
}

function schedule(afterMs: number): void {
  if (timer || flushing) return
  timer = setTimeout(run, afterMs)
}

function run(): void {
  if (timer) clearTimeout(timer)
  timer = null
  if (flushing) return
  flushing = flush().then((hasFailed) => {
    flushing = null
    if (settling.length > 0) schedule(hasFailed ? RETRY_AFTER_MS : settling.length < FLUSHED_AT_MOST ? FLUSH_AFTER_MS : 0)
  })
}

/** @returns whether something has to be tried again */
async function flush(): Promise<boolean> {
  const batch = settling.splice(0, FLUSHED_AT_MOST)
  beingWritten = batch.length
  const failed = await settle(batch)
  beingWritten = 0
  settling = [...failed, ...settling]
  return failed.length > 0
}

/** @returns what could not be written yet */
async function settle(settled: Tried[]): Promise<Tried[]> {
  try {
    const changes = await closeRecords(settled.map(({ item }) => item))
    for (const { item } of settled) if (item.reservation) settleReservation(item.reservation, changes.get(item.row.usageRecordId))
    return []
  } catch (error) {
    if (settled.length > 1 && isAboutStatement(error)) {
      // Halves of halves, until the one that PostgreSQL refuses is alone.
      const half = Math.ceil(settled.length / 2)
      return [...(await settle(settled.slice(0, half))), ...(await settle(settled.slice(half)))]
    }
    if (!isAboutData(error)) return tryAgain(settled, error)
    log.error({ err: error }, 'A usage record could not be settled')
    letGo(settled)
    return []
  }
}

/** Whatever PostgreSQL says but that it is away, full or going: without the record that it is about, the others may pass. */
const isAboutStatement = (error: unknown): boolean => /^(?!E|08|53|57|58)[0-9A-Z]{5}$/.test((error as { code?: string } | null)?.code ?? '')

function tryAgain(settled: Tried[], error: unknown): Tried[] {
  if (settled.some(({ tries }) => tries === 0)) log.warn({ err: error }, 'Usage records could not be settled yet')
  const lost = settled.filter(({ tries }) => tries >= MAX_TRIES)
  if (lost.length > 0) log.error({ err: error, lost: lost.length }, 'Usage records were given up')
  letGo(lost)
  return settled.flatMap(({ item, tries }) => (tries < MAX_TRIES ? [{ item, tries: tries + 1 }] : []))
}

/** The row stays open, and counts with what was reserved once it is closed for this process. */
function letGo(settled: readonly Tried[]): void {
  for (const { item } of settled) if (item.reservation) settleReservation(item.reservation)
}
