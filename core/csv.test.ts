import { expect, it } from 'vitest'
import { csvLine } from '#core/csv.ts'

it.each([
  ['plain', '"plain"'],
  ['a "quoted", line\nand more', '"a ""quoted"", line\nand more"'],
  ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
  ['+1', `"'+1"`],
  ['-1', `"'-1"`],
  ['@x', `"'@x"`],
  ['\t=1', `"'\t=1"`],
  [' =1', `"' =1"`],
  ['＝1', `"'＝1"`],
  [null, '""'],
  [12, '"12"'],
])('writes %j', (value, expected) => {
  expect(csvLine([value])).toBe(`${expected}\r\n`)
})
