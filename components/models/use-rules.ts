'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { wordsOf } from '#components/failures/failure.ts'
import type { CatalogModel, CatalogProvider } from '#components/models/models.model.ts'
import type { RulePatch } from '#components/models/model-form.model.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { toast } from '#components/ui/toast.tsx'

type Where = Pick<CatalogProvider, 'provider' | 'server'>
export type Named = Pick<CatalogModel, 'id'> & { name: string | null }

/** An admin's word on one model, said and taken back. What changed is said with a way back. */
export function useRules({ provider, server }: Where) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const settled = {
    onSettled: () => queryClient.invalidateQueries(trpc.models.pathFilter()),
    onError: (error: unknown) => toast.error('Nothing was changed', { description: wordsOf(error).sentence }),
  }
  const set = useMutation({ ...trpc.models.setRule.mutationOptions(), ...settled })
  const clear = useMutation({ ...trpc.models.clearRule.mutationOptions(), ...settled })
  const at = (model: string, isForAll = false) => ({ provider, server, model, for: isForAll ? ('platform' as const) : ('team' as const) })

  return {
    isPending: set.isPending || clear.isPending,
    error: set.error,
    set: (model: Named, patch: RulePatch, { isForAll = false, onDone }: { isForAll?: boolean; onDone?: () => void } = {}) =>
      set.mutate({ ...at(model.id, isForAll), ...patch }, { onSuccess: onDone }),
    /** Offered or not, with an Undo to what the rule said before: the act that is done most. */
    allow: (model: Named, { isAllowed, before }: { isAllowed: boolean; before: boolean | null }) =>
      set.mutate(
        { ...at(model.id), isAllowed },
        {
          onSuccess: () =>
            toast.success(`${model.name ?? model.id} is ${isAllowed ? 'offered' : 'hidden'}`, {
              action: { label: 'Undo', onClick: () => set.mutate({ ...at(model.id), isAllowed: before }) },
            }),
        },
      ),
    clear: (model: Named, isForAll: boolean) =>
      clear.mutate(at(model.id, isForAll), { onSuccess: () => toast.success(`${model.name ?? model.id} is as the catalog has it`) }),
  }
}
