/** Texts of any characters, for properties. */
import fc from 'fast-check'

/** Any character but halves of pairs. fast-check's own unit `binary` first lists them all, for seconds. */
export const character = fc
  .integer({ min: 0, max: 0x10_ffff })
  .filter((point) => point < 0xd8_00 || point > 0xdf_ff)
  .map((point) => String.fromCodePoint(point))
