'use client'

import { Check, CircleSlash, MessageCircleQuestion } from 'lucide-react'
import { useState } from 'react'
import { ANSWER_MAX_CHARS } from '#core/chat/events.ts'
import type { QuestionItem } from '#core/chat/view.ts'
import { sayClock } from '#components/chat/amounts.model.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { Button } from '#components/ui/button.tsx'
import { Field } from '#components/ui/field.tsx'
import { Textarea } from '#components/ui/input.tsx'

/** What an agent asks people: a card while it waits, the question and its answer once it has one. */
export function QuestionRow({ item }: { item: QuestionItem }) {
  const { nameOf } = useChatActs()
  const { answer } = item
  if (answer.is === 'open') return <QuestionCard item={item} />
  const isAnswered = answer.is === 'answered'
  const Icon = isAnswered ? Check : CircleSlash
  return (
    <div className="flex items-start gap-x-2 py-1.5 text-sm text-ink-quiet">
      <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${isAnswered ? 'text-good-ink' : ''}`} />
      <div className="flex min-w-0 flex-col gap-0.5">
        <p className="break-words whitespace-pre-wrap text-ink-soft [overflow-wrap:anywhere]">{item.question}</p>
        {isAnswered ? <p className="text-base break-words whitespace-pre-wrap text-ink [overflow-wrap:anywhere]">{answer.text}</p> : null}
        <p className="text-xs">
          {isAnswered ? `Answered by ${nameOf(answer.by)}, ${sayClock(answer.at)}` : 'Not answered before the turn ended'}
        </p>
      </div>
    </div>
  )
}

function QuestionCard({ item }: { item: QuestionItem }) {
  const { agent, mayPrompt } = useChatActs()
  return (
    <section aria-label={`${agent} asks you`} className="rounded-lg border border-warn bg-raised shadow-rest">
      <header className="flex items-center gap-2 rounded-t-lg bg-warn-wash px-4 py-2.5 text-warn-ink">
        <MessageCircleQuestion aria-hidden className="size-4.5 shrink-0" />
        <h2 className="text-base font-semibold">{agent} asks you</h2>
      </header>
      <div className="flex flex-col gap-3.5 px-4 py-3">
        <p className="text-base break-words whitespace-pre-wrap [overflow-wrap:anywhere]">{item.question}</p>
        {mayPrompt ? <Answers item={item} /> : <p className="text-sm text-ink-soft">Only a member who may prompt this chat can answer.</p>}
      </div>
    </section>
  )
}

/** The agent's suggestions, and room for any other answer. */
function Answers({ item }: { item: QuestionItem }) {
  const { answerQuestion } = useChatActs()
  const [busyWith, setBusyWith] = useState<string | null>(null)
  const [words, setWords] = useState<string | null>(item.choices.length === 0 ? '' : null)
  const say = (answer: string) => {
    setBusyWith(answer)
    void answerQuestion(item.questionId, answer).finally(() => setBusyWith(null))
  }
  return (
    <div className="flex flex-col gap-3">
      {item.choices.length > 0 ? (
        <div className="flex flex-wrap gap-2">
          {item.choices.map((choice) => (
            <Button
              key={choice}
              className="h-auto min-h-9 max-w-full py-1.5 text-left whitespace-normal"
              isBusy={busyWith === choice}
              isDisabled={busyWith !== null && busyWith !== choice}
              onClick={() => say(choice)}
            >
              {choice}
            </Button>
          ))}
          {words === null ? (
            <Button variant="quiet" onClick={() => setWords('')}>
              Another answer…
            </Button>
          ) : null}
        </div>
      ) : null}
      {words === null ? null : (
        <form
          className="flex flex-col gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            if (words.trim() !== '') say(words.trim())
          }}
        >
          <Field label="Your answer">
            <Textarea
              autoFocus={item.choices.length > 0}
              rows={2}
              className="min-h-16"
              value={words}
              maxLength={ANSWER_MAX_CHARS}
              onChange={(event) => setWords(event.target.value)}
            />
          </Field>
          <div className="flex gap-2">
            <Button type="submit" variant="primary" size="sm" isBusy={busyWith !== null} isDisabled={words.trim() === ''}>
              Answer
            </Button>
            {item.choices.length > 0 ? (
              <Button variant="quiet" size="sm" onClick={() => setWords(null)}>
                Back
              </Button>
            ) : null}
          </div>
        </form>
      )}
    </div>
  )
}
