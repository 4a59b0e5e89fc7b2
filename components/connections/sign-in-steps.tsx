'use client'

import { useMutation } from '@tanstack/react-query'
import { ExternalLink } from 'lucide-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import { hostOf, type Stage } from '#components/connections/sign-in.model.ts'
import { failureOf } from '#components/failures/failure.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button, buttonLook } from '#components/ui/button.tsx'
import { CopyButton } from '#components/ui/copy-button.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { Spinner } from '#components/ui/spinner.tsx'

type Link = Extract<Stage, { is: 'link' }>

/** What the person does, in order: follow the link, and carry a code one way or the other. */
export function SignInSteps({ signInId, harnessName, link }: { signInId: string; harnessName: string; link: Link }) {
  return (
    <div className="flex flex-col gap-4">
      <ol className="flex flex-col gap-5">
        <Step number={1} title="Open the sign-in page and sign in there">
          <a href={link.url} target="_blank" rel="noopener noreferrer" className={buttonLook({ variant: 'primary' })}>
            Open {hostOf(link.url)} <ExternalLink aria-hidden />
          </a>
          <CopyButton look="button" text={link.url} label="Copy link" />
        </Step>
        {link.userCode ? (
          <Step number={2} title="Enter this one-time code">
            <span className="flex items-center gap-1 rounded-lg border border-line bg-sunken py-2 pr-2 pl-4">
              <output aria-label="One-time code" className="font-mono text-xl font-semibold tracking-[0.08em] select-all">
                {link.userCode}
              </output>
              <CopyButton text={link.userCode} label="Copy code" />
            </span>
            <p className="text-sm text-ink-quiet">Enter only a code that you see here, never one that somebody sent you.</p>
          </Step>
        ) : null}
        {link.asks === 'paste' ? (
          <Step number={2} title="Bring back the code that it shows at the end">
            <AnswerForm signInId={signInId} harnessName={harnessName} />
          </Step>
        ) : null}
      </ol>
      <p className="flex flex-wrap items-center gap-x-2 text-sm text-ink-quiet" role="status">
        <Spinner className="size-3.5" />
        <span>
          Waiting for you. It runs out <RelativeTime at={link.expiresAt} />.
        </span>
      </p>
    </div>
  )
}

function Step({ number, title, children }: { number: number; title: string; children: ReactNode }) {
  return (
    <li className="flex gap-3">
      <span aria-hidden className="mt-px grid size-6 shrink-0 place-items-center rounded-full bg-hover text-sm font-medium text-ink-soft">
        {number}
      </span>
      <div className="flex min-w-0 flex-1 flex-col gap-2">
        <span className="text-base font-medium">{title}</span>
        <div className="flex flex-wrap items-center gap-2">{children}</div>
      </div>
    </li>
  )
}

function AnswerForm({ signInId, harnessName }: { signInId: string; harnessName: string }) {
  const [text, setText] = useState('')
  const answer = useMutation(useTRPC().signIns.answer.mutationOptions())
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim()) answer.mutate({ signInId, answer: text })
  }
  return (
    <form onSubmit={submit} className="flex w-full flex-col gap-2">
      <Field
        label="Code"
        hint={answer.isSuccess ? `Handed to ${harnessName}.` : 'It looks like two words with a # between them.'}
        error={isCutShort(answer.error) ? 'This is not the whole code. Copy it once more, with everything around the #.' : undefined}
      >
        <Input
          name="code"
          value={text}
          onChange={(event) => {
            answer.reset()
            setText(event.target.value)
          }}
          autoComplete="one-time-code"
          autoCapitalize="off"
          spellCheck={false}
          className="font-mono text-sm"
        />
      </Field>
      {answer.error && !isCutShort(answer.error) ? <FailureNotice error={answer.error} /> : null}
      <Button
        type="submit"
        variant={text.trim() ? 'primary' : 'secondary'}
        className="self-start"
        isBusy={answer.isPending || answer.isSuccess}
        isDisabled={!text.trim()}
      >
        Finish signing in
      </Button>
    </form>
  )
}

/** The one thing that can be wrong with what was typed. */
function isCutShort(error: unknown): boolean {
  const failure = error ? failureOf(error) : null
  return failure?.is === 'domain' && failure.code === 'request.invalid'
}
