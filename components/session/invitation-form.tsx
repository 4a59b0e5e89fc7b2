'use client'

import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { PASSWORD_MIN } from '#components/session/password.ts'
import { signIn } from '#components/session/session.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button, ButtonLink } from '#components/ui/button.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { Notice } from '#components/ui/notice.tsx'

type Invitation = { token: string; email: string; hasAccount: boolean; signedInAs: string | null }

/** Joins a team: with a new account, or with the one that the e-mail address already has. */
export function InvitationForm(invitation: Invitation) {
  if (!invitation.hasAccount) return <NewAccountForm {...invitation} />
  if (invitation.signedInAs?.toLowerCase() === invitation.email.toLowerCase()) return <JoinForm {...invitation} />
  return (
    <div className="flex flex-col gap-4">
      <Notice>
        {invitation.email} already has an account here. {invitation.signedInAs ? 'Sign in with it' : 'Sign in'} to accept.
      </Notice>
      <ButtonLink href={`/sign-in?next=${encodeURIComponent(`/invite/${invitation.token}`)}`} variant="primary" size="lg">
        Sign in
      </ButtonLink>
    </div>
  )
}

function JoinForm({ token }: Invitation) {
  const accept = useMutation({ ...useTRPC().invitations.accept.mutationOptions(), onSuccess: () => window.location.assign('/') })
  return (
    <div className="flex flex-col gap-4">
      {accept.error ? <FailureNotice error={accept.error} /> : null}
      <Button variant="primary" size="lg" isBusy={accept.isPending || accept.isSuccess} onClick={() => accept.mutate({ token })}>
        Join the team
      </Button>
    </div>
  )
}

function NewAccountForm({ token, email }: Invitation) {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const accept = useMutation({
    ...useTRPC().invitations.accept.mutationOptions(),
    onSuccess: async (joined) => {
      const outcome = await signIn({ email: joined.email, password }).catch(() => 'failed' as const)
      window.location.assign(outcome === 'signed-in' ? '/' : '/sign-in')
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    accept.mutate({ token, name: name.trim(), password })
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Field label="E-mail">
        <Input type="email" name="email" autoComplete="username" readOnly value={email} className="bg-sunken" />
      </Field>
      <Field label="Your name">
        <Input
          name="name"
          required
          maxLength={100}
          autoComplete="name"
          autoFocus
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </Field>
      <Field label="Password" hint={`At least ${PASSWORD_MIN} characters.`}>
        <Input
          type="password"
          name="password"
          required
          minLength={PASSWORD_MIN}
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </Field>
      {accept.error ? <FailureNotice error={accept.error} /> : null}
      <Button type="submit" variant="primary" size="lg" isBusy={accept.isPending || accept.isSuccess} className="mt-1">
        Join the team
      </Button>
    </form>
  )
}
