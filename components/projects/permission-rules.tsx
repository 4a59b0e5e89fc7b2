'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import { PermissionRule, RULES_MAX } from '#core/projects/permission-rules.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { deadlineChoices, effectChoices, kindChoices, meaningOf } from '#components/projects/permission-rules.model.ts'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Field } from '#components/ui/field.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Input } from '#components/ui/input.tsx'
import { Section } from '#components/ui/section.tsx'
import { Select } from '#components/ui/select.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { toast } from '#components/ui/toast.tsx'

/** What agents may do without asking a person, and how long they wait for one. */
export function PermissionRules({ projectId, mayChange }: { projectId: string; mayChange: boolean }) {
  const stored = useQuery(useTRPC().projects.rules.queryOptions({ projectId }))
  return (
    <Section
      title="What agents may do unasked"
      description="When an agent asks for permission, these rules answer before a person is asked. No goes before ask, and ask before yes; where no rule speaks, people are asked. An agent in a mode that does not ask is not held up by them."
    >
      {stored.isPending ? <SkeletonRows rows={2} label="Loading rules" /> : null}
      {stored.isError ? <FailureNotice error={stored.error} onRetry={() => void stored.refetch()} /> : null}
      {stored.data ? <RulesForm projectId={projectId} stored={stored.data} mayChange={mayChange} /> : null}
    </Section>
  )
}

/** What is typed here stays, whatever is loaded again meanwhile. */
function RulesForm({ projectId, stored, mayChange }: { projectId: string; stored: Outputs['projects']['rules']; mayChange: boolean }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [rules, setRules] = useState<readonly PermissionRule[]>(stored.rules)
  const [deadlineMinutes, setDeadline] = useState(stored.deadlineMinutes)
  const save = useMutation({
    ...trpc.projects.setRules.mutationOptions(),
    onSuccess: async () => {
      toast.success('Saved')
      await queryClient.invalidateQueries(trpc.projects.rules.pathFilter())
    },
  })
  const change = (at: number, fields: Partial<PermissionRule>) =>
    setRules(rules.map((rule, each) => (each === at ? { ...rule, ...fields } : rule)))
  const isWhole = rules.every((rule) => PermissionRule.safeParse(rule).success)
  const isChanged = JSON.stringify([rules, deadlineMinutes]) !== JSON.stringify([stored.rules, stored.deadlineMinutes])
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate({ projectId, rules: rules.map((rule) => ({ ...rule, pattern: rule.pattern.trim() })), deadlineMinutes })
      }}
    >
      {rules.length > 0 ? (
        <ul className="divide-y divide-line rounded-lg border border-line bg-raised">
          {rules.map((rule, at) => (
            <li key={at} className="flex flex-col gap-1.5 px-3 py-2.5">
              <div className="flex flex-wrap items-center gap-2">
                <Select
                  label={`Answer of rule ${at + 1}`}
                  choices={effectChoices}
                  value={rule.effect}
                  onChange={(effect) => change(at, { effect })}
                  isDisabled={!mayChange}
                  className="w-24"
                />
                <Select
                  label={`What rule ${at + 1} is about`}
                  choices={kindChoices}
                  value={rule.kind}
                  onChange={(kind) => change(at, { kind })}
                  isDisabled={!mayChange}
                  className="w-44"
                />
                <Input
                  aria-label={`Pattern of rule ${at + 1}`}
                  placeholder="npm test*"
                  maxLength={300}
                  spellCheck={false}
                  autoCapitalize="off"
                  disabled={!mayChange}
                  value={rule.pattern}
                  onChange={(event) => change(at, { pattern: event.target.value })}
                  className="min-w-32 flex-1 font-mono text-sm"
                />
                {mayChange ? (
                  <IconButton label={`Remove rule ${at + 1}`} onClick={() => setRules(rules.filter((_, each) => each !== at))}>
                    <X aria-hidden />
                  </IconButton>
                ) : null}
              </div>
              <p className="text-sm text-ink-quiet">{meaningOf(rule)}</p>
            </li>
          ))}
        </ul>
      ) : (
        <p className="text-base text-ink-quiet">No rules: a person answers every question.</p>
      )}
      {mayChange ? (
        <div>
          <Button
            size="sm"
            icon={<Plus aria-hidden />}
            isDisabled={rules.length >= RULES_MAX}
            onClick={() => setRules([...rules, { effect: 'allow', kind: 'execute', pattern: '' }])}
          >
            Add a rule
          </Button>
        </div>
      ) : null}
      <Field label="A question expires after" hint="The agent is told no, and goes on with that.">
        <Select
          choices={deadlineChoices(deadlineMinutes)}
          value={String(deadlineMinutes)}
          onChange={(minutes) => setDeadline(Number(minutes))}
          isDisabled={!mayChange}
          className="max-w-60"
        />
      </Field>
      {save.error ? <FailureNotice error={save.error} /> : null}
      {mayChange ? (
        <div>
          <Button type="submit" variant="primary" isBusy={save.isPending} isDisabled={!isChanged || !isWhole}>
            Save rules
          </Button>
        </div>
      ) : null}
    </form>
  )
}
