import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { edited, editsOf, mutations, type Mutation } from '#e2e/chaos/edits.ts'

const root = resolve(import.meta.dirname, '../..')

describe('the edits', () => {
  it.each([null, ...(Object.keys(mutations) as Mutation[])])('fit the source (mutation %s)', (mutation) => {
    const edits = editsOf(mutation)
    for (const file of new Set(edits.map((edit) => edit.file))) {
      const source = readFileSync(resolve(root, file), 'utf8')
      expect(edited(source, file, edits)).not.toBe(source)
    }
  })

  it('refuse a source that says something else, or says it twice', () => {
    const edit = { file: 'a.ts', find: 'one', put: 'two' }
    expect(edited('one', 'a.ts', [edit])).toBe('two')
    expect(edited('one', 'b.ts', [edit])).toBe('one')
    expect(() => edited('none', 'c.ts', [{ ...edit, file: 'c.ts', find: 'some' }])).toThrow('0 times')
    expect(() => edited('one one', 'a.ts', [edit])).toThrow('2 times')
  })
})
