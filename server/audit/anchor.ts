/**
 * The chain's head, kept outside the database in `${home}/audit.anchor`: whoever cuts the
 * end of the chain off, or writes it anew, would have to find this file too.
 * A line is added after commits, a moment later and one for many. It may lag behind the
 * chain (a crash), never run ahead of it: only what is committed is written.
 * Next: `verify.ts` holds the chain against every line.
 */
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { pool } from '#server/db/client.ts'
import { log } from '#server/log.ts'

export type Anchor = Readonly<{ seq: number; hash: Buffer }>

const SOON_MS = 300
/** A transaction that is not committed after so many looks was rolled back, or will be seen at the next entry. */
const LOOKS = 5

const anchorFile = (home: string) => join(home, 'audit.anchor')

/** Entries of other processes (a proxy of its own, the command line) are found by looking. */
const LOOK_EVERY_MS = 30_000

type Anchoring = { home: string; wanted: number; looks: number; isCutTold: boolean; timer: NodeJS.Timeout | null; work: Promise<void> }
let anchoring: Anchoring | null = null

/** Called where the server is put together. Catches up on what a crash left without an anchor. Returns what stops it. */
export async function startAnchoring(home: string): Promise<() => Promise<void>> {
  const own: Anchoring = { home, wanted: 0, looks: 0, isCutTold: false, timer: null, work: Promise.resolve() }
  await shortenAnchor(home, { maxBytes: 1_000_000, keep: 1_000 }).catch(tell)
  await anchorNow(own)
  anchoring = own
  const regular = setInterval(() => look(own), LOOK_EVERY_MS)
  return async () => {
    if (anchoring === own) anchoring = null
    clearInterval(regular)
    if (own.timer) clearTimeout(own.timer)
    await own.work
    await anchorNow(own)
  }
}

/** An entry was appended by a transaction that is not committed yet. */
export function anchorSoon(seq: number): void {
  if (!anchoring) return
  anchoring.wanted = Math.max(anchoring.wanted, seq)
  anchoring.looks = 0
  look(anchoring)
}

function look(own: Anchoring): void {
  own.timer ??= setTimeout(() => {
    own.timer = null
    own.work = anchorNow(own).then((head) => {
      if (head < own.wanted && (own.looks += 1) < LOOKS && anchoring === own) look(own)
    })
  }, SOON_MS)
  own.timer.unref()
}

/** Nothing waits for the anchor: without it the log is as good as ever, but for its end. */
async function anchorNow(own: Anchoring): Promise<number> {
  try {
    const { head, anchored } = await writeAnchor(own.home)
    if (head < anchored && !own.isCutTold) {
      own.isCutTold = true
      log.error({ head, anchored }, 'The audit log ends before its anchor: run "gatehouse audit verify"')
    }
    return head
  } catch (error) {
    tell(error)
    return 0
  }
}

const tell = (error: unknown) => log.error({ err: error }, 'The head of the audit log could not be anchored')

/**
 * Adds the head of what is committed, if it is further than the last line. A chain that ends before its anchor was cut:
 * the lines stay, and `gatehouse audit verify` says so. Numbers are 0 where there is nothing.
 */
export async function writeAnchor(home: string): Promise<{ head: number; anchored: number }> {
  const { rows } = await pool().query<{ seq: string; hash: Buffer }>('select seq, hash from audit_entry order by seq desc limit 1')
  const head = { seq: Number(rows[0]?.seq ?? 0), hash: rows[0]?.hash }
  const file = anchorFile(home)
  const isNew = !existsSync(file)
  const end = isNew ? '' : endOf(file)
  const last = linesOf(end).at(-1)?.seq ?? 0
  if (head.seq > last && head.hash) {
    // In one write, which the system puts at the end whole, also beside another process. After half a line of a crash: on one of its own.
    const line = `${head.seq} ${head.hash.toString('hex')}\n`
    appendFileSync(file, end === '' || end.endsWith('\n') ? line : `\n${line}`, { mode: 0o600, flush: true })
    if (isNew) chmodSync(file, 0o600)
  }
  return { head: head.seq, anchored: Math.max(head.seq, last) }
}

/** The last lines. */
function endOf(file: string): string {
  const handle = openSync(file, 'r')
  try {
    const { size } = fstatSync(handle)
    const buffer = Buffer.alloc(Math.min(size, 512))
    readSync(handle, buffer, 0, buffer.length, size - buffer.length)
    return buffer.toString('latin1')
  } finally {
    closeSync(handle)
  }
}

/** Every line that is whole, in the order of numbers; null when there is no file. */
export function readAnchors(home: string): Anchor[] | null {
  const file = anchorFile(home)
  return existsSync(file) ? linesOf(readFileSync(file, 'latin1')).toSorted((a, b) => a.seq - b.seq) : null
}

const linesOf = (text: string): Anchor[] =>
  text
    .split('\n')
    .filter((line) => /^\d{1,15} [0-9a-f]{64}$/.test(line))
    .map((line) => ({ seq: Number(line.split(' ')[0]), hash: Buffer.from(line.split(' ')[1]!, 'hex') }))

/**
 * A line covers every entry before its own, so of many lines the last ones are enough, provided that all of them fit:
 * one that does not is evidence and stays.
 */
export async function shortenAnchor(home: string, { maxBytes, keep }: { maxBytes: number; keep: number }): Promise<void> {
  const file = anchorFile(home)
  if (!existsSync(file) || statSync(file).size <= maxBytes) return
  const lines = linesOf(readFileSync(file, 'latin1'))
  const { rows } = await pool().query<{ fits: boolean }>(
    `select bool_and(coalesce(e.hash = a.hash, false)) as fits
     from unnest($1::bigint[], $2::bytea[]) as a (seq, hash) left join audit_entry e using (seq)`,
    [lines.map((each) => each.seq), lines.map((each) => each.hash)],
  )
  if (!rows[0]!.fits) return
  const draft = `${file}.${process.pid}`
  writeFileSync(
    draft,
    lines
      .slice(-keep)
      .map(({ seq, hash }) => `${seq} ${hash.toString('hex')}\n`)
      .join(''),
    { mode: 0o600, flush: true },
  )
  renameSync(draft, file)
}
