/**
 * The runs behind workspace tokens, kept, since an agent asks often, and confirmed again and again by one statement for
 * all. A revocation acts within five seconds, whether or not anybody heard of it, and cuts streams that are open.
 * Next: `run.ts` makes of a row what a request needs.
 */
import { tokenHashName } from '#server/db/mint.ts'
import { log } from '#server/log.ts'
import { forgetAllBut, runOf, type ProxiedRun } from '#server/proxy/run.ts'
import { findLiveRun, findLiveRuns, type RunRow } from '#server/proxy/store.ts'

/** After this an unconfirmed run is asked for by itself: a recheck that fails or is late must not prolong anything. */
const KEPT_MS = 4_000
const KEPT_MAX = 10_000
/** A run that asks for nothing is not kept for longer, and neither is its key. */
const IDLE_MS = 60_000

type Kept = {
  run: ProxiedRun
  /** Of which it was made, to see a change. */
  row: RunRow
  /** Nothing that happened before this is missing in it. */
  confirmedMs: number
  usedMs: number
}

/** By the token's hash: the token itself is nowhere kept. */
const kept = new Map<string, Kept>()
const loading = new Map<string, Promise<ProxiedRun | 'unreadable' | null>>()
/** Raised by every word of a change, so that what was read before it is not taken for confirmed after it. */
let changes = 0

function hearOfChange(): void {
  changes += 1
  loading.clear()
}

/**
 * Null when the token is unknown, or what it stood for has ended; nobody outside learns which.
 * At once for a run that is kept; before the database is asked for another, `mayAsk` must agree.
 */
export function findRun(
  token: string,
  mayAsk: () => boolean = () => true,
): ProxiedRun | Promise<ProxiedRun | 'unreadable' | null> | 'not-asked' {
  const name = tokenHashName(token)
  const known = kept.get(name)
  const nowMs = Date.now()
  if (known && nowMs - known.confirmedMs < KEPT_MS) {
    known.usedMs = nowMs
    return known.run
  }
  const asked = loading.get(name)
  if (!asked && !mayAsk()) return 'not-asked'
  const found = asked ?? load(name)
  loading.set(name, found)
  return found
}

async function load(name: string): Promise<ProxiedRun | 'unreadable' | null> {
  const [before, nowMs] = [changes, Date.now()]
  try {
    const row = await findLiveRun(Buffer.from(name, 'base64'))
    const run = row && (await runOf(row))
    // Only what may spend is worth remembering, and only if nothing was said meanwhile.
    if (row && run && run !== 'unreadable' && before === changes) keep(name, { run, row, confirmedMs: nowMs, usedMs: nowMs })
    return run
  } finally {
    if (before === changes) loading.delete(name)
  }
}

function keep(name: string, entry: Kept): void {
  kept.delete(name)
  kept.set(name, entry)
  if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value!)
}

// --- revocation --------------------------------------------------------------------------------------------

/** What is under way for each run, and how to end it. */
const underWay = new Map<string, Set<Cut>>()

/** Ends one exchange; the words are for the agent. */
type Cut = (why: string) => void

/** @returns to be called when the exchange is over */
export function watch(runId: string, cut: Cut): () => void {
  const cuts = underWay.get(runId) ?? new Set()
  underWay.set(runId, cuts.add(cut))
  return () => {
    cuts.delete(cut)
    if (cuts.size === 0 && underWay.get(runId) === cuts) underWay.delete(runId)
  }
}

/** The run may spend no more: at once, streams that are open included. For whoever ends a run. */
export function forgetRun(runId: string): void {
  hearOfChange()
  for (const [name, { run }] of kept) if (run.runId === runId) kept.delete(name)
  for (const cut of underWay.get(runId) ?? []) cut('This run has ended in Gatehouse.')
}

/** Before this process goes: whoever still listens is told why the stream ends. */
export function cutEverything(): void {
  for (const cuts of underWay.values()) for (const cut of cuts) cut('Gatehouse is restarting.')
}

/**
 * Ends what is under way for runs whose right to spend has ended by other hands: a removed member, a replaced key. For
 * whoever hears of a change: no request that comes after is served by what was known before.
 */
export async function recheckRuns(): Promise<void> {
  hearOfChange()
  for (const entry of kept.values()) entry.confirmedMs = 0
  await recheck()
}

let rechecking: Promise<void> = Promise.resolve()
let next: Promise<void> | null = null

/** One at a time; whoever asks while one is under way gets the next one, since that one may have missed what they heard. */
function recheck(): Promise<void> {
  next ??= rechecking
    .catch(() => {})
    .then(() => {
      next = null
      return (rechecking = confirmAll())
    })
  return next
}

async function confirmAll(): Promise<void> {
  const [before, nowMs] = [changes, Date.now()]
  for (const [name, { usedMs }] of kept) if (nowMs - usedMs > IDLE_MS) kept.delete(name)
  const entries = [...kept]
  forgetAllBut(entries.map(([, { row }]) => row))
  const watched = [...underWay.keys()]
  const asked = new Set([...watched, ...entries.map(([, { row }]) => row.runId)])
  if (asked.size === 0) return
  const live = await findLiveRuns([...asked])
  for (const [name, entry] of entries) {
    if (kept.get(name) !== entry) continue
    const row = live.get(entry.row.runId)
    if (!row || !isSame(row, entry.row)) kept.delete(name)
    else if (before === changes) entry.confirmedMs = nowMs
  }
  for (const runId of watched) if (!live.has(runId)) forgetRun(runId)
}

const isSame = (one: RunRow, other: RunRow): boolean => (Object.keys(one) as (keyof RunRow)[]).every((key) => one[key] === other[key])

const RECHECK_MS = 2_500

/** @returns to stop it */
export function recheckRegularly(): () => void {
  const timer = setInterval(() => {
    recheck().catch((error: unknown) => log.warn({ err: error }, 'Open model requests could not be checked'))
  }, RECHECK_MS)
  timer.unref()
  return () => clearInterval(timer)
}
