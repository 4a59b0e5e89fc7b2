/**
 * The six tones in which a state can speak. The colour only repeats what a word
 * says: nothing on screen is told by colour alone.
 */
export type Tone = 'quiet' | 'busy' | 'good' | 'bad' | 'warn' | 'accent'

/** Text on its own wash. */
export const toneWash = {
  quiet: 'bg-sunken text-ink-soft',
  busy: 'bg-busy-wash text-busy-ink',
  good: 'bg-good-wash text-good-ink',
  bad: 'bg-bad-wash text-bad-ink',
  warn: 'bg-warn-wash text-warn-ink',
  accent: 'bg-accent-wash text-accent-ink',
} as const satisfies Record<Tone, string>

/** Text on paper. */
export const toneText = {
  quiet: 'text-ink-quiet',
  busy: 'text-busy-ink',
  good: 'text-good-ink',
  bad: 'text-bad-ink',
  warn: 'text-warn-ink',
  accent: 'text-accent-ink',
} as const satisfies Record<Tone, string>

/** A mark: dot, bar, ring. */
export const toneMark = {
  quiet: 'bg-line-strong',
  busy: 'bg-busy',
  good: 'bg-good',
  bad: 'bg-bad',
  warn: 'bg-warn',
  accent: 'bg-accent',
} as const satisfies Record<Tone, string>
