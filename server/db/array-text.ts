/**
 * Columns of many rows as PostgreSQL arrays, in the text form that the wire has anyway: what the driver makes of JavaScript
 * arrays costs more than the statement that they are for.
 */

/** Of what never needs quotes: numbers, UUIDs, instants as ISO 8601, words of an enum. */
export const plainArray = <T>(rows: readonly T[], pick: (row: T) => string | number | null): string =>
  `{${rows.map((row) => pick(row) ?? 'NULL').join(',')}}`

/** Of any text. */
export const textArray = <T>(rows: readonly T[], pick: (row: T) => string | null): string =>
  plainArray(rows, (row) => {
    const text = pick(row)
    return text === null ? null : `"${SPECIAL.test(text) ? text.replace(EACH_SPECIAL, '\\$&') : text}"`
  })

/** Of JSON as `JSON.stringify` writes it, whose own quotes are escaped as JSON would escape them. */
export const jsonArray = <T>(rows: readonly T[], pick: (row: T) => string | null): string =>
  plainArray(rows, (row) => {
    const json = pick(row)
    return json === null ? null : JSON.stringify(json)
  })

const SPECIAL = /["\\]/
const EACH_SPECIAL = /["\\]/g
