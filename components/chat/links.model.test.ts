import { expect, it } from 'vitest'
import { whereLeads } from '#components/chat/links.model.ts'

it.each([
  ['https://example.com/a?b#c', 'https://example.com/a?b#c'],
  ['mailto:mei@example.com', 'mailto:mei@example.com'],
  ['javascript:alert(1)', null],
  [' JavaScript:alert(1)', null],
  ['data:text/html,x', null],
  ['vbscript:x', null],
  ['/connections', null],
  ['src/main.ts', null],
  ['//example.com', null],
  [undefined, null],
])('%j leads to %j', (href, where) => expect(whereLeads(href)).toBe(where))
