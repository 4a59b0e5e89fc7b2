'use client'

import { CircleAlert, CircleCheck, CircleDashed } from 'lucide-react'
import type { Attachment } from '#components/connections/lanes.model.ts'
import { verdictLook } from '#components/connections/verdict-words.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { Spinner } from '#components/ui/spinner.tsx'
import { classNames } from '#components/ui/class-names.ts'
import { toneText, type Tone } from '#components/ui/tone.ts'

/** What the last check found and when, or that one goes on. Spoken when it changes. */
export function VerdictLine({
  attachment,
  vendorName,
  isChecking,
  isQuiet,
}: {
  attachment: Attachment
  /** Whose logins the harness takes. */
  vendorName: string
  isChecking: boolean
  /** Where nobody asks it, or it was good only before it broke, the word needs no colour. */
  isQuiet: boolean
}) {
  const { verdict } = attachment
  const { providerName, kind } = attachment.credential
  const subject = kind === 'api-key' ? providerName : vendorName
  const look = verdict && verdictLook(verdict.is, attachment)
  return (
    <p role="status" className="flex min-h-5 flex-wrap items-center gap-x-1.5 text-sm text-ink-quiet">
      {isChecking ? (
        <>
          <Spinner className="size-3.5" />
          Checking with {subject}…
        </>
      ) : verdict && look ? (
        <>
          <VerdictIcon tone={look.tone} isQuiet={isQuiet} />
          <span className={isQuiet ? undefined : toneText[look.tone]}>{look.say(subject)}</span>
          <RelativeTime at={verdict.at} />
        </>
      ) : (
        'Not validated yet'
      )}
    </p>
  )
}

function VerdictIcon({ tone, isQuiet }: { tone: Tone; isQuiet: boolean }) {
  const Icon = tone === 'good' ? CircleCheck : tone === 'quiet' ? CircleDashed : CircleAlert
  return <Icon aria-hidden className={classNames('size-3.5 shrink-0', !isQuiet && toneText[tone])} />
}
