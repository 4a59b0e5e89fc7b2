import type { Metadata } from 'next'
import { anyPage } from '#app/open-page.ts'
import { GateFrame } from '#components/session/gate-frame.tsx'
import { SetupForm } from '#components/session/setup-form.tsx'
import { ButtonLink } from '#components/ui/button.tsx'

export const metadata: Metadata = { title: 'Set up' }

export default async function SetupPage({ searchParams }: { searchParams: Promise<{ code?: string | string[] }> }) {
  const { code } = await searchParams
  const { caller } = await anyPage()
  if (!(await caller.setup.state()).isOpen) {
    return (
      <GateFrame title="Already set up" lead="This Gatehouse has an owner and a team.">
        <ButtonLink href="/sign-in" variant="primary" size="lg" className="w-full">
          Sign in
        </ButtonLink>
      </GateFrame>
    )
  }
  return (
    <GateFrame title="Open the gatehouse" lead="You become its owner, and admin of the first team.">
      <SetupForm code={typeof code === 'string' ? code : ''} />
    </GateFrame>
  )
}
