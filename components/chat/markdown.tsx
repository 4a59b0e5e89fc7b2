'use client'

import { code } from '@streamdown/code'
import type { ComponentProps } from 'react'
import { type Components, Streamdown } from 'streamdown'
import { whereLeads } from '#components/chat/links.model.ts'
import { classNames } from '#components/ui/class-names.ts'

/** What an agent writes, drawn as it arrives: an unfinished fence or emphasis is closed for the eye, so that nothing jumps. */
export function Markdown({ text, isLive = false, className }: { text: string; isLive?: boolean; className?: string }) {
  return (
    <Streamdown
      className={classNames(look, className)}
      isAnimating={isLive}
      parseIncompleteMarkdown={isLive}
      plugins={plugins}
      shikiTheme={themes}
      controls={controls}
      components={components}
      linkSafety={noQuestions}
      lineNumbers={false}
      codeBlockMaxHeight={0}
      tableMaxHeight={0}
      skipHtml
    >
      {text}
    </Streamdown>
  )
}

/** One frame around code and tables instead of two, on the sizes of the house; long lines wrap, so that nothing scrolls sideways. */
const look = [
  'space-y-3 text-md break-words [overflow-wrap:anywhere]',
  '[&_:is(h1,h2,h3,h4,h5,h6)]:mt-5 [&_:is(h1,h2,h3,h4,h5,h6)]:mb-2 [&_:is(h1,h2)]:text-lg [&_:is(h1,h2,h3,h4,h5,h6)]:font-semibold [&_:is(h3,h4,h5,h6)]:text-md',
  '[&_:is(ul,ol)]:space-y-1 [&_li]:py-0 [&_hr]:my-4',
  '[&_[data-streamdown=inline-code]]:rounded-xs [&_[data-streamdown=inline-code]]:bg-sunken [&_[data-streamdown=inline-code]]:px-1 [&_[data-streamdown=inline-code]]:text-[0.9em]',
  '[&_[data-streamdown=code-block]]:my-3 [&_[data-streamdown=code-block]]:gap-0 [&_[data-streamdown=code-block]]:overflow-hidden [&_[data-streamdown=code-block]]:rounded-md [&_[data-streamdown=code-block]]:p-0',
  '[&_[data-streamdown=code-block-header]]:pl-2 [&_[data-streamdown=code-block-actions]]:-mt-1.5 [&_[data-streamdown=code-block-actions]]:-mr-1.5 [&_[data-streamdown=code-block-actions]]:border-0 [&_[data-streamdown=code-block-actions]]:bg-transparent [&_[data-streamdown=code-block-actions]]:backdrop-blur-none',
  '[&_[data-streamdown=code-block-body]]:rounded-none [&_[data-streamdown=code-block-body]]:border-x-0 [&_[data-streamdown=code-block-body]]:border-b-0 [&_[data-streamdown=code-block-body]]:p-3 [&_[data-streamdown=code-block-body]]:text-xs [&_[data-streamdown=code-block-body]]:leading-5',
  '[&_[data-streamdown=code-block-body]_pre]:bg-transparent! [&_[data-streamdown=code-block-body]_pre]:whitespace-pre-wrap',
  '[&_[data-streamdown=table-wrapper]]:my-3 [&_[data-streamdown=table-wrapper]]:gap-0 [&_[data-streamdown=table-wrapper]]:rounded-md [&_[data-streamdown=table-wrapper]]:p-0 [&_[data-streamdown=table-wrapper]>div:last-child]:rounded-none [&_[data-streamdown=table-wrapper]>div:last-child]:border-x-0 [&_[data-streamdown=table-wrapper]>div:last-child]:border-b-0',
  '[&_:is(th,td)]:px-3 [&_:is(th,td)]:py-1.5 [&_th]:font-medium',
].join(' ')

const plugins = { code }
const themes: ComponentProps<typeof Streamdown>['shikiTheme'] = ['github-light-high-contrast', 'github-dark-high-contrast']
const controls = {
  code: { copy: true, download: false },
  table: { copy: true, download: false, fullscreen: false },
  mermaid: false,
  image: false,
}
// The address is in the title of the link; a question before each would only teach people to say yes.
const noQuestions = { enabled: false }

const components: Components = {
  // A box of a checklist, which nobody ticks here: what it is about follows it.
  input: ({ checked }) => <input type="checkbox" disabled checked={Boolean(checked)} aria-label={checked ? 'Done' : 'Not done'} />,
  a: ({ href, children }) => <OutsideLink href={href}>{children}</OutsideLink>,
  // A picture would tell a stranger's server who reads the chat, and when: it becomes a link.
  img: ({ src, alt }) => <OutsideLink href={typeof src === 'string' ? src : undefined}>{alt ? `Image: ${alt}` : 'Image'}</OutsideLink>,
}

function OutsideLink({ href, children }: Pick<ComponentProps<'a'>, 'href' | 'children'>) {
  const safe = whereLeads(href)
  if (!safe) return <span>{children}</span>
  return (
    <a
      href={safe}
      title={safe}
      target="_blank"
      rel="noopener noreferrer nofollow"
      className="text-accent-ink underline decoration-accent/40 underline-offset-4 hover:decoration-accent"
    >
      {children}
    </a>
  )
}
