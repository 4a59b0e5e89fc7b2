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
      className={classNames('markdown', className)}
      isAnimating={isLive}
      parseIncompleteMarkdown={isLive}
      plugins={plugins}
      shikiTheme={themes}
      controls={controls}
      components={components}
      linkSafety={noQuestions}
      lineNumbers={false}
      codeBlockMaxHeight={480}
      skipHtml
    >
      {text}
    </Streamdown>
  )
}

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
