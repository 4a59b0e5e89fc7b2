import type { Outputs } from '#components/trpc/trpc.ts'
import type { Tone } from '#components/ui/tone.ts'

type Outcome = Outputs['usage']['records'][number]['outcome']

const looks: Readonly<Record<Outcome, { tone: Tone; word: string }>> = {
  completed: { tone: 'good', word: 'Completed' },
  aborted: { tone: 'quiet', word: 'Stopped' },
  open: { tone: 'busy', word: 'Under way' },
  failed: { tone: 'bad', word: 'Failed' },
  unknown: { tone: 'warn', word: 'End unknown' },
  refused: { tone: 'bad', word: 'Refused' },
}

/** How a metered request ended, in a word; a failure with the status that the provider gave. */
export function outcomeLook({ outcome, status }: { outcome: Outcome; status: number | null }): { tone: Tone; word: string } {
  const look = looks[outcome] ?? { tone: 'quiet' as const, word: outcome }
  return look.tone === 'bad' && status !== null ? { ...look, word: `${look.word}, ${status}` } : look
}
