'use client'

import { useQuery } from '@tanstack/react-query'
import type { Acting } from '#components/advanced/acting.ts'
import { AttachDialog } from '#components/advanced/attach-dialog.tsx'
import { ConfigurationDialog } from '#components/advanced/configuration-dialog.tsx'
import { NewCredentialDialog, RenameDialog, ReplaceSecretDialog } from '#components/advanced/credential-dialogs.tsx'
import type { Primitives } from '#components/advanced/primitives.model.ts'
import { DeleteConfigurationDialog, DeleteCredentialDialog, DetachDialog } from '#components/advanced/remove-dialogs.tsx'
import { sortsOf } from '#components/advanced/secret-fields.model.ts'
import { useTRPC } from '#components/trpc/trpc.ts'

/** The dialog of what the person is about to do. */
export function AdvancedDialogs({ acting, all, onClose }: { acting: Acting; all: Primitives; onClose: () => void }) {
  const offered = useQuery(useTRPC().connections.list.queryOptions({}))
  switch (acting.is) {
    case 'new-credential':
      return offered.data ? <NewCredentialDialog sorts={sortsOf(offered.data.map((each) => each.harness))} onClose={onClose} /> : null
    case 'replace':
      return offered.data ? (
        <ReplaceSecretDialog credential={acting.credential} sorts={sortsOf(offered.data.map((each) => each.harness))} onClose={onClose} />
      ) : null
    case 'rename':
      return <RenameDialog credential={acting.credential} onClose={onClose} />
    case 'delete-credential':
      return <DeleteCredentialDialog credential={acting.credential} onClose={onClose} />
    case 'new-configuration':
      return <ConfigurationDialog credentials={all.credentials} credential={acting.credential} onClose={onClose} />
    case 'edit-configuration':
      return <ConfigurationDialog credentials={all.credentials} configuration={acting.configuration} onClose={onClose} />
    case 'delete-configuration':
      return <DeleteConfigurationDialog configuration={acting.configuration} onClose={onClose} />
    case 'attach':
      return <AttachDialog all={all} configuration={acting.configuration} onClose={onClose} />
    case 'detach': {
      const { credentialId, configurationId } = acting.attachment
      const isKept = {
        credential: all.credentials.find((each) => each.credentialId === credentialId)?.isKept ?? false,
        configuration: all.configurations.find((each) => each.configurationId === configurationId)?.isKept ?? false,
      }
      return <DetachDialog attachment={acting.attachment} isKept={isKept} onClose={onClose} />
    }
  }
}
