'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState, type FormEvent } from 'react'
import type { BudgetPeriod } from '#core/budgets/budget.ts'
import {
  inputOf,
  ownerOf,
  periodWords,
  readDollars,
  sayDollars,
  scopeWords,
  type Budget,
  type BudgetInput,
  type ScopeKind,
} from '#components/budgets/budget.model.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { Segmented } from '#components/ui/segmented.tsx'
import { Select, type Choice } from '#components/ui/select.tsx'
import { toast } from '#components/ui/toast.tsx'

/** What is changed, or for whom a new one is; null leaves that to choose. */
export type BudgetStart = { budget: Budget } | { scope: BudgetInput['scope'] | null }

const periods = (['day', 'month'] as const).map((value) => ({ value, label: periodWords[value] }))

/** Sets how much may be spent. There is one budget for each place and period, so a second one replaces the first. */
export function BudgetDialog({ start, onClose }: { start: BudgetStart; onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const formId = useId()
  const known = 'budget' in start ? start.budget : null
  const given = 'budget' in start ? inputOf(start.budget).scope : start.scope
  const [kind, setKind] = useState<ScopeKind>(given?.is ?? 'project')
  const [targetId, setTargetId] = useState<string | null>(null)
  const [period, setPeriod] = useState<BudgetPeriod>(known?.period ?? 'day')
  const [amount, setAmount] = useState(known ? sayDollars(known.limitMicros).slice(1) : '')
  const [isTried, setTried] = useState(false)
  const read = readDollars(amount)
  const scope = given ?? scopeOf(kind, targetId)
  const set = useMutation({
    ...trpc.budgets.set.mutationOptions(),
    onSuccess: async () => {
      await queryClient.invalidateQueries(trpc.budgets.pathFilter())
      toast.success(known ? 'The budget is changed' : 'The budget is set')
      onClose()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (scope && read.problem === null) set.mutate({ scope, period, limitMicros: read.micros })
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={known ? `Budget of ${ownerOf(known)}` : 'Set a budget'}
      description="When it is spent, further model requests are refused until it begins anew. Days and months are those of UTC."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={formId} variant="primary" isBusy={set.isPending}>
            {known ? 'Save' : 'Set the budget'}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} noValidate className="flex flex-col gap-4">
        {given ? null : (
          <>
            <Segmented<ScopeKind>
              label="For whom"
              choices={Object.entries(scopeWords).map(([value, label]) => ({ value: value as ScopeKind, label }))}
              value={kind}
              onChange={(next) => {
                setKind(next)
                setTargetId(null)
              }}
            />
            {kind === 'team' ? (
              <p className="text-sm text-ink-soft">For everything that this team spends.</p>
            ) : (
              <Target kind={kind} value={targetId} onChange={setTargetId} error={isTried && !scope ? `Choose a ${kind}.` : null} />
            )}
          </>
        )}
        {known ? null : (
          <Segmented<BudgetPeriod> label="How often" choices={periods} value={period} onChange={setPeriod} className="self-start" />
        )}
        <Field
          label={`Dollars ${periodWords[period].toLowerCase()}`}
          hint={read.micros === 0 ? 'With nothing to spend, every priced request is refused.' : undefined}
          error={(isTried || amount !== '') && read.problem ? (amount === '' && !isTried ? null : read.problem) : null}
        >
          <Input
            inputMode="decimal"
            autoComplete="off"
            placeholder="20"
            value={amount}
            onChange={(event) => setAmount(event.target.value)}
          />
        </Field>
        {set.error ? <FailureNotice error={set.error} /> : null}
      </form>
    </Dialog>
  )
}

function scopeOf(kind: ScopeKind, id: string | null): BudgetInput['scope'] | null {
  if (kind === 'team') return { is: 'team' }
  if (id === null) return null
  if (kind === 'project') return { is: 'project', projectId: id }
  return kind === 'member' ? { is: 'member', userId: id } : { is: 'chat', chatId: id }
}

type TargetProps = { kind: Exclude<ScopeKind, 'team'>; value: string | null; onChange: (id: string) => void; error: string | null }

function Target({ kind, value, onChange, error }: TargetProps) {
  const trpc = useTRPC()
  const projects = useQuery({ ...trpc.projects.list.queryOptions(), enabled: kind === 'project' })
  const team = useQuery({ ...trpc.team.get.queryOptions(), enabled: kind === 'member' })
  const chats = useQuery({ ...trpc.chats.list.queryOptions({}), enabled: kind === 'chat' })
  const choices: Record<TargetProps['kind'], readonly Choice[]> = {
    project: projects.data?.map((each) => ({ value: each.projectId, label: each.name })) ?? [],
    member: team.data?.members.map((each) => ({ value: each.userId, label: each.name, note: each.email })) ?? [],
    chat: chats.data?.map((each) => ({ value: each.chatId, label: each.title || 'Untitled chat' })) ?? [],
  }
  return (
    <Field label={scopeWords[kind]} error={error}>
      <Select choices={choices[kind]} value={value} onChange={onChange} placeholder={`Choose a ${kind}`} />
    </Field>
  )
}
