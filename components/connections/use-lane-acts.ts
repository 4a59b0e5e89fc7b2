'use client'

import { useMutation } from '@tanstack/react-query'
import { useRefresh } from '#components/connections/use-refresh.ts'
import { wordsOf } from '#components/failures/failure.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { toast } from '#components/ui/toast.tsx'

/** What is done to one attachment at once, without a question before it. */
export function useLaneActs() {
  const trpc = useTRPC()
  const refresh = useRefresh()
  const settled = { onError: (error: unknown) => void toast.error(wordsOf(error).sentence), onSettled: refresh }
  return {
    validate: useMutation({ ...trpc.connections.validate.mutationOptions(), ...settled }),
    setEnabled: useMutation({ ...trpc.connections.setEnabled.mutationOptions(), ...settled }),
    setShared: useMutation({
      ...trpc.connections.setShared.mutationOptions(),
      ...settled,
      onSuccess: (_, { isShared }) =>
        void (isShared
          ? toast.success('Shared with the team', { description: 'Colleagues can prompt in your chats on this key.' })
          : toast.success('No longer shared')),
    }),
  }
}
