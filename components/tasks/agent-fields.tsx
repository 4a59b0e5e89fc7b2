'use client'

import { useQuery } from '@tanstack/react-query'
import { GitBranch } from 'lucide-react'
import { useState } from 'react'
import { isBranchName } from '#core/projects/branch.ts'
import { harnessChoices, modelChoices } from '#components/projects/start-chat.model.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { Select } from '#components/ui/select.tsx'

export type AgentWish = { harness: string | null; model: string | null; branch: string }

/** What nobody could have called an agent or a model. */
const OPEN = '\u0000open'

export const isWish = ({ branch }: AgentWish): boolean => branch.trim() === '' || isBranchName(branch.trim())

/** Agent, model and branch, with what can be had in the project; `isOpen` lets the agent be chosen later. */
export function AgentFields({
  projectId,
  wish,
  onWish,
  isOpen = false,
}: {
  projectId: string
  wish: AgentWish
  onWish: (wish: AgentWish) => void
  isOpen?: boolean
}) {
  const trpc = useTRPC()
  const project = useQuery(trpc.projects.get.queryOptions({ projectId }))
  const connections = useQuery(trpc.connections.list.queryOptions({ projectId }))
  const isReady = connections.data?.find((each) => each.harness === wish.harness)?.resolution.state === 'active'
  const models = useQuery({ ...trpc.models.list.queryOptions({ harness: wish.harness ?? '', projectId }), enabled: isReady })
  const [hasLeft, setLeft] = useState(false)
  const agents = harnessChoices(connections.data ?? [])
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field label="Agent">
        <Select
          choices={isOpen ? [{ value: OPEN, label: 'Choose when it starts' }, ...agents] : agents}
          value={wish.harness ?? (isOpen ? OPEN : null)}
          onChange={(harness) => onWish({ ...wish, harness: harness === OPEN ? null : harness, model: null })}
          placeholder={connections.isPending ? 'Loading…' : 'Choose an agent'}
        />
      </Field>
      <Field label="Model">
        <Select
          choices={[{ value: OPEN, label: 'The agent’s default' }, ...modelChoices(models.data?.models ?? [])]}
          value={wish.model ?? OPEN}
          onChange={(model) => onWish({ ...wish, model: model === OPEN ? null : model })}
          isDisabled={!isReady}
        />
      </Field>
      {project.data?.repositoryUrl ? (
        <div className="sm:col-span-2">
          <Field
            label={
              <>
                <GitBranch aria-hidden className="size-3.5 self-center" /> Branch
              </>
            }
            optional
            hint="Where the work starts from. A name that does not exist yet is begun from the default branch."
            error={hasLeft && !isWish(wish) ? 'Git takes no such name for a branch.' : null}
          >
            <Input
              value={wish.branch}
              onChange={(event) => onWish({ ...wish, branch: event.target.value })}
              onBlur={() => setLeft(true)}
              spellCheck={false}
              autoCapitalize="off"
              className="font-mono text-sm"
            />
          </Field>
        </div>
      ) : null}
    </div>
  )
}
