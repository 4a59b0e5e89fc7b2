/** Waiting for what the world says of itself: asks again until it is so, or tells what it was instead. */
import { setTimeout as pause } from 'node:timers/promises'

/**
 * @param ask returns the awaited value, or null while it is not there yet
 * @param describe what is said when the deadline passes
 */
export async function until<T>(
  ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  { what, withinMs = 30_000, describe = () => '' }: { what: string; withinMs?: number; describe?: () => string },
): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const value = await ask()
    if (value !== null && value !== undefined && value !== false) return value
    if (Date.now() > deadline) throw new Error(`Waited ${withinMs} ms in vain: ${what}\n${describe()}`)
    await pause(50)
  }
}
