/** A rule in words, and what there is to choose from. */
import type { PermissionRule } from '#core/projects/permission-rules.ts'
import type { Choice } from '#components/ui/select.tsx'

export const effectChoices: readonly Choice<PermissionRule['effect']>[] = [
  { value: 'allow', label: 'Yes' },
  { value: 'ask', label: 'Ask' },
  { value: 'deny', label: 'No' },
]

const kinds = {
  any: 'anything',
  execute: 'a command',
  read: 'reading a file',
  edit: 'changing a file',
  delete: 'deleting a file',
  move: 'moving a file',
  search: 'searching',
  fetch: 'fetching an address',
  think: 'going on',
  switch_mode: 'switching its mode',
  other: 'another tool',
} as const satisfies Record<PermissionRule['kind'], string>

export const kindChoices: readonly Choice<PermissionRule['kind']>[] = (Object.keys(kinds) as PermissionRule['kind'][]).map((value) => ({
  value,
  label: kinds[value].charAt(0).toUpperCase() + kinds[value].slice(1),
}))

const effects = { allow: 'Allowed', ask: 'A person is asked', deny: 'Denied' } as const satisfies Record<PermissionRule['effect'], string>

/** What a rule does, with the limits that a star has in it. */
export function meaningOf({ effect, kind, pattern }: PermissionRule): string {
  const wanted = pattern.trim()
  if (wanted === '') return 'A pattern is still missing: * stands for anything.'
  if (wanted === '*') return `${effects[effect]}: ${kinds[kind]}.`
  const what = `${effects[effect]}: ${kinds[kind]} like ${wanted}`
  if (effect !== 'allow') return `${what}, also as a part of it.`
  if (kind === 'execute') return `${what}. Not when more is chained to it, by ; & | and the like.`
  return kind === 'any' || kind === 'fetch' ? `${what}.` : `${what}, inside of the workspace.`
}

const deadlines: readonly (readonly [number, string])[] = [
  [15, '15 minutes'],
  [60, '1 hour'],
  [8 * 60, '8 hours'],
  [24 * 60, '1 day'],
  [7 * 24 * 60, '7 days'],
]

/** One that a script has set stays to be chosen. */
export const deadlineChoices = (minutes: number): Choice[] =>
  [...deadlines, ...(deadlines.some(([each]) => each === minutes) ? [] : [[minutes, `${minutes} minutes`] as const])]
    .toSorted(([a], [b]) => a - b)
    .map(([value, label]) => ({ value: String(value), label }))
