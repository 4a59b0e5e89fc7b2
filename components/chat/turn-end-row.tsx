'use client'

import { CircleSlash, Check, CloudOff, OctagonX, RotateCw } from 'lucide-react'
import type { Turn } from '#core/chat/view.ts'
import { RaiseLink } from '#components/budgets/raise-link.tsx'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { LineCounts } from '#components/chat/line-counts.tsx'
import { ModelMend } from '#components/chat/model-mend.tsx'
import { changeWords, endFacts, endWords, interruptionWords } from '#components/chat/turn-words.model.ts'
import { failureWords } from '#components/failures/sentences.ts'
import { Button, ButtonLink } from '#components/ui/button.tsx'
import { ErrorState } from '#components/ui/error-state.tsx'
import { Notice } from '#components/ui/notice.tsx'

/** How a turn ended, what it took, what it changed, and what to do when it went wrong. */
export function TurnEndRow({ turn, isLast }: { turn: Turn; isLast: boolean }) {
  return (
    <div className="flex flex-col gap-2 pb-2">
      <Trouble turn={turn} />
      <EndLine turn={turn} isLast={isLast} />
    </div>
  )
}

const icons = { completed: Check, cancelled: CircleSlash, interrupted: CloudOff, refused: OctagonX, failed: OctagonX } as const

function EndLine({ turn, isLast }: { turn: Turn; isLast: boolean }) {
  const { nameOf, openPanel } = useChatActs()
  const changes = changeWords(turn.changes)
  const Icon = icons[turn.status as keyof typeof icons] ?? Check
  return (
    // A dot that would begin a line lies outside of the box, where it is cut off.
    <div className="overflow-hidden text-xs text-ink-quiet">
      <div className="-ml-4 flex flex-wrap items-center gap-y-0.5">
        <span className="inline-flex items-center gap-2 pl-4">
          <Icon aria-hidden className="size-3.5 shrink-0" />
          {endWords(turn, nameOf)}
        </span>
        {endFacts(turn).map((fact) => (
          <span key={fact} className={`figures ${dotted}`}>
            {fact}
          </span>
        ))}
        {changes ? (
          <span className={`inline-flex items-center gap-2 ${dotted}`}>
            {isLast ? (
              <button
                type="button"
                className="touch-target rounded-xs text-accent-ink underline decoration-accent/40 underline-offset-4 hover:decoration-accent"
                onClick={() => openPanel('changes')}
              >
                {changes.words}
              </button>
            ) : (
              changes.words
            )}
            <LineCounts added={changes.added} removed={changes.removed} />
          </span>
        ) : null}
      </div>
    </div>
  )
}

const dotted = "relative pl-4 before:absolute before:left-1.5 before:content-['·']"

/** A failed turn says its sentence; an interrupted one is no failure, and nothing of it is sent again by itself. */
function Trouble({ turn }: { turn: Turn }) {
  const { projectId, harness, agent, mayPrompt, sendAgain } = useChatActs()
  const again = mayPrompt ? (
    <Button size="sm" icon={<RotateCw aria-hidden />} onClick={() => sendAgain(turn)}>
      Send again
    </Button>
  ) : null
  if (turn.status === 'interrupted') {
    return (
      <Notice tone="quiet" action={again}>
        <p>{interruptionWords(turn, agent)}</p>
        {turn.failure?.detail ? <LastWords words={turn.failure.detail} /> : null}
      </Notice>
    )
  }
  if (turn.status !== 'failed' || !turn.failure) return null
  const { code, facts, detail } = turn.failure
  const words = failureWords(code, { ...(harness ? { harness } : {}), ...facts }, { projectId, harness })
  return (
    <ErrorState
      sentence={words.sentence}
      details={detail ?? null}
      action={
        <>
          {code === 'budget.exhausted' ? (
            <RaiseLink />
          ) : words.href && words.label ? (
            <ButtonLink href={words.href} size="sm">
              {words.label}
            </ButtonLink>
          ) : null}
          {words.recovery === 'choose-model' ? <ModelMend facts={facts} /> : null}
          {again}
        </>
      }
    />
  )
}

const LastWords = ({ words }: { words: string }) => (
  <details className="mt-1">
    <summary className="touch-target w-fit text-sm underline decoration-current/40 underline-offset-4">Last words</summary>
    <pre className="thin-scroll mt-1 max-h-40 overflow-auto font-mono text-xs whitespace-pre-wrap">{words}</pre>
  </details>
)
