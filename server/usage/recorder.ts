/**
 * Writes usage records without making a request wait: what happens within a few
 * milliseconds is one statement. An open record is on its way before the upstream is
 * called and durable long before a model's first word, so a crash leaves an open row
 * instead of none. Within one flush records are opened before they are settled.
 */
import type { ServerFact } from '#core/chat/events.ts'
import { DomainError } from '#core/errors.ts'
import type { TurnId, UsageRecordId } from '#core/ids.ts'
import { log } from '#server/log.ts'
import { insertOpened, updateSettled, type OpenedRow, type SettledRow } from '#server/usage/store.ts'

const FLUSH_AFTER_MS = 5
const RETRY_AFTER_MS = 250
/** About a minute: a database that is away for longer has worse troubles. */
const MAX_TRIES = 240

export type Settling = { chatId: string; row: SettledRow; factsFor: (turnId: TurnId | null) => readonly ServerFact[] }

type Tried<T> = { item: T; tries: number }

let opening: Tried<OpenedRow>[] = []
let settling: Tried<Settling>[] = []
/** Of records that are under way in this process. */
const turns = new Map<UsageRecordId, TurnId | null>()
let timer: NodeJS.Timeout | null = null
let flushing: Promise<void> | null = null

export function enqueueOpened(row: OpenedRow): void {
  opening.push({ item: row, tries: 0 })
  schedule(FLUSH_AFTER_MS)
}

export function enqueueSettled(one: Settling): void {
  settling.push({ item: one, tries: 0 })
  schedule(FLUSH_AFTER_MS)
}

/** Resolves when everything that was enqueued has been written, or given up. */
export async function drain(): Promise<void> {
  while (flushing || opening.length > 0 || settling.length > 0) {
    if (!flushing) run()
    await flushing
    if (opening.length > 0 || settling.length > 0) await new Promise((resolve) => setTimeout(resolve, FLUSH_AFTER_MS))
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
    if (opening.length > 0 || settling.length > 0) schedule(hasFailed ? RETRY_AFTER_MS : FLUSH_AFTER_MS)
  })
}

/** @returns whether something has to be tried again */
async function flush(): Promise<boolean> {
  // Taken together: a record that is opened and settled while this flush waits must not be settled first.
  const opened = opening
  const settled = settling
  opening = []
  settling = []
  const stillClosed = await insertAll(opened)
  if (stillClosed.length > 0) {
    opening = [...stillClosed, ...opening]
    settling = [...settled, ...settling]
    return true
  }
  const byChat = Map.groupBy(settled, ({ item }) => item.chatId)
  const failed = (await Promise.all([...byChat].map(([chatId, each]) => settleChat(chatId, each)))).flat()
  settling = [...failed, ...settling]
  return failed.length > 0
}

/** @returns what could not be inserted yet */
async function insertAll(opened: Tried<OpenedRow>[]): Promise<Tried<OpenedRow>[]> {
  if (opened.length === 0) return []
  try {
    for (const [id, turnId] of await insertOpened(opened.map(({ item }) => item))) turns.set(id, turnId)
    return []
  } catch (error) {
    if (!isAboutData(error)) return again(opened, error)
    if (opened.length > 1) return (await Promise.all(opened.map((one) => insertAll([one])))).flat()
    log.error({ err: error }, 'A usage record could not be written')
    return []
  }
}

/** PostgreSQL took the statement and refuses a value: trying again would change nothing, and nobody else's row should wait for it. */
const isAboutData = (error: unknown): boolean => /^2[23]/.test((error as { code?: string } | null)?.code ?? '')

async function settleChat(chatId: string, settled: Tried<Settling>[]): Promise<Tried<Settling>[]> {
  const rows = settled.map(({ item }) => item.row)
  const facts = settled.flatMap(({ item }) => item.factsFor(turns.get(item.row.usageRecordId) ?? null))
  try {
    try {
      await updateSettled({ chatId, rows, facts })
    } catch (error) {
      // A chat that was deleted meanwhile loses its log, not its bill.
      if (!(error instanceof DomainError && error.code === 'chat.missing')) throw error
      await updateSettled({ chatId, rows, facts: [] })
    }
  } catch (error) {
    if (!isAboutData(error)) return again(settled, error)
    if (settled.length > 1) return (await Promise.all(settled.map((one) => settleChat(chatId, [one])))).flat()
    log.error({ err: error }, 'A usage record could not be settled')
  }
  for (const { usageRecordId } of rows) turns.delete(usageRecordId)
  return []
}

function again<T>(all: Tried<T>[], error: unknown): Tried<T>[] {
  const [kept, lost] = [all.filter(({ tries }) => tries < MAX_TRIES), all.filter(({ tries }) => tries >= MAX_TRIES)]
  if (all.some(({ tries }) => tries === 0)) log.warn({ err: error }, 'Usage records could not be written yet')
  if (lost.length > 0) log.error({ err: error, lost: lost.length }, 'Usage records were given up')
  return kept.map(({ item, tries }) => ({ item, tries: tries + 1 }))
}
