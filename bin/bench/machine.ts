/** On what was measured, and how much else it had to do. */
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'

export type Machine = { cores: number; processor: string; memoryGb: number; kernel: string; node: string; loadAverage: string }

export const describeMachine = (): Machine => ({
  cores: availableParallelism(),
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  memoryGb: Math.round(totalmem() / 2 ** 30),
  kernel: `${process.platform} ${release()}`,
  node: process.version,
  loadAverage: loadAverage(),
})

/** Over 1, 5 and 15 minutes. */
export const loadAverage = (): string =>
  loadavg()
    .map((each) => each.toFixed(2))
    .join(' ')

export const machineLine = ({ cores, processor, memoryGb, kernel, node }: Machine): string =>
  `${cores} cores of ${processor}, ${memoryGb} GB, ${kernel}, Node ${node}`
