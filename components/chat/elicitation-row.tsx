'use client'

import { Check, CircleSlash, ExternalLink, MessageCircleQuestion } from 'lucide-react'
import { useState } from 'react'
import type { ElicitationAction, ElicitationAnswers } from '#core/chat/elicitation.ts'
import type { ElicitationItem } from '#core/chat/view.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { Deadline } from '#components/chat/deadline.tsx'
import { ElicitationFields } from '#components/chat/elicitation-fields.tsx'
import { elicitationOutcome, elicitationWords, placeOf } from '#components/chat/elicitation.model.ts'
import { Button, ButtonLink } from '#components/ui/button.tsx'

/** What the agent wants to know: a card with its form while it is open, who said what once it is not. */
export function ElicitationRow({ item }: { item: ElicitationItem }) {
  const { nameOf } = useChatActs()
  const outcome = elicitationOutcome(item, nameOf)
  if (!outcome) return <ElicitationCard item={item} />
  const Icon = outcome.isAnswered ? Check : CircleSlash
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-x-2 py-1 text-sm text-ink-quiet">
      <Icon aria-hidden className={`size-4 shrink-0 ${outcome.isAnswered ? 'text-good-ink' : ''}`} />
      <span className="text-ink-soft">{outcome.words}</span>
      <span className="min-w-0 flex-1 truncate">{item.message}</span>
      {outcome.answers.length > 0 ? (
        <dl className="flex basis-full flex-wrap gap-x-4 gap-y-0.5 pt-0.5 pl-6">
          {outcome.answers.map(({ title, value }) => (
            <div key={title} className="flex min-w-0 gap-1.5">
              <dt>{title}:</dt>
              <dd className="min-w-0 break-words text-ink-soft">{value}</dd>
            </div>
          ))}
        </dl>
      ) : null}
    </div>
  )
}

function ElicitationCard({ item }: { item: ElicitationItem }) {
  const { agent, mayPrompt, tell } = useChatActs()
  const [busyWith, setBusyWith] = useState<ElicitationAction | null>(null)
  const say = (action: ElicitationAction, answers: ElicitationAnswers = {}) => {
    setBusyWith(action)
    void tell(item, action, answers).finally(() => setBusyWith(null))
  }
  const others = (
    <>
      <Button type="button" isBusy={busyWith === 'decline'} isDisabled={busyWith !== null} onClick={() => say('decline')}>
        Decline
      </Button>
      <Button type="button" variant="quiet" isBusy={busyWith === 'cancel'} isDisabled={busyWith !== null} onClick={() => say('cancel')}>
        Dismiss
      </Button>
    </>
  )
  return (
    <section aria-label={elicitationWords(item, agent)} className="rounded-lg border border-warn bg-raised shadow-rest">
      <header className="flex items-center gap-2 rounded-t-lg bg-warn-wash px-4 py-2.5 text-warn-ink">
        <MessageCircleQuestion aria-hidden className="size-4.5 shrink-0" />
        <h2 className="min-w-0 text-base font-semibold">{elicitationWords(item, agent)}</h2>
        <Deadline requestId={item.requestId} />
      </header>
      <div className="flex flex-col gap-4 px-4 py-3">
        <p className="text-base break-words whitespace-pre-wrap text-ink">{item.message}</p>
        {!mayPrompt ? (
          <p className="text-sm text-ink-soft">Only a member who may prompt this chat can answer.</p>
        ) : item.form.mode === 'form' ? (
          <ElicitationFields
            requestId={item.requestId}
            form={item.form}
            isBusy={busyWith === 'accept'}
            isDisabled={busyWith !== null}
            onAnswer={(answers) => say('accept', answers)}
            others={others}
          />
        ) : (
          <>
            <Place url={item.form.url} />
            <div className="flex flex-wrap gap-2">
              <ButtonLink
                href={item.form.url}
                target="_blank"
                rel="noopener noreferrer"
                variant="primary"
                icon={<ExternalLink aria-hidden />}
                onClick={() => say('accept')}
              >
                Open the page
              </ButtonLink>
              {others}
            </div>
          </>
        )}
      </div>
    </section>
  )
}

/** The host stands by itself: the rest of an address can be made to look like one. */
function Place({ url }: { url: string }) {
  const { host, isSecure } = placeOf(url)
  return (
    <div className="rounded-md bg-sunken px-3 py-2">
      <p className="text-sm text-ink-soft">
        It leads to <strong className="font-semibold break-all text-ink">{host}</strong>
        {isSecure ? null : <span className="text-bad-ink"> without encryption</span>}
      </p>
      <p className="mt-0.5 font-mono text-xs break-all text-ink-quiet">{url}</p>
    </div>
  )
}
