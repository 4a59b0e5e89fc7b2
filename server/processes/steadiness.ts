/**
 * When this process may take others for gone. After a pause nobody may have been heard (the database was away, the machine
 * asleep), so whoever judges others has beaten without a break for longer than they may be silent.
 */

/** Who is silent for so long is taken for gone. */
export const SILENT_MS = 20_000
/** Longer than two beats are apart that follow each other. */
const BREAK_MS = 12_000

/** @returns to be called after each beat: whether others may be judged now */
export function steadinessFrom(startedMs: number): (nowMs: number) => boolean {
  let [sinceMs, lastMs] = [startedMs, startedMs]
  return (nowMs) => {
    if (nowMs - lastMs > BREAK_MS) sinceMs = nowMs
    lastMs = nowMs
    return nowMs - sinceMs >= SILENT_MS
  }
}
