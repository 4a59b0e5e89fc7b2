/**
 * The chain's head, kept outside the database in `${home}/audit.anchor`: whoever cuts the
 * end of the chain off, or writes it anew, would have to find this file too.
 * A line is added after commits, a moment later and one for many. It may lag behind the
 * chain (a crash), never run ahead of it: only what is committed is written.
 * Next: `verify.ts` holds the chain against every line.
 */
import { appendFileSync, chmodSync, existsSync, readFileSync } from 'node:fs'
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

/** Adds the head of what is committed, unless the last line says it already. Returns the head's number, 0 for an empty chain. */
export async function writeAnchor(home: string): Promise<number> {
  const { rows } = await pool().query<{ seq: string; hash: Buffer }>('select seq, hash from audit_entry order by seq desc limit 1')
  const head = rows[0]
  if (!head) return 0
  const line = `${head.seq} ${head.hash.toString('hex')}`
  const file = anchorFile(home)
  const isNew = !existsSync(file)
  const text = isNew ? '' : readFileSync(file, 'utf8')
  if (text.trimEnd().split('\n').at(-1) !== line) {
    // In one write, which the system puts at the end whole, also beside another process. After half a line of a crash: on one of its own.
    appendFileSync(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`, { mode: 0o600, flush: true })
    if (isNew) chmodSync(file, 0o600)
  }
  return Number(head.seq)
}

/** Every line that is whole, in the order of numbers; null when there is no file. */
export function readAnchors(home: string): Anchor[] | null {
  if (!existsSync(anchorFile(home))) return null
  return readFileSync(anchorFile(home), 'utf8')
    .split('\n')
    .filter((line) => /^\d{1,15} [0-9a-f]{64}$/.test(line))
    .map((line) => ({ seq: Number(line.split(' ')[0]), hash: Buffer.from(line.split(' ')[1]!, 'hex') }))
    .toSorted((a, b) => a.seq - b.seq)
}
