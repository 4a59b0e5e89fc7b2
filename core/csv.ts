/** Lines of CSV as RFC 4180 has them, which no spreadsheet takes for formulas. */

/** What makes a spreadsheet compute a cell instead of showing it, also after spaces, which some of them cut off. */
const FORMULA = /^\s*[=+\-@\t\r\n＝＋－＠]/

const cell = (value: string | number | null) => {
  const text = value === null ? '' : String(value)
  return `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`
}

export const csvLine = (values: readonly (string | number | null)[]): string => `${values.map(cell).join(',')}\r\n`
