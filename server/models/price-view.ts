/** A price as it leaves the server. */
import type { Price } from '#core/models/model.ts'

/** Millionths of a US dollar per million tokens. */
export type PriceView = { inputMicros: number; outputMicros: number; cacheReadMicros: number; cacheWriteMicros: number }

export const describePrice = ({ input, output, cacheRead, cacheWrite }: Price): PriceView => ({
  inputMicros: input,
  outputMicros: output,
  cacheReadMicros: cacheRead,
  cacheWriteMicros: cacheWrite,
})
