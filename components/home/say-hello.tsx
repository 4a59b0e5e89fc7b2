'use client'

import { useQuery } from '@tanstack/react-query'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useStartChat } from '#components/projects/use-start-chat.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'

const HELLO = 'Say hello, and tell in one sentence what you can do in this project.'

/** Starts the first chat: in the first project, with the first agent that has a connection there. */
export function SayHello() {
  const trpc = useTRPC()
  const projects = useQuery(trpc.projects.list.queryOptions())
  const projectId = projects.data?.[0]?.projectId
  const connections = useQuery({ ...trpc.connections.list.queryOptions({ projectId: projectId ?? '' }), enabled: projectId !== undefined })
  const harness = connections.data?.find((each) => each.resolution.state === 'active')
  const start = useStartChat(projectId ?? '')
  return (
    <div className="flex flex-col items-start gap-3">
      {start.error ? <FailureNotice error={start.error} place={{ projectId }} /> : null}
      <Button
        variant="primary"
        isBusy={start.isBusy}
        isDisabled={!projectId || !harness}
        onClick={() => harness && start.start({ harness: harness.harness, model: null, text: HELLO })}
      >
        {harness ? `Say hello to ${harness.name}` : 'Say hello'}
      </Button>
    </div>
  )
}
