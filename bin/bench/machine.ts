/** On what was measured, and how much else it had to do. */
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'

export type Machine = { cores: number; processor: string; memoryGb: number; kernel: string; node: string; loadAverage: readonly number[] }

export const describeMachine = (): Machine => ({
  cores: availableParallelism(),
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  memoryGb: Math.round(totalmem() / 2 ** 30),
  kernel: `${process.platform} ${release()}`,
  node: process.version,
  loadAverage: loadavg().map((each) => Math.round(each * 100) / 100),
})

export const machineLine = ({ cores, processor, memoryGb, kernel, node }: Machine): string =>
  `${cores} cores of ${processor}, ${memoryGb} GB, ${kernel}, Node ${node}`
