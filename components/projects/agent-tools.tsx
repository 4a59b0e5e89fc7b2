'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ChevronRight } from 'lucide-react'
import { groupWords, toolGroups, toolsOf, toolWords, type ToolGroup } from '#core/mcp/tool-groups.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { OwnServers } from '#components/projects/own-servers.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { Section } from '#components/ui/section.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'

/** Which of our MCP server's tools the agents of a project get, group by group; each change holds at once. */
export function AgentTools({ projectId, mayChange }: { projectId: string; mayChange: boolean }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const stored = useQuery(trpc.projects.tools.queryOptions({ projectId }))
  const save = useMutation({
    ...trpc.projects.setTools.mutationOptions(),
    // What was ticked shows at once; what the server holds in the end comes after it.
    onMutate: ({ off: wanted }) => void queryClient.setQueryData(trpc.projects.tools.queryKey({ projectId }), { off: wanted }),
    onSettled: () => queryClient.invalidateQueries(trpc.projects.tools.queryFilter({ projectId })),
  })
  const off = stored.data?.off ?? []
  const turn = (group: ToolGroup, isOn: boolean) =>
    save.mutate({ projectId, off: isOn ? off.filter((each) => each !== group) : [...off, group] })
  return (
    <Section
      title="Tools for agents (MCP)"
      description="Gatehouse is an MCP server for the agents that run here. They call its tools for whoever prompted, with no more rights than that person has. What is turned off is off at once; what is turned on or added reaches agents that start from then on."
    >
      {stored.isPending ? <SkeletonRows rows={5} label="Loading tools" /> : null}
      {stored.isError ? <FailureNotice error={stored.error} onRetry={() => void stored.refetch()} /> : null}
      {save.error ? <FailureNotice error={save.error} /> : null}
      {stored.data ? (
        <ul className="divide-y divide-line rounded-lg border border-line bg-raised">
          {toolGroups.map((group) => (
            <li key={group} className="flex flex-col gap-1.5 px-4 py-3">
              <div className="flex items-start justify-between gap-3">
                <Checkbox
                  className="flex-1"
                  isChecked={!off.includes(group)}
                  isDisabled={!mayChange}
                  onChange={(isOn) => turn(group, isOn)}
                  note={groupWords[group].words}
                >
                  <span className="font-medium">{groupWords[group].title}</span>
                </Checkbox>
                {off.includes(group) ? <Badge>Off</Badge> : null}
              </div>
              <details className="group ml-6.5 text-sm">
                <summary className="touch-target flex w-fit cursor-pointer list-none items-center gap-1 text-ink-quiet [&::-webkit-details-marker]:hidden">
                  <ChevronRight aria-hidden className="size-3.5 transition-transform group-open:rotate-90" />
                  {toolsOf(group).length === 1 ? '1 tool' : `${toolsOf(group).length} tools`}
                </summary>
                <dl className="mt-1 flex flex-col gap-1.5 pl-4.5">
                  {toolsOf(group).map((name) => (
                    <div key={name} className="flex flex-col gap-x-3 sm:flex-row sm:items-baseline">
                      <dt className="shrink-0 font-mono text-xs text-ink sm:w-36">{name}</dt>
                      <dd className="text-ink-quiet">{toolWords[name].words}</dd>
                    </div>
                  ))}
                </dl>
              </details>
            </li>
          ))}
        </ul>
      ) : null}
      <OwnServers projectId={projectId} mayChange={mayChange} />
    </Section>
  )
}
