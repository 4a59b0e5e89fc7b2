import { expect, it, vi } from 'vitest'
import { repeatable } from '#agent/repeat.ts'

it('runs once more for all that was asked while it ran, also at its very end', async () => {
  const ends: (() => void)[] = []
  const work = vi.fn<() => Promise<void>>(() => new Promise((resolve) => ends.push(resolve)))
  const ask = repeatable(work, () => {})
  ask()
  ask()
  ask()
  expect(work).toHaveBeenCalledTimes(1)
  ends[0]!()
  await vi.waitFor(() => expect(work).toHaveBeenCalledTimes(2))
  // Each breath of the run's end is a moment at which somebody may ask.
  for (let breaths = 0; breaths < 6; breaths += 1) {
    const before = work.mock.calls.length
    ends.at(-1)!()
    for (let each = 0; each < breaths; each += 1) await Promise.resolve()
    ask()
    await vi.waitFor(() => expect(work).toHaveBeenCalledTimes(before + 1))
  }
})

it('goes on after a failure', async () => {
  const failures: unknown[] = []
  let calls = 0
  const ask = repeatable(
    async () => {
      calls += 1
      if (calls === 1) throw new Error('first')
    },
    (error) => failures.push(error),
  )
  ask()
  await vi.waitFor(() => expect(failures).toHaveLength(1))
  ask()
  await vi.waitFor(() => expect(calls).toBe(2))
})
