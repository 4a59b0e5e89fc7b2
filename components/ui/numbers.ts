/** How numbers are written: money in millionths of a dollar, tokens, bytes, durations. Pure, and the same on server and browser. */

const whole = new Intl.NumberFormat('en-US')

export const formatCount = (count: number): string => whole.format(count)

/** 1.2k, 34k, 1.25M: at most three figures that matter. */
export function formatShort(count: number): string {
  const size = Math.abs(count)
  if (size < 1_000) return whole.format(Math.round(count))
  if (size < 999_500) return `${trim(count / 1_000)}k`
  if (size < 999_500_000) return `${trim(count / 1_000_000)}M`
  return `${trim(count / 1_000_000_000)}B`
}

/** From millionths of a dollar. Small amounts keep two figures that matter; what is too small to show reads "<$0.0001". */
export function formatMoney(micros: number | null): string {
  if (micros === null) return '—'
  const dollars = micros / 1_000_000
  const size = Math.abs(dollars)
  if (size === 0) return '$0.00'
  if (size < 0.0001) return '<$0.0001'
  if (size < 0.1) return `${dollars < 0 ? '−' : ''}$${size.toFixed(4)}`
  return new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' }).format(dollars)
}

/** For the axis of a chart, where there is room for few figures: $0, $0.35, $1.40, $22.5k. */
export function formatMoneyShort(micros: number): string {
  const dollars = micros / 1_000_000
  if (dollars === 0) return '$0'
  return dollars >= 1_000 ? `$${formatShort(dollars)}` : formatMoney(micros)
}

/** A price per million tokens. */
export const formatPrice = (microsPerMillion: number): string => `$${trim(microsPerMillion / 1_000_000)}`

export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`
  if (bytes < 1_024 ** 2) return `${trim(bytes / 1_024)} KB`
  if (bytes < 1_024 ** 3) return `${trim(bytes / 1_024 ** 2)} MB`
  return `${trim(bytes / 1_024 ** 3)} GB`
}

/** 340 ms, 4.2 s, 3 min 5 s, 2 h 10 min. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1_000) return `${Math.round(durationMs)} ms`
  const seconds = durationMs / 1_000
  if (seconds < 59.95) return `${trim(seconds)} s`
  const minutes = Math.floor(Math.round(seconds) / 60)
  if (minutes < 60) return joined(minutes, 'min', Math.round(seconds) % 60, 's')
  return joined(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
}

const joined = (big: number, bigUnit: string, small: number, smallUnit: string) =>
  small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`

const trim = (value: number) =>
  (Math.abs(value) < 10 ? Number(value.toFixed(2)) : Number(value.toFixed(Math.abs(value) < 100 ? 1 : 0))).toString()
