/**
 * Where the next page of an export begins, as only the server can say it: whoever holds one has had the page before, so
 * that its export is in the log already. For one person, one filter, and a few minutes. From: `log-service.ts`.
 */
import { timingSafeEqual } from 'node:crypto'
import { vault } from '#server/connections/vault.ts'

const LASTS_MS = 15 * 60_000

/** Everything that makes one export: whose it is, and what it shows. */
export type ExportOf = readonly (string | boolean | null)[]

export function issueCursor(of: ExportOf, { afterSeq, nowMs }: { afterSeq: number; nowMs: number }): string {
  const place = `${afterSeq}.${nowMs + LASTS_MS}`
  return `${place}.${sign(of, place)}`
}

/** The number after which it goes on; null for what was not issued, not for this, or too long ago. */
export function readCursor(of: ExportOf, { cursor, nowMs }: { cursor: string; nowMs: number }): number | null {
  const [afterSeq, untilMs, signature] = cursor.split('.')
  const [told, meant] = [signature ?? '', sign(of, `${afterSeq}.${untilMs}`)].map((each) => Buffer.from(each!)) as [Buffer, Buffer]
  if (told.length !== meant.length || !timingSafeEqual(told, meant)) return null
  return Number(untilMs) < nowMs ? null : Number(afterSeq)
}

/** Under a key that all servers of this database have. */
const sign = (of: ExportOf, place: string): string => vault().fingerprint(JSON.stringify(['audit export', ...of, place]))
