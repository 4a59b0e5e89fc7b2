'use client'

import { type FormEvent, useState } from 'react'
import { safeNext, signIn, type SignInOutcome } from '#components/session/session.ts'
import { Button } from '#components/ui/button.tsx'
import { ErrorState } from '#components/ui/error-state.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'

const refusals = {
  refused: 'This e-mail and password do not belong together. Check both, then try again.',
  'too-many': 'Too many attempts. Wait a minute, then try again.',
  failed: 'The server had a failure of its own. Try again in a moment.',
  unreachable: 'The server cannot be reached. What you typed is kept.',
} as const satisfies Record<Exclude<SignInOutcome, 'signed-in'> | 'unreachable', string>

export function SignInForm({ next, email: knownEmail = '' }: { next?: string; email?: string }) {
  const [email, setEmail] = useState(knownEmail)
  const [password, setPassword] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<keyof typeof refusals | null>(null)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setRefusal(null)
    const outcome = await signIn({ email: email.trim(), password }).catch(() => 'unreachable' as const)
    // A whole new page: what the gate has cached says "signed out".
    if (outcome === 'signed-in') return window.location.assign(safeNext(next))
    setRefusal(outcome)
    setBusy(false)
  }

  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
      <Field label="E-mail">
        <Input
          type="email"
          name="email"
          autoComplete="username"
          required
          autoFocus={!knownEmail}
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
      </Field>
      <Field label="Password">
        <Input
          type="password"
          name="password"
          autoComplete="current-password"
          required
          autoFocus={Boolean(knownEmail)}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </Field>
      {refusal ? <ErrorState sentence={refusals[refusal]} /> : null}
      <Button type="submit" variant="primary" size="lg" isBusy={isBusy} className="mt-1">
        Sign in
      </Button>
    </form>
  )
}
