'use client'

import type { ChatView } from '#core/chat/view.ts'
import { contextLook } from '#components/chat/composer.model.ts'
import { toneText } from '#components/ui/tone.ts'
import { formatCount } from '#components/ui/numbers.ts'
import { Tooltip } from '#components/ui/tooltip.tsx'

const AROUND = 2 * Math.PI * 6

/** How full the agent's context is. */
export function ContextRing({ context }: { context: ChatView['context'] }) {
  const look = contextLook(context)
  if (!look || !context) return null
  const words = `${formatCount(context.usedTokens)} of ${formatCount(context.sizeTokens)} tokens of context used`
  return (
    <Tooltip content={words}>
      <button
        type="button"
        aria-label={words}
        className={`touch-target flex h-7 items-center gap-1.5 rounded-md px-1.5 text-xs hover:bg-hover ${toneText[look.tone]}`}
      >
        <svg viewBox="0 0 16 16" aria-hidden className="size-4 -rotate-90">
          <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeOpacity="0.25" strokeWidth="2.5" />
          <circle
            cx="8"
            cy="8"
            r="6"
            fill="none"
            stroke="currentColor"
            strokeWidth="2.5"
            strokeDasharray={`${AROUND * look.fraction} ${AROUND}`}
          />
        </svg>
        <span className="figures">{look.percent}%</span>
      </button>
    </Tooltip>
  )
}
