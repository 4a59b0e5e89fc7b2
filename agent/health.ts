/** The machine around us, as the nodes page shows it. */
import { statfsSync } from 'node:fs'
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os'
import type { NodeHealth } from '#core/nodes/health.ts'

/** `folder` is where workspaces lie. Null where the system does not tell. */
export function readHealth(folder: string): NodeHealth | null {
  try {
    const { bsize, blocks, bavail } = statfsSync(folder)
    return {
      cpus: availableParallelism(),
      load: loadavg()[0] ?? 0,
      memoryBytes: totalmem(),
      // What the kernel would give at once, caches included: Node asks for MemAvailable.
      freeMemoryBytes: freemem(),
      diskBytes: blocks * bsize,
      freeDiskBytes: bavail * bsize,
    }
  } catch {
    return null
  }
}
