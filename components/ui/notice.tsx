import { CircleAlert, CircleCheck, CircleDot, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { classNames } from '#components/ui/class-names.ts'
import { type Tone, toneWash } from '#components/ui/tone.ts'

const icons = {
  quiet: Info,
  busy: CircleDot,
  good: CircleCheck,
  bad: CircleAlert,
  warn: TriangleAlert,
  accent: Info,
} as const satisfies Record<Tone, unknown>

/** The icon that goes with a tone, always the same one. */
export function ToneIcon({ tone, className }: { tone: Tone; className?: string }) {
  const Icon = icons[tone]
  return <Icon aria-hidden className={classNames('size-4 shrink-0', className)} />
}

/** A remark that stays: not an error, or not one of the reader's making. */
export function Notice({
  tone = 'quiet',
  action,
  className,
  children,
}: {
  tone?: Tone
  action?: ReactNode
  className?: string
  children: ReactNode
}) {
  return (
    <div className={classNames('flex flex-wrap items-start gap-2.5 rounded-lg px-3.5 py-2.5 text-base', toneWash[tone], className)}>
      <ToneIcon tone={tone} className="mt-0.5" />
      <div className="min-w-0 flex-1 break-words">{children}</div>
      {action}
    </div>
  )
}
