import fc from 'fast-check'
import { expect, it } from 'vitest'
import { character } from '#core/testing-text.ts'
import { nouns, primitiveOf, primitivePath } from '#components/advanced/primitive-path.ts'

const awkward = [
  'a/b',
  '..',
  '.',
  '~..',
  '~~.',
  '...',
  '%2E%2E',
  '%',
  '+',
  '=',
  '?',
  '#',
  ' ',
  '\\',
  '👩‍👩‍👧',
  'مفتاح',
  'e\u0301',
  '~',
  '..~',
  'x.rsc',
  '.rsc',
]

it('leads there and back for any text, through whoever reads the URL', () => {
  const id = fc.oneof(fc.constantFrom(...awkward), fc.string({ unit: character, minLength: 1, maxLength: 200 }))
  fc.assert(
    fc.property(fc.constantFrom(...nouns), id, (noun, text) => {
      const path = primitivePath({ noun, id: text })
      // A browser parses what it is given, and must find nothing to make shorter.
      const { pathname, search, hash } = new URL(path, 'http://gatehouse.example')
      expect([pathname, search, hash]).toEqual([path, '', ''])
      const [, , , asked, segment] = pathname.split('/')
      expect(primitiveOf(asked!, segment!)).toEqual({ noun, id: text })
    }),
  )
})

it('knows no other nouns, and no broken encoding', () => {
  expect(primitiveOf('secrets', 'a')).toBe(null)
  expect(primitiveOf('credentials', '%E0%A4%A')).toBe(null)
})
