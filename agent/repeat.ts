/**
 * Runs `work` once for any number of calls that come while it runs, and once more for
 * those: what was asked for during a run is never taken for done by it.
 */
export function repeatable(work: () => Promise<void>, onError: (error: unknown) => void): () => void {
  let isRunning = false
  let isWanted = false
  async function run(): Promise<void> {
    isRunning = true
    do {
      isWanted = false
      await work().catch(onError)
    } while (isWanted)
    // In the same breath as the last look, so that no call falls in between.
    isRunning = false
  }
  return () => {
    isWanted = true
    if (!isRunning) void run()
  }
}
