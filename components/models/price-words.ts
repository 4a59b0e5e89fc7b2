/** What a model costs, as every menu and list says it. Nothing known is never a zero. */
import { formatPrice } from '#components/ui/numbers.ts'

/** Millionths of a US dollar per million tokens. */
export type PriceMicros = { inputMicros: number; outputMicros: number; cacheReadMicros: number; cacheWriteMicros: number }

export const isFree = (price: PriceMicros): boolean => Object.values(price).every((each) => each === 0)

/** "$2 in, $10 out per 1M", "free", or "no price". */
export function priceWords(price: PriceMicros | null): string {
  if (!price) return 'no price'
  return isFree(price) ? 'free' : `${formatPrice(price.inputMicros)} in, ${formatPrice(price.outputMicros)} out per 1M`
}
