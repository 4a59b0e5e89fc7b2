'use client'

import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { failureOf } from '#components/failures/failure.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { signIn } from '#components/session/session.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { PASSWORD_MIN } from '#components/session/password.ts'

/** Makes the owner and the first team; the code from the console proves that this is the person who started the server. */
export function SetupForm({ code: knownCode }: { code: string }) {
  const [form, setForm] = useState({ code: knownCode, name: '', email: '', password: '', team: '' })
  const complete = useMutation({
    ...useTRPC().setup.complete.mutationOptions(),
    onSuccess: async () => {
      const outcome = await signIn({ email: form.email.trim(), password: form.password }).catch(() => 'failed' as const)
      window.location.assign(outcome === 'signed-in' ? '/' : '/sign-in')
    },
  })
  const set = (name: keyof typeof form) => (event: { target: { value: string } }) =>
    setForm((before) => ({ ...before, [name]: event.target.value }))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    complete.mutate({ ...form, code: form.code.trim(), email: form.email.trim(), name: form.name.trim(), team: form.team.trim() })
  }
  const failure = complete.error ? failureOf(complete.error) : null
  const isCodeWrong = failure?.is === 'domain' && failure.code === 'setup.code-wrong'

  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {knownCode && !isCodeWrong ? null : (
        <Field label="Set-up code" hint="The console of the server shows it beside the link.">
          <Input name="code" required autoComplete="off" autoFocus className="font-mono" value={form.code} onChange={set('code')} />
        </Field>
      )}
      <Field label="Team" hint="You can rename it later.">
        <Input
          name="team"
          required
          maxLength={100}
          autoComplete="organization"
          autoFocus={Boolean(knownCode)}
          value={form.team}
          onChange={set('team')}
        />
      </Field>
      <Field label="Your name">
        <Input name="name" required maxLength={100} autoComplete="name" value={form.name} onChange={set('name')} />
      </Field>
      <Field label="E-mail">
        <Input name="email" type="email" required autoComplete="username" value={form.email} onChange={set('email')} />
      </Field>
      <Field label="Password" hint={`At least ${PASSWORD_MIN} characters.`}>
        <Input
          name="password"
          type="password"
          required
          minLength={PASSWORD_MIN}
          autoComplete="new-password"
          value={form.password}
          onChange={set('password')}
        />
      </Field>
      {complete.error ? <FailureNotice error={complete.error} /> : null}
      <Button type="submit" variant="primary" size="lg" isBusy={complete.isPending || complete.isSuccess} className="mt-1">
        Create the team
      </Button>
    </form>
  )
}
