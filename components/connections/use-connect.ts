'use client'

import { useMutation } from '@tanstack/react-query'
import type { Scope } from '#core/connections/connection.ts'
import { type ConnectFields, connectInput, CUSTOM, keyAccept, tokenAccept } from '#components/connections/connect-form.model.ts'
import type { ConnectionRow } from '#components/connections/lanes.model.ts'
import { useRefresh } from '#components/connections/use-refresh.ts'
import { storedNote } from '#components/connections/verdict-words.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { toast } from '#components/ui/toast.tsx'

type Around = { row: ConnectionRow; projectId: string | undefined; onClose: () => void; onLogin: (connectionId: string) => void }

/** Stores what was typed, or gives the project what is connected already; then says what became of it. */
export function useConnect({ row, projectId, onClose, onLogin }: Around) {
  const trpc = useTRPC()
  const refresh = useRefresh()
  const store = useMutation({
    ...trpc.connections.connect.mutationOptions(),
    onSuccess: async ({ connectionId, verdict }, { secret }) => {
      await refresh()
      if (secret.kind === 'auth-file') return onLogin(connectionId)
      const note = storedNote(
        verdict,
        secret.kind === 'api-key' ? providerOf(row, secret.provider) : (tokenAccept(row.accepts)?.issuerName ?? row.name),
      )
      const isWell = verdict === 'accepted' || note === null
      ;(isWell ? toast.success : toast.warning)(`${row.name} is connected`, note ? { description: note } : undefined)
      onClose()
    },
  })
  const reuse = useMutation({
    ...trpc.projectOverrides.set.mutationOptions(),
    onSuccess: async () => {
      await refresh()
      toast.success(`${row.name} is connected for this project`)
      onClose()
    },
  })
  return {
    isPending: store.isPending || reuse.isPending,
    error: store.error ?? reuse.error,
    reset: () => {
      if (store.isError) store.reset()
      if (reuse.isError) reuse.reset()
    },
    store: ({ fields, scope, onRefused }: { fields: ConnectFields; scope: Scope; onRefused: 'keep' | 'reject' }) =>
      store.mutate(
        connectInput(fields, {
          accepts: row.accepts,
          harness: row.harness,
          scope,
          projectId: scope === 'project' ? projectId : undefined,
          onRefused,
        }),
      ),
    reuse: (credentialId: string) => {
      if (projectId !== undefined) reuse.mutate({ projectId, harness: row.harness, credentialId })
    },
  }
}

const providerOf = ({ accepts }: ConnectionRow, id: string): string =>
  id === CUSTOM ? 'The provider' : (keyAccept(accepts)?.providers.find((each) => each.id === id)?.name ?? 'The provider')
