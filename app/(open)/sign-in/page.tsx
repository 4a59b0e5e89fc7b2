import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { anyPage } from '#app/open-page.ts'
import { GateFrame } from '#components/session/gate-frame.tsx'
import { safeNext } from '#components/session/session.ts'
import { SignInForm } from '#components/session/sign-in-form.tsx'

export const metadata: Metadata = { title: 'Sign in' }

export default async function SignInPage({ searchParams }: { searchParams: Promise<{ next?: string | string[] }> }) {
  const { next } = await searchParams
  const { caller } = await anyPage()
  if ((await caller.setup.state()).isOpen) redirect('/setup')
  return (
    <GateFrame title="Sign in" footer="No account? A team admin can send you an invitation link.">
      <SignInForm next={safeNext(typeof next === 'string' ? next : null)} />
    </GateFrame>
  )
}
