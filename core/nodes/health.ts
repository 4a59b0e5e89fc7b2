/** What a machine says of itself, beside its agents. All of it is shown; only the free disk decides anything. */
import { z } from 'zod'

export const NodeHealth = z.object({
  cpus: z.int().positive(),
  /** Of the last minute: how many processes wanted a processor. */
  load: z.number().nonnegative(),
  memoryBytes: z.int().nonnegative(),
  freeMemoryBytes: z.int().nonnegative(),
  /** Where workspaces lie. */
  diskBytes: z.int().nonnegative(),
  freeDiskBytes: z.int().nonnegative(),
})
export type NodeHealth = z.infer<typeof NodeHealth>

const LOW_DISK_BYTES = 2 * 2 ** 30
const LOW_DISK_SHARE = 0.02

/** Too little for another workspace: two gigabytes, or a fiftieth of a large disk. */
export const isLowOnDisk = (health: NodeHealth | null): boolean =>
  health !== null && health.diskBytes > 0 && health.freeDiskBytes < Math.max(LOW_DISK_BYTES, health.diskBytes * LOW_DISK_SHARE)
