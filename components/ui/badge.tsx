import type { ReactNode } from 'react'
import { classNames } from '#components/ui/class-names.ts'
import { type Tone, toneMark, toneText, toneWash } from '#components/ui/tone.ts'

/** A state in a word or two, on the wash of its tone. */
export function Badge({
  tone = 'quiet',
  icon,
  className,
  children,
}: {
  tone?: Tone
  icon?: ReactNode
  className?: string
  children: ReactNode
}) {
  return (
    <span
      className={classNames(
        'inline-flex h-5 max-w-full items-center gap-1 rounded-sm px-1.5 text-xs font-medium whitespace-nowrap [&_svg]:size-3 [&_svg]:shrink-0',
        toneWash[tone],
        className,
      )}
    >
      {icon}
      <span className="truncate">{children}</span>
    </span>
  )
}

/** A dot and a word: lighter than a badge, for lists. `isLive` lets the dot breathe. */
export function Status({
  tone,
  isLive = false,
  className,
  children,
}: {
  tone: Tone
  isLive?: boolean
  className?: string
  children: ReactNode
}) {
  return (
    <span className={classNames('inline-flex items-center gap-1.5 text-xs whitespace-nowrap', toneText[tone], className)}>
      <Dot tone={tone} isLive={isLive} />
      {children}
    </span>
  )
}

/** The dot alone, for places where the word stands elsewhere. */
export function Dot({ tone, isLive = false, className }: { tone: Tone; isLive?: boolean; className?: string }) {
  return <span aria-hidden className={classNames('size-1.5 shrink-0 rounded-full', toneMark[tone], isLive && 'animate-pulse', className)} />
}
