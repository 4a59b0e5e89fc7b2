import { expect, it } from 'vitest'
import type { ChangedFile } from '#core/chat/events.ts'
import { changeLines, totalsOf } from '#components/chat/changes.model.ts'

const changed = (path: string, added = 1, removed = 0): ChangedFile => ({ path, status: 'modified', added, removed, isBinary: false })
const drawn = (files: ChangedFile[], collapsed: string[] = []) =>
  changeLines(files, new Set(collapsed)).map((line) =>
    line.is === 'folder'
      ? `${'  '.repeat(line.depth)}${line.name}/ ${line.files} +${line.added} -${line.removed}`
      : `${'  '.repeat(line.depth)}${line.name}`,
  )

it('puts folders before files and joins folders that hold one thing', () => {
  expect(
    drawn([changed('readme.md'), changed('src/chat/b.ts', 2, 1), changed('src/chat/a.ts', 3, 4), changed('.github/workflows/ci.yml')]),
  ).toEqual(['.github/workflows/ 1 +1 -0', '  ci.yml', 'src/chat/ 2 +5 -5', '  a.ts', '  b.ts', 'readme.md'])
})

it('does not join past a folder that has files of its own', () => {
  expect(drawn([changed('src/main.ts'), changed('src/deep/down/x.ts')])).toEqual([
    'src/ 2 +2 -0',
    '  deep/down/ 1 +1 -0',
    '    x.ts',
    '  main.ts',
  ])
})

it('leaves out what lies in a collapsed folder but counts it', () => {
  expect(drawn([changed('src/a.ts'), changed('src/b.ts')], ['src'])).toEqual(['src/ 2 +2 -0'])
})

it('sorts numbers as numbers, and survives names of any script', () => {
  expect(drawn([changed('file10'), changed('file9'), changed('資料/文字.txt')])).toEqual(['資料/ 1 +1 -0', '  文字.txt', 'file9', 'file10'])
})

it('adds up', () => {
  expect(totalsOf([changed('a', 3, 1), changed('b', 0, 7)])).toEqual({ files: 2, added: 3, removed: 8 })
  expect(totalsOf([])).toEqual({ files: 0, added: 0, removed: 0 })
})
