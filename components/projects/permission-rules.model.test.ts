import { expect, it } from 'vitest'
import { deadlineChoices, meaningOf } from '#components/projects/permission-rules.model.ts'

it.each([
  [
    { effect: 'allow', kind: 'execute', pattern: 'npm test*' },
    'Allowed: a command like npm test*. Not when more is chained to it, by ; & | and the like.',
  ],
  [{ effect: 'deny', kind: 'execute', pattern: 'rm *' }, 'Denied: a command like rm *, also as a part of it.'],
  [{ effect: 'allow', kind: 'edit', pattern: 'src/*' }, 'Allowed: changing a file like src/*, inside of the workspace.'],
  [{ effect: 'ask', kind: 'any', pattern: ' * ' }, 'A person is asked: anything.'],
  [{ effect: 'ask', kind: 'any', pattern: '' }, 'A pattern is still missing: * stands for anything.'],
] as const)('%j', (rule, words) => expect(meaningOf(rule)).toBe(words))

it('offers the deadline that stands, whatever it is', () => {
  expect(deadlineChoices(60).map((each) => each.value)).toEqual(['15', '60', '480', '1440', '10080'])
  expect(deadlineChoices(90)[2]).toEqual({ value: '90', label: '90 minutes' })
})
