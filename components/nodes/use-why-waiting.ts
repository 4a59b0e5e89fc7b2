import { useQuery } from '@tanstack/react-query'
import { type WaitWords, waitWords } from '#components/nodes/wait-words.ts'
import { useTRPC } from '#components/trpc/trpc.ts'

const ASK_AGAIN_MS = 3_000

/** Why a chat with a prompt in line has no node; null while none is missing, or nobody asks. */
export function useWhyWaiting(chatId: string, isWaiting: boolean): WaitWords | null {
  const reason = useQuery({
    ...useTRPC().nodes.whyWaiting.queryOptions({ chatId }),
    enabled: isWaiting,
    refetchInterval: ASK_AGAIN_MS,
    // What was true of an earlier prompt says nothing of this one.
    gcTime: 0,
  })
  return isWaiting && reason.data ? waitWords(reason.data) : null
}
