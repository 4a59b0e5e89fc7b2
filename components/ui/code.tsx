import type { ReactNode } from 'react'
import { classNames } from '#components/ui/class-names.ts'
import { CopyButton } from '#components/ui/copy-button.tsx'

/** Something to be read letter by letter: an id, a path, a model. */
export function Code({ className, children }: { className?: string; children: ReactNode }) {
  return <code className={classNames('rounded-xs bg-sunken px-1 py-0.5 font-mono text-[0.92em] text-ink-soft', className)}>{children}</code>
}

/** A text to be taken along: a command, a link, a token. */
export function CopyLine({ text, label }: { text: string; label: string }) {
  return (
    <div className="flex items-start gap-2 rounded-md border border-line bg-sunken py-1.5 pr-1.5 pl-3">
      <code className="min-w-0 flex-1 select-all self-center font-mono text-sm break-all text-ink">{text}</code>
      <CopyButton text={text} label={`Copy ${label}`} />
    </div>
  )
}
