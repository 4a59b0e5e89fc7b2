'use client'

import { Facts } from '#components/connections/facts.tsx'
import { loginFacts } from '#components/connections/login-facts.tsx'
import type { ConnectionRow } from '#components/connections/lanes.model.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'

/** Whose account was connected: the moment at which somebody notices that it is the wrong one. */
export function LoginStored({ row, connectionId, onClose }: { row: ConnectionRow; connectionId: string; onClose: () => void }) {
  const attachment = row.attachments.find((each) => each.connectionId === connectionId)
  const login = attachment?.login ?? null
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`${row.name} is connected`}
      description={login ? 'To this account:' : 'The login is stored. It says nothing of its account.'}
      footer={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      {login ? <Facts facts={loginFacts({ login, expiresAt: attachment?.expiresAt ?? null })} /> : null}
    </Dialog>
  )
}
