/**
 * Proves the audit log: the chain of the database, in pages, against itself and against
 * the anchor outside of it. Next: `walk.ts`, which weighs each entry.
 */
import { readAnchors } from '#server/audit/anchor.ts'
import { readLinks } from '#server/audit/store.ts'
import { Walk, type Finding } from '#server/audit/walk.ts'

const PAGE = 1_000

/** `anchoredTo` is the last entry that the anchor names; null when this data folder has no anchor. */
export type Verification = { entries: number; anchoredTo: number | null; findings: readonly Finding[] }

export async function verifyAuditLog({ home }: { home: string }): Promise<Verification> {
  // Before the chain, which goes on meanwhile.
  const anchors = readAnchors(home)
  const walk = new Walk(anchors ?? [])
  for (let afterSeq = 0; ;) {
    const page = await readLinks({ afterSeq, limit: PAGE })
    for (const link of page) walk.add(link)
    if (page.length < PAGE) break
    afterSeq = page.at(-1)!.seq
  }
  const findings = walk.end()
  return { entries: walk.entries, anchoredTo: anchors && (anchors.at(-1)?.seq ?? 0), findings }
}
