import { priceWords } from '#components/models/price-words.ts'
import { formatShort } from '#components/ui/numbers.ts'
import type { Outputs } from '#components/trpc/trpc.ts'
import type { Choice } from '#components/ui/select.tsx'

type Connection = Pick<Outputs['connections']['list'][number], 'harness' | 'name' | 'resolution'>
type Model = Outputs['models']['list']['models'][number]

const notes = { active: undefined, missing: 'Not connected', disabled: 'Switched off', broken: 'Needs a new credential' } as const

/** The agents to choose from, those that can start at once first. */
export function harnessChoices(connections: readonly Connection[]): Choice[] {
  return [...connections]
    .sort((a, b) => Number(b.resolution.state === 'active') - Number(a.resolution.state === 'active'))
    .map(({ harness, name, resolution }) => ({ value: harness, label: name, note: notes[resolution.state] }))
}

/** The wish while it can still be had, else the first agent that is ready, else the first. */
export function chosenHarness({ wish, connections }: { wish: string | null; connections: readonly Connection[] }): string | null {
  if (wish && connections.some((each) => each.harness === wish)) return wish
  return harnessChoices(connections)[0]?.value ?? null
}

/** The model menu. Retired models are not offered; a model says what it costs per million tokens in and out. */
export function modelChoices(models: readonly Model[]): Choice[] {
  return models
    .filter((each) => each.lifecycle !== 'retired')
    .map((each) => ({
      value: each.id,
      label: each.name,
      note: [priceWords(each.price), `${formatShort(each.contextTokens)} context`, each.lifecycle === 'legacy' ? 'legacy' : null]
        .filter(Boolean)
        .join(' · '),
    }))
}

/** Prompts for whoever does not know what to ask first. */
export const startersFor = ({ hasRepository }: { hasRepository: boolean }): readonly string[] =>
  hasRepository
    ? [
        'Give me a tour: what is in this repository, and how is it run?',
        'Find the riskiest piece of code here and explain why.',
        'Write the README that a newcomer needs.',
      ]
    : [
        'Make a small web page that greets the team, in one file.',
        'Write a script that renames photos by the date they were taken.',
        'Interview me about what I want to build, then write a plan.',
      ]
