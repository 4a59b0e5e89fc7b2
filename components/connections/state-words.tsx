import { Check, CircleDashed, CornerLeftDown, Pause, Plug, X } from 'lucide-react'
import type { LaneState, RowState } from '#components/connections/lanes.model.ts'
import { classNames } from '#components/ui/class-names.ts'
import { type Tone, toneText } from '#components/ui/tone.ts'

/** Each state by word, icon and tone: none is told by its colour alone. */
const looks = {
  active: { tone: 'good', word: 'Active', Icon: Check },
  inherits: { tone: 'accent', word: 'Inherits', Icon: CornerLeftDown },
  disabled: { tone: 'warn', word: 'Disabled', Icon: Pause },
  broken: { tone: 'bad', word: 'Broken', Icon: X },
  missing: { tone: 'quiet', word: 'Not connected', Icon: Plug },
  'passed-over': { tone: 'quiet', word: 'Not reached', Icon: CircleDashed },
  empty: { tone: 'quiet', word: 'Empty', Icon: CircleDashed },
} as const satisfies Record<RowState | LaneState, { tone: Tone; word: string; Icon: typeof Check }>

export const lookOf = (state: RowState | LaneState) => looks[state]

const filled: Readonly<Record<Tone, string>> = {
  good: 'border-transparent bg-good-wash text-good-ink',
  warn: 'border-transparent bg-warn-wash text-warn-ink',
  bad: 'border-transparent bg-bad-wash text-bad-ink',
  accent: 'border-accent/40 bg-raised text-accent-ink',
  busy: 'border-transparent bg-busy-wash text-busy-ink',
  quiet: 'border-line bg-raised text-ink-quiet',
}

/** The mark of a state on the path: an icon in a ring. The word stands beside it. */
export function StateMark({ state, className }: { state: RowState | LaneState; className?: string }) {
  const { tone, Icon } = looks[state]
  return (
    <span aria-hidden className={classNames('grid size-6 shrink-0 place-items-center rounded-full border', filled[tone], className)}>
      <Icon className={classNames('size-3.5', state === 'disabled' && 'fill-current')} strokeWidth={state === 'disabled' ? 1 : 2.25} />
    </span>
  )
}

/** The word of a state, in its tone. */
export function StateWord({ state, className }: { state: RowState | LaneState; className?: string }) {
  const { tone, word } = looks[state]
  return <span className={classNames('text-sm', toneText[tone], className)}>{word}</span>
}
