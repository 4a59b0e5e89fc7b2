import { expect, it } from 'vitest'
import { acts } from '#core/audit/acts.ts'
import { byDay, EVERY, factLines, filterOf, jsonDocument, nounChoices, personChoices } from '#components/audit/audit.model.ts'

it('offers every noun once, each with a name', () => {
  const offered = nounChoices.map((each) => each.value)
  expect(new Set(offered).size).toBe(offered.length)
  expect(acts.every((act) => offered.includes(act.split('.')[0]!))).toBe(true)
  expect(nounChoices.every((each) => /^[A-Z]/.test(each.label))).toBe(true)
})

it('asks for what is chosen alone', () => {
  expect(filterOf({ noun: EVERY, actorId: EVERY, subject: null })).toEqual({})
  expect(filterOf({ noun: 'connection', actorId: 'u1', subject: { kind: 'connection', id: 'c/1' } })).toEqual({
    act: 'connection',
    actorId: 'u1',
    subject: 'c/1',
  })
  expect(personChoices([{ userId: 'u1', name: 'Ada' }]).map((each) => each.value)).toEqual([EVERY, 'u1', 'system'])
})

it('groups by the day of the reader', () => {
  const entries = [{ at: '2026-03-02T00:30:00.000Z' }, { at: '2026-03-01T23:30:00.000Z' }, { at: '2026-03-01T01:00:00.000Z' }]
  expect(byDay(entries, 'UTC').map((each) => [each.day, each.entries.length])).toEqual([
    ['Monday 2 March 2026', 1],
    ['Sunday 1 March 2026', 2],
  ])
  expect(byDay(entries, 'Europe/Berlin').map((each) => each.entries.length)).toEqual([2, 1])
})

it('shows the facts that say something', () => {
  expect(factLines({ credentialName: 'Key', none: null, empty: '', count: 0, isOpen: false })).toEqual([
    ['Credential name', 'Key'],
    ['Count', '0'],
    ['Is open', 'false'],
  ])
})

it('makes one document of lines', () => {
  expect(JSON.parse(jsonDocument('{"a":1}\n{"a":2}\n'))).toEqual([{ a: 1 }, { a: 2 }])
  expect(JSON.parse(jsonDocument(''))).toEqual([])
})
