'use client'

import { useQuery } from '@tanstack/react-query'
import type { Rights } from '#components/connections/lanes.model.ts'
import { useMay } from '#components/session/use-me.ts'
import { useTRPC } from '#components/trpc/trpc.ts'

/** Where I may connect something; the server decides again. */
export function useRights(projectId: string | undefined): Rights {
  const may = useMay()
  const project = useQuery({ ...useTRPC().projects.get.queryOptions({ projectId: projectId ?? '' }), enabled: projectId !== undefined })
  return { manageProject: project.data?.role === 'maintainer', connectOwn: may.prompt, ownInstance: may.own }
}
