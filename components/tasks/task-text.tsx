import { Markdown } from '#components/chat/markdown.tsx'
import { classNames } from '#components/ui/class-names.ts'

/** What people write of a task: a checklist shows its boxes alone. */
export const TaskText = ({ text, className }: { text: string; className?: string }) => (
  <Markdown
    text={text}
    className={classNames(
      '[&_li:has(>input)]:list-none [&_li>input]:mr-2 [&_li>input]:align-[-0.1em] [&_ul:has(>li>input)]:pl-0',
      className,
    )}
  />
)
