import { describe, expect, it } from 'vitest'
import {
  narrowed,
  readAddress,
  reportInput,
  sayBefore,
  saySpan,
  without,
  writeAddress,
  type UsageAddress,
} from '#components/usage/address.model.ts'

const first: UsageAddress = { view: 'spending', span: '30', by: 'model', stack: 'model', measure: null, sort: null, filter: {} }
const full: UsageAddress = {
  view: 'caches',
  span: { from: '2026-03-01', to: '2026-03-31' },
  by: 'chat',
  stack: 'member',
  measure: 'tokens',
  sort: { key: 'cached', isDescending: false },
  filter: { project: 'p&1=?', member: '', model: '(private)' },
}

it.each([first, full])('says everything in an address %#', (address) => {
  expect(readAddress(new URLSearchParams(writeAddress(address)))).toEqual(address)
})

it('is short for what is usual, and reads nonsense as that', () => {
  expect(writeAddress(first)).toBe('')
  const odd = new URLSearchParams({ view: 'x', span: '31', by: 'x', stack: 'day', measure: 'x', sort: 'x.up', chat: 'a'.repeat(201) })
  expect(readAddress(odd)).toEqual(first)
})

describe('a row leads', () => {
  it('to itself as a filter, and to what is worth asking next', () => {
    expect(narrowed({ ...first, by: 'project', sort: full.sort }, 'p')).toEqual({ ...first, by: 'chat', filter: { project: 'p' } })
    expect(narrowed({ ...first, filter: { chat: 'c', member: 'm' } }, 'gpt')).toMatchObject({
      by: 'project',
      filter: { chat: 'c', member: 'm', model: 'gpt' },
    })
    expect(narrowed({ ...first, filter: { chat: 'c', member: 'm', project: 'p' } }, 'gpt')).toMatchObject({ by: 'day' })
  })
  it('from a day to that day', () => {
    expect(narrowed({ ...first, by: 'day' }, '2026-03-02')).toEqual({
      ...first,
      by: 'chat',
      span: { from: '2026-03-02', to: '2026-03-02' },
    })
  })
  it('and back', () => expect(without(full, 'member').filter).toEqual({ project: 'p&1=?', model: '(private)' }))
})

it('asks for the span and for the one before it', () => {
  expect(reportInput({ ...first, span: '7' }, '2026-03-10')).toEqual({
    from: '2026-03-04',
    to: '2026-03-10',
    filter: {},
    by: 'model',
    stack: 'model',
    measure: 'cost',
    before: { from: '2026-02-25', to: '2026-03-03' },
  })
})

it.each([
  [{ from: '2026-03-03', to: '2026-03-03' }, '3 Mar 2026'],
  [{ from: '2026-03-01', to: '2026-03-31' }, '1–31 Mar 2026'],
  [{ from: '2026-02-27', to: '2026-03-03' }, '27 Feb – 3 Mar 2026'],
  [{ from: '2025-12-30', to: '2026-01-02' }, '30 Dec 2025 – 2 Jan 2026'],
])('says %j', (span, words) => expect(saySpan(span)).toBe(words))

it.each([
  ['month', 'in 1–10 Feb 2026'],
  ['7', 'in the 7 days before'],
  [{ from: '2026-03-03', to: '2026-03-03' }, 'on 2 Mar 2026'],
] as const)('says what %j is compared with', (choice, words) => expect(sayBefore(choice, '2026-03-10')).toBe(words))
