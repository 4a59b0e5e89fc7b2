import type { ReactNode } from 'react'
import { classNames } from '#components/ui/class-names.ts'

/** Nothing here yet: says what would be here, and the one act that starts it. */
export function EmptyState({
  icon,
  title,
  titleAs: Title = 'p',
  action,
  className,
  children,
}: {
  icon?: ReactNode
  title: ReactNode
  /** A heading where the page has no other. */
  titleAs?: 'p' | 'h1'
  action?: ReactNode
  className?: string
  children?: ReactNode
}) {
  return (
    <div
      className={classNames(
        'flex flex-col items-center gap-1 rounded-lg border border-dashed border-line px-6 py-12 text-center',
        className,
      )}
    >
      {icon ? <div className="mb-2 text-ink-quiet [&_svg]:size-6 [&_svg]:stroke-[1.5]">{icon}</div> : null}
      <Title className="text-md font-medium">{title}</Title>
      {children ? <div className="max-w-md text-base text-ink-soft">{children}</div> : null}
      {action ? <div className="mt-4 flex flex-wrap justify-center gap-2">{action}</div> : null}
    </div>
  )
}
