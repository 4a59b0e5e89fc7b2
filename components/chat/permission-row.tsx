'use client'

import { Check, CircleSlash, ShieldQuestion } from 'lucide-react'
import { useState } from 'react'
import type { PermissionItem } from '#core/chat/view.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { Deadline } from '#components/chat/deadline.tsx'
import { approvalOf, denialOf, isAllowing, outcomeOf, question, subject } from '#components/chat/permission.model.ts'
import { ToolBody } from '#components/chat/tool-body.tsx'
import { commandOf, diffsOf, directoryOf, reasonOf } from '#components/chat/tool.model.ts'
import { ModKeys } from '#components/shell/mod-keys.tsx'
import { Button } from '#components/ui/button.tsx'
import { Field } from '#components/ui/field.tsx'
import { Textarea } from '#components/ui/input.tsx'

/** A question of the agent: a card while it is open, one line once it is not. */
export function PermissionRow({ item }: { item: PermissionItem }) {
  const { nameOf } = useChatActs()
  const outcome = outcomeOf(item, nameOf)
  if (!outcome) return <PermissionCard item={item} />
  const Icon = outcome.isAllowed ? Check : CircleSlash
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-x-2 py-1 text-sm text-ink-quiet">
      <Icon aria-hidden className={`size-4 shrink-0 ${outcome.isAllowed ? 'text-good-ink' : ''}`} />
      <span className="text-ink-soft">{outcome.words}</span>
      <span className="min-w-0 truncate font-mono text-xs">{subject(item)}</span>
      {outcome.note ? <span className="basis-full pl-6 break-words">“{outcome.note}”</span> : null}
    </div>
  )
}

function PermissionCard({ item }: { item: PermissionItem }) {
  const { agent, mayPrompt } = useChatActs()
  const command = commandOf(item)
  const reason = reasonOf(item)
  const directory = directoryOf(item)
  return (
    <section aria-label={question(item, agent)} className="rounded-lg border border-warn bg-raised shadow-rest">
      <header className="flex items-center gap-2 rounded-t-lg bg-warn-wash px-4 py-2.5 text-warn-ink">
        <ShieldQuestion aria-hidden className="size-4.5 shrink-0" />
        <h2 className="min-w-0 text-base font-semibold">{question(item, agent)}</h2>
        <Deadline requestId={item.requestId} />
      </header>
      <div className="flex flex-col gap-3 px-4 py-3">
        {reason ? <p className="text-base text-ink-soft">{reason}</p> : null}
        {command === undefined ? null : (
          <pre className="thin-scroll max-h-72 overflow-auto rounded-md bg-sunken px-3 py-2 font-mono text-sm leading-5 break-words whitespace-pre-wrap [overflow-wrap:anywhere]">
            {command}
          </pre>
        )}
        {command !== undefined && directory && directory !== '.' ? (
          <p className="-mt-2 font-mono text-xs text-ink-quiet">in {directory}</p>
        ) : null}
        {command === undefined && diffsOf(item).length === 0 && subject(item) !== '' ? (
          <p className="font-mono text-sm break-words">{subject(item)}</p>
        ) : null}
        {command === undefined && hasMore(item) ? <ToolBody item={item} isAsked /> : null}
        {mayPrompt ? <Answers item={item} /> : <p className="text-sm text-ink-soft">Only a member who may prompt this chat can answer.</p>}
      </div>
    </section>
  )
}

const hasMore = (item: PermissionItem) =>
  item.content.length > 0 || (typeof item.input === 'object' && item.input !== null && Object.keys(item.input).length > 0)

/** The agent's options in its order, and a no that says why. */
function Answers({ item }: { item: PermissionItem }) {
  const { answer } = useChatActs()
  const [busyWith, setBusyWith] = useState<string | null>(null)
  const [note, setNote] = useState<string | null>(null)
  const approval = approvalOf(item)
  const denial = denialOf(item)
  const say = (optionId: string, withNote?: string) => {
    setBusyWith(optionId)
    void answer(item, optionId, withNote).finally(() => setBusyWith(null))
  }
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap gap-2">
        {item.options.map((option) => (
          <Button
            key={option.optionId}
            variant={option === approval ? 'primary' : isAllowing(option) ? 'secondary' : 'danger-quiet'}
            isBusy={busyWith === option.optionId}
            isDisabled={busyWith !== null && busyWith !== option.optionId}
            onClick={() => say(option.optionId)}
          >
            {option.name}
            {option === approval ? (
              <ModKeys
                keys={['mod', '↵']}
                className="ml-1 hidden opacity-80 sm:inline-flex [&_kbd]:border-transparent [&_kbd]:bg-transparent [&_kbd]:px-0 [&_kbd]:text-current"
              />
            ) : null}
          </Button>
        ))}
        {denial && note === null ? (
          <Button variant="quiet" onClick={() => setNote('')}>
            Deny with a note…
          </Button>
        ) : null}
      </div>
      {denial && note !== null ? (
        <form
          className="flex flex-col gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            say(denial.optionId, note.trim() || undefined)
          }}
        >
          <Field label="What should it do instead?" hint="The agent gets this as the next prompt.">
            <Textarea
              autoFocus
              rows={2}
              className="min-h-16"
              value={note}
              maxLength={2_000}
              onChange={(event) => setNote(event.target.value)}
            />
          </Field>
          <div className="flex gap-2">
            <Button type="submit" variant="danger" size="sm" isBusy={busyWith === denial.optionId}>
              Deny
            </Button>
            <Button variant="quiet" size="sm" onClick={() => setNote(null)}>
              Back
            </Button>
          </div>
        </form>
      ) : null}
    </div>
  )
}
