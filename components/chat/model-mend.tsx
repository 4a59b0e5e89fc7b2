'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import type { FailureFacts } from '#core/errors.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { wordsOf } from '#components/failures/failure.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { toast } from '#components/ui/toast.tsx'

/** The way out of a model that is no more: its successor in one click where there is one, and the whole menu. */
export function ModelMend({ facts, onChosen }: { facts: FailureFacts; onChosen?: () => void }) {
  const trpc = useTRPC()
  const { chatId, projectId, harness, mayPrompt, chooseModel } = useChatActs()
  const successor = typeof facts['successor'] === 'string' ? facts['successor'] : null
  const models = useQuery({
    ...trpc.models.list.queryOptions({ harness: harness ?? '', ...(projectId === null ? {} : { projectId }) }),
    enabled: successor !== null && harness !== null,
  })
  const choose = useMutation({
    ...trpc.chats.chooseModel.mutationOptions(),
    onSuccess: () => {
      toast.success(`${name} answers from now on`)
      onChosen?.()
    },
    onError: (error) => toast.error('The model stays as it is', { description: wordsOf(error).sentence }),
  })
  // It may have been hidden since.
  const offered = models.data?.models.find((each) => each.id === successor)
  const name = offered?.name ?? successor
  if (!mayPrompt) return null
  return (
    <>
      {offered ? (
        <Button size="sm" variant="primary" isBusy={choose.isPending} onClick={() => choose.mutate({ chatId, model: offered.id })}>
          Use {name}
        </Button>
      ) : null}
      <Button size="sm" onClick={chooseModel}>
        Choose a model
      </Button>
    </>
  )
}
