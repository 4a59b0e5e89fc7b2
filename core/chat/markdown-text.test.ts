import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeSpan, fenced, folded, inline, quoted } from '#core/chat/markdown-text.ts'

it('fences with more than any fence inside', () => {
  expect(fenced('plain', 'ts')).toBe('```ts\nplain\n```')
  expect(fenced('a\n````\nb')).toBe('`````\na\n````\nb\n`````')
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('`', '\n', 'a', '~', ' ') }), (text) => {
      const lines = fenced(text).split('\n')
      const closing = lines.findIndex((line, at) => at > 0 && line.trim().startsWith(lines[0]!))
      expect(closing).toBe(lines.length - 1)
    }),
  )
})

describe('a quotation', () => {
  it('holds every line', () => {
    expect(quoted('# Ada\n\n```\nnever closed')).toBe('> # Ada\n>\n> ```\n> never closed')
  })
  it('has no HTML but in code', () => {
    expect(quoted('a <b> </details>\n```html\n<p>\n```\n<!-- -->')).toBe('> a &lt;b> &lt;/details>\n> ```html\n> <p>\n> ```\n> &lt;!-- -->')
    expect(quoted('1 < 2')).toBe('> 1 < 2')
  })
  it.each([
    ['a fence in a list', '- x\n  ```\n</blockquote>'],
    ['one that ends in a list', '1. ```\n   ```\n</blockquote>'],
    ['one that is no fence', '``` a ` b\n</blockquote>'],
    ['one inside another quotation', '> ```\n</blockquote>'],
    ['one that is closed by a longer one', '```\n````\n</blockquote>'],
    ['one that an indented one closes', '```\n   ```\n</blockquote>'],
    ['or a tab before it', '~~~\n\t~~~\n</blockquote>'],
    ['one that the other kind does not close', '```\n~~~\n```\n</blockquote>'],
    ['a return that some take for a new line', '```\r```\r</blockquote>'],
  ])('is not left through %s', (_, text) => {
    expect(quoted(text)).not.toMatch(/^> <\/blockquote>/m)
  })
})

it('says names and titles in one line without a meaning', () => {
  expect(inline('# [x](y) *b*\n<i>')).toBe(String.raw`\# \[x\]\(y\) \*b\* \<i\>`)
  expect(codeSpan('a`b')).toBe('``a`b``')
  expect(codeSpan('`a`\n')).toBe('`` `a` ``')
  expect(folded('</summary> & <b>', 'body')).toBe('<details>\n<summary>&lt;/summary&gt; &amp; &lt;b&gt;</summary>\n\nbody\n\n</details>')
})
