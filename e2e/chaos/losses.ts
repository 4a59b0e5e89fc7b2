/** What gets lost on its way, each with the probability of one. Written by a run, read by its processes (`preload.ts`). */
import { renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

const probability = z.number().min(0).max(1).optional()
const Losses = z.object({
  /** A daemon's append, before it is handled. */
  request: probability,
  /** The answer to one that was stored. */
  acknowledgement: probability,
  /** What one server tells the others. */
  hint: probability,
  /** An append that takes a turn. */
  acceptance: probability,
  /** Nothing is lost, but a commit takes up to a second. */
  slowCommit: probability,
})
export type Losses = z.infer<typeof Losses>
export type Loss = Exclude<keyof Losses, 'acceptance' | 'slowCommit'>

export const readLosses = (text: string): Losses => Losses.parse(JSON.parse(text))

/** Whole or not at all, since it is read while it is written. */
export function writeLosses(file: string, losses: Losses): void {
  writeFileSync(`${file}.next`, JSON.stringify(losses))
  renameSync(`${file}.next`, file)
}
