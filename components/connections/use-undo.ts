'use client'

import { useTRPCClient } from '#components/trpc/trpc.ts'
import { wordsOf } from '#components/failures/failure.ts'
import { useRefresh } from '#components/connections/use-refresh.ts'
import { toast } from '#components/ui/toast.tsx'

type Undoable = { undoId: string; undoUntil: string }

/** Says what was removed, and offers to put it back for as long as the server keeps it. */
export function useUndo(): (words: { done: string; note?: string }, undoable: Undoable) => void {
  const client = useTRPCClient()
  const refresh = useRefresh()
  const undo = async ({ undoId }: Undoable) => {
    try {
      await client.connections.undo.mutate({ undoId })
      toast.success('Connected again')
    } catch (error) {
      toast.error(wordsOf(error).sentence)
    } finally {
      await refresh()
    }
  }
  return ({ done, note }, undoable) => {
    toast.success(done, {
      description: note,
      duration: Math.max(0, Date.parse(undoable.undoUntil) - Date.now()),
      action: { label: 'Undo', onClick: () => void undo(undoable) },
    })
  }
}
