import { TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { classNames } from '#components/ui/class-names.ts'

const looks = {
  line: { box: 'gap-2.5 border-bad/30 bg-bad-wash px-3.5 py-3 text-bad-ink', icon: 'mt-0.5 size-4', body: 'gap-2' },
  block: {
    box: 'flex-col items-center gap-3 border-line bg-raised px-6 py-10 text-center text-ink',
    icon: 'size-6 stroke-[1.5] text-bad-ink',
    body: 'items-center gap-3',
  },
} as const

/**
 * Something went wrong: one sentence, the one act that mends it, and the raw words behind Details.
 * `look="line"` for a row or a form, `look="block"` where a whole panel is missing.
 */
export function ErrorState({
  sentence,
  action,
  details,
  look = 'line',
  className,
}: {
  sentence: ReactNode
  action?: ReactNode
  details?: string | null
  look?: keyof typeof looks
  className?: string
}) {
  const { box, icon, body } = looks[look]
  return (
    <div role="alert" className={classNames('flex rounded-lg border text-base', box, className)}>
      <TriangleAlert aria-hidden className={classNames('shrink-0', icon)} />
      <div className={classNames('flex min-w-0 flex-1 flex-col', body)}>
        <p className="break-words">{sentence}</p>
        {action ? <div className="flex flex-wrap gap-2">{action}</div> : null}
        {details ? (
          <details className="max-w-full text-sm">
            <summary className="touch-target w-fit rounded-xs py-0.5 underline decoration-current/40 underline-offset-4">Details</summary>
            <pre className="thin-scroll mt-2 max-h-60 overflow-auto rounded-md border border-line bg-raised p-3 text-left font-mono text-xs whitespace-pre-wrap text-ink-soft">
              {details}
            </pre>
          </details>
        ) : null}
      </div>
    </div>
  )
}
