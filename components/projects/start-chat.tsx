'use client'

import { useQuery } from '@tanstack/react-query'
import { ArrowUp } from 'lucide-react'
import { type FormEvent, type KeyboardEvent, useState } from 'react'
import type { Scope } from '#core/connections/connection.ts'
import { BudgetNotice } from '#components/budgets/budget-notice.tsx'
import { useApplyingBudgets } from '#components/budgets/use-applying-budgets.ts'
import { ConnectDialog } from '#components/connections/connect-dialog.tsx'
import type { Attachment } from '#components/connections/lanes.model.ts'
import { MendButton } from '#components/connections/mend-button.tsx'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { failureWords } from '#components/failures/sentences.ts'
import { AbilityList } from '#components/harnesses/ability-list.tsx'
import { chosenHarness, harnessChoices, modelChoices, startersFor } from '#components/projects/start-chat.model.ts'
import { useStartChat } from '#components/projects/use-start-chat.ts'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Notice } from '#components/ui/notice.tsx'
import { Select } from '#components/ui/select.tsx'

/** The first prompt of a chat, with the agent and the model that shall answer it. */
export function StartChat({ projectId, hasChats }: { projectId: string; hasChats: boolean }) {
  const trpc = useTRPC()
  const [text, setText] = useState('')
  const [wish, setWish] = useState<string | null>(null)
  const [model, setModel] = useState<string | null>(null)
  const [connecting, setConnecting] = useState<{ scope: Scope; replaces: Attachment | undefined } | null>(null)
  const { start, isBusy, error } = useStartChat(projectId)
  const budgets = useApplyingBudgets({ projectId })
  const project = useQuery(trpc.projects.get.queryOptions({ projectId }))
  const connections = useQuery(trpc.connections.list.queryOptions({ projectId }))
  const harness = chosenHarness({ wish, connections: connections.data ?? [] })
  const connection = connections.data?.find((each) => each.harness === harness)
  const isReady = connection?.resolution.state === 'active'
  const models = useQuery({ ...trpc.models.list.queryOptions({ harness: harness ?? '', projectId }), enabled: isReady })
  const modelId = models.data?.models.some((each) => each.id === model) ? model : (models.data?.defaultModel ?? null)

  const starters = startersFor({ hasRepository: Boolean(project.data?.repositoryUrl) })
  const send = () => {
    if (text.trim() && harness && isReady && !isBusy) start({ harness, model: modelId, text: text.trim() })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    send()
  }

  return (
    <div className="flex flex-col gap-3">
      <form
        onSubmit={submit}
        className="rounded-xl border border-line-strong/70 bg-raised shadow-rest transition-colors focus-within:border-accent"
      >
        <textarea
          aria-label="Prompt for a new chat"
          placeholder={connection ? `What should ${connection.name} do?` : 'What shall be done?'}
          rows={3}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          className="thin-scroll field-sizing-content max-h-80 min-h-24 w-full resize-none bg-transparent px-4 pt-3.5 pb-1 text-md outline-none"
        />
        <div className="flex flex-wrap items-center gap-1 p-2">
          <Select
            label="Agent"
            look="plain"
            size="sm"
            choices={harnessChoices(connections.data ?? [])}
            value={harness}
            onChange={setWish}
            placeholder="Agent"
            className="max-w-44"
          />
          {isReady && models.data && models.data.models.length > 0 ? (
            <Select
              label="Model"
              look="plain"
              size="sm"
              choices={modelChoices(models.data.models)}
              value={modelId}
              onChange={setModel}
              placeholder="Default model"
              className="max-w-56"
            />
          ) : null}
          <Button
            type="submit"
            variant="primary"
            size="sm"
            className="ml-auto h-8"
            isBusy={isBusy}
            isDisabled={!text.trim() || !isReady}
            icon={<ArrowUp aria-hidden />}
          >
            Start
          </Button>
        </div>
      </form>

      {connection && isReady ? (
        <details className="text-sm">
          <summary className="touch-target w-fit px-1 text-xs text-ink-quiet underline decoration-line-strong underline-offset-4">
            What {connection.name} can do, and what not
          </summary>
          <div className="mt-2 rounded-lg border border-line bg-raised px-4 py-3">
            <AbilityList harness={connection.harness} can={null} />
          </div>
        </details>
      ) : null}
      <BudgetNotice budgets={budgets} />
      {connection && !isReady && connection.resolution.code ? (
        <Notice
          tone="warn"
          action={<MendButton row={connection} projectId={projectId} onConnect={(scope, replaces) => setConnecting({ scope, replaces })} />}
        >
          {failureWords(connection.resolution.code, { harness: connection.harness }).sentence}
        </Notice>
      ) : null}
      {error ? <FailureNotice error={error} place={{ projectId, harness }} onRetry={send} /> : null}
      {connections.isError ? <FailureNotice error={connections.error} onRetry={() => void connections.refetch()} /> : null}
      {!hasChats && isReady && text === '' ? (
        <fieldset className="flex flex-wrap gap-2">
          <legend className="sr-only">Prompts to begin with</legend>
          {starters.map((each) => (
            <Button key={each} size="sm" className="h-auto min-h-7 py-1 text-left whitespace-normal" onClick={() => setText(each)}>
              {each}
            </Button>
          ))}
        </fieldset>
      ) : null}
      {connecting && harness ? (
        <ConnectDialog harness={harness} projectId={projectId} {...connecting} onClose={() => setConnecting(null)} />
      ) : null}
    </div>
  )
}
