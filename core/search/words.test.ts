import fc from 'fast-check'
import { expect, it } from 'vitest'
import { character } from '#core/testing-text.ts'
import { askedOf, snippetOf, tsqueryOf, wordsOf } from '#core/search/words.ts'

it.each([
  ['Fix parser.ts, now!', 'fix parser ts now'],
  ['snake_case and kebab-case', 'snake case and kebab case'],
  ['Café ÉTÉ Straße', 'cafe ete straße'],
  ['漢字かな', '漢 字 か な'],
  ['v2漢', 'v2 漢'],
  ['한국어 검색', '한국어 검색'],
  ['<b>bold</b> & \0 "quoted"', 'b bold b quoted'],
  [' … ', ''],
])('%s', (text, words) => expect(wordsOf(text)).toBe(words))

it.each([
  ['fix pars', `'fix':* & 'pars':*`],
  ['"exact words" more', `('exact' <-> 'words') & 'more':*`],
  ["o'clock | ! & <-> :*", `'o':* & 'clock':*`],
  ['“typographic marks”', `('typographic' <-> 'marks')`],
  ['"never closed', `('never' <-> 'closed')`],
  ['...', null],
])('asks %s', (query, tsquery) => expect(tsqueryOf(askedOf(query))).toBe(tsquery))

it('asks nothing that could mean something to PostgreSQL, whatever is typed', () => {
  fc.assert(
    fc.property(fc.string({ unit: character, maxLength: 60 }), (typed) => {
      const terms = tsqueryOf(askedOf(typed))?.split(/ & | <-> /) ?? []
      for (const term of terms) expect(term).toMatch(/^\(?'[^'\\\s]+'(:\*)?\)?$/)
    }),
  )
})

const marked = (text: string, query: string, chars?: number) =>
  snippetOf(text, askedOf(query), chars)
    .map((each) => (each.isHit ? `[${each.text}]` : each.text))
    .join('')

it('marks what was looked for, accents and case aside, and leaves markup as text', () => {
  expect(marked('Fix the <b>Parser</b> of café.', 'pars CAFE')).toBe('Fix the <b>[Parser]</b> of [café].')
  expect(marked('an exactly exact word', '"exact"')).toBe('an exactly [exact] word')
  expect(marked('line one\n\n  line two', 'two')).toBe('line one line [two]')
  expect(marked('nothing of it', 'else')).toBe('nothing of it')
})

it('shows the place where most of it stands', () => {
  const text = `${'alpha '.repeat(100)}then alpha beta together ${'omega '.repeat(100)}`
  expect(marked(text, 'beta alpha', 60)).toContain('[beta]')
})

it('takes pieces of the text and nothing else, wherever it cuts', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.string({ maxLength: 5 }), (text, query) => {
      const said = snippetOf(text, askedOf(query), 40)
        .map((each) => each.text)
        .join('')
      expect(said.length).toBeLessThanOrEqual(45)
      expect(said.isWellFormed()).toBe(true)
    }),
  )
})
