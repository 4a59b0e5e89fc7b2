import type { Tone } from '#components/ui/tone.ts'

const looks: Readonly<Record<string, { tone: Tone; word: string }>> = {
  completed: { tone: 'good', word: 'Completed' },
  aborted: { tone: 'quiet', word: 'Stopped' },
  cancelled: { tone: 'quiet', word: 'Stopped' },
  open: { tone: 'busy', word: 'Under way' },
  failed: { tone: 'bad', word: 'Failed' },
  refused: { tone: 'bad', word: 'Refused' },
}

/** How a metered request ended, in a word; a failure with the status that the provider gave. */
export function outcomeLook({ outcome, status }: { outcome: string | null; status: number | null }): { tone: Tone; word: string } {
  const look = looks[outcome ?? 'open'] ?? { tone: 'quiet' as const, word: outcome ?? 'Under way' }
  return look.tone === 'bad' && status !== null ? { ...look, word: `${look.word}, ${status}` } : look
}
