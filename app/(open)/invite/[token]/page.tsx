import type { Metadata } from 'next'
import { anyPage } from '#app/open-page.ts'
import { GateFrame } from '#components/session/gate-frame.tsx'
import { InvitationForm } from '#components/session/invitation-form.tsx'
import { ButtonLink } from '#components/ui/button.tsx'

export const metadata: Metadata = { title: 'Invitation' }

export default async function InvitationPage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params
  const { caller } = await anyPage()
  const invitation = await caller.invitations.read({ token }).catch(() => null)
  const me = await caller.me.get().catch(() => null)
  if (!invitation) {
    return (
      <GateFrame
        title="This invitation has ended"
        lead="It was used, withdrawn, or is older than 72 hours. Ask whoever sent it for a new one."
      >
        <ButtonLink href="/sign-in" size="lg" className="w-full">
          Go to sign in
        </ButtonLink>
      </GateFrame>
    )
  }
  return (
    <GateFrame title={`Join ${invitation.teamName}`} lead={`You were invited as ${invitation.role}.`}>
      <InvitationForm token={token} email={invitation.email} hasAccount={invitation.hasAccount} signedInAs={me?.user.email ?? null} />
    </GateFrame>
  )
}
