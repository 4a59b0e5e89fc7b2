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

type Anchoring = { home: string; anchored: number; wanted: number; looks: number; timer: NodeJS.Timeout | null; work: Promise<void> }
let anchoring: Anchoring | null = null

/** Called where the server is put together. Catches up on what a crash left without an anchor. Returns what stops it. */
export async function startAnchoring(home: string): Promise<() => Promise<void>> {
  await shortenAnchor(home, { maxBytes: 1_000_000, keep: 1_000 })
  const own: Anchoring = { home, anchored: await writeAnchor(home), wanted: 0, looks: 0, timer: null, work: Promise.resolve() }
  anchoring = own
  return async () => {
    if (anchoring === own) anchoring = null
    if (own.timer) clearTimeout(own.timer)
    await own.work
    await writeAnchor(home)
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
    own.work = writeAnchor(own.home).then(
      (anchored) => {
        own.anchored = anchored
        if (own.anchored < own.wanted && (own.looks += 1) < LOOKS && anchoring === own) look(own)
      },
      (error: unknown) => log.error({ err: error }, 'The head of the audit log could not be anchored'),
    )
  }, SOON_MS)
  own.timer.unref()
}

/**
 * Adds the head of what is committed, if it is further than the last line. A chain that ends before its anchor was cut:
 * the lines stay, and `gatehouse audit verify` says so. Returns the head's number, 0 for an empty chain.
 */
export async function writeAnchor(home: string): Promise<number> {
  const { rows } = await pool().query<{ seq: string; hash: Buffer }>('select seq, hash from audit_entry order by seq desc limit 1')
  const head = { seq: Number(rows[0]?.seq ?? 0), hash: rows[0]?.hash }
  const file = anchorFile(home)
  const isNew = !existsSync(file)
  const end = isNew ? '' : endOf(file)
  const last = linesOf(end).at(-1)?.seq ?? 0
  if (head.seq < last) log.error({ head: head.seq, anchored: last }, 'The audit log ends before its anchor: run "gatehouse audit verify"')
  if (head.seq > last && head.hash) {
    // In one write, which the system puts at the end whole, also beside another process. After half a line of a crash: on one of its own.
    const line = `${head.seq} ${head.hash.toString('hex')}\n`
    appendFileSync(file, end === '' || end.endsWith('\n') ? line : `\n${line}`, { mode: 0o600, flush: true })
    if (isNew) chmodSync(file, 0o600)
  }
  return head.seq
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
