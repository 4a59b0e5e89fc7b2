'use client'

import { GateFrame } from '#components/session/gate-frame.tsx'
import { signOut } from '#components/session/session.ts'
import { Button } from '#components/ui/button.tsx'

/** For somebody who was removed from their last team. */
export function NoTeam({ name }: { name: string }) {
  return (
    <GateFrame title="You are in no team" lead={`${name}, ask an admin for an invitation link to come back in.`}>
      <Button size="lg" className="w-full" onClick={() => void signOut()}>
        Sign out
      </Button>
    </GateFrame>
  )
}
