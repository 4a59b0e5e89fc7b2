/**
 * Walks a chain entry by entry and says what was done to it behind the product's back.
 * Pure: `verify.ts` feeds it from the database and the anchor.
 *
 * An entry can be told to be edited, inserted or removed because three things hold it: its
 * own hash, the hash that its successor remembers, and its number, which is hashed too, so
 * that entries which were renumbered to close a gap or make room still know their place.
 */
import type { Anchor } from '#server/audit/anchor.ts'
import { digestOf, GENESIS, hashOf, type AuditLink } from '#server/audit/chain.ts'

/** Numbers are those that the entries had when they were written. */
export type Finding = { is: 'edited' | 'inserted'; seq: number } | { is: 'removed' | 'cut' | 'rewritten'; from: number; to: number }

/** So many entries may have been taken out in one place and the rest renumbered, for us to say how many. */
const RENUMBERED_AT_MOST = 10_000

export class Walk {
  readonly findings: Finding[] = []
  entries = 0
  #held: AuditLink | null = null
  #lastHash = GENESIS
  #lastSeq = 0
  /** How much higher the stored numbers are than those that were hashed. */
  #shift = 0
  readonly #suspects = new Set<number>()
  readonly #anchors: readonly Anchor[]
  #nextAnchor = 0
  #lastGoodAnchor = 0

  /** @param anchors in the order of their numbers */
  constructor(anchors: readonly Anchor[]) {
    this.#anchors = anchors
  }

  /** In the order of numbers. */
  add(link: AuditLink): void {
    if (this.#held) this.#judge(this.#held, link)
    this.#held = link
  }

  /** Says everything that was found. */
  end(): readonly Finding[] {
    if (this.#held) this.#judge(this.#held, null)
    this.#held = null
    const last = this.#lastSeq - this.#shift
    const lost = this.#anchors.at(-1)?.seq ?? 0
    if (lost > last) this.findings.push({ is: 'cut', from: last + 1, to: lost })
    return this.findings
  }

  #judge(link: AuditLink, next: AuditLink | null): void {
    this.entries += 1
    const gap = link.seq - this.#lastSeq - 1
    if (gap > 0) this.#lose(this.#lastSeq + 1 - this.#shift, gap)
    const isLinked = gap > 0 || link.previousHash.equals(this.#lastHash)
    const isPassedOver = gap === 0 && next?.seq === link.seq + 1 && next.previousHash.equals(this.#lastHash)
    this.#lastSeq = link.seq
    if (isPassedOver) {
      // Its successor follows the entry before it: nobody ever wrote this one.
      this.findings.push({ is: 'inserted', seq: link.seq })
      this.#shift += 1
      return
    }
    this.#weigh(link, { isLinked, next })
    this.#holdAgainstAnchors(link)
  }

  #weigh(link: AuditLink, { isLinked, next }: { isLinked: boolean; next: AuditLink | null }): void {
    const digest = digestOf(link)
    const fits = (place: number) => hashOf({ previousHash: link.previousHash, seq: place, digest }).equals(link.hash)
    const place = link.seq - this.#shift
    if (isLinked && fits(place)) {
      this.#lastHash = link.hash
      return
    }
    const missing = isLinked || fits(place) ? 0 : countUntil(RENUMBERED_AT_MOST, (count) => fits(place + count))
    if (missing > 0) {
      this.findings.push({ is: 'removed', from: place, to: place + missing - 1 })
      this.#shift -= missing
      this.#lastHash = link.hash
      return
    }
    // It is whole, and remembers another predecessor than the one that stands there.
    if (!isLinked && fits(place)) this.#suspect(place - 1)
    else if (!isLinked && next === null) this.findings.push({ is: 'inserted', seq: link.seq })
    else this.#suspect(place)
    this.#lastHash = isLinked || !fits(place) ? (next?.previousHash ?? link.hash) : link.hash
  }

  #lose(from: number, count: number): void {
    this.findings.push({ is: 'removed', from, to: from + count - 1 })
  }

  #suspect(seq: number): void {
    if (this.#suspects.has(seq)) return
    this.#suspects.add(seq)
    this.findings.push({ is: 'edited', seq })
  }

  /** A chain that is whole in itself may still not be the one that was written. */
  #holdAgainstAnchors({ seq, hash }: AuditLink): void {
    const place = seq - this.#shift
    for (let anchor = this.#anchors[this.#nextAnchor]; anchor && anchor.seq <= place; anchor = this.#anchors[++this.#nextAnchor]) {
      if (anchor.seq < place) continue
      if (anchor.hash.equals(hash)) this.#lastGoodAnchor = place
      else if (!this.#suspects.has(place)) this.#rewritten(place)
    }
  }

  #rewritten(to: number): void {
    const last = this.findings.at(-1)
    const from = this.#lastGoodAnchor + 1
    if (last?.is === 'rewritten' && last.from === from) last.to = to
    else this.findings.push({ is: 'rewritten', from, to })
  }
}

/** The first count from 1 that passes, or 0. */
function countUntil(most: number, passes: (count: number) => boolean): number {
  for (let count = 1; count <= most; count += 1) if (passes(count)) return count
  return 0
}
