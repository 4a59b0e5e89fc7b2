'use client'

import { type ReactNode, useState } from 'react'
import { asksForSecret, problemsOf, type ElicitationAnswers, type ElicitationForm, type FormField } from '#core/chat/elicitation.ts'
import { answersOf, beginning, problemWords, type Draft } from '#components/chat/elicitation.model.ts'
import { Button } from '#components/ui/button.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input, Textarea } from '#components/ui/input.tsx'
import { Notice } from '#components/ui/notice.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { Select } from '#components/ui/select.tsx'

/** What is typed survives that its row leaves the screen, since only rows in sight are drawn. */
const drafts = new Map<string, Draft>()

type Form = Extract<ElicitationForm, { mode: 'form' }>

/** The agent's form. Looked through here before it is sent, by the same rules as on the server. */
export function ElicitationFields({
  requestId,
  form,
  isBusy,
  isDisabled,
  onAnswer,
  others,
}: {
  requestId: string
  form: Form
  isBusy: boolean
  isDisabled: boolean
  onAnswer: (answers: ElicitationAnswers) => void
  /** The buttons beside "Answer". */
  others: ReactNode
}) {
  const [draft, setDraft] = useState<Draft>(() => drafts.get(requestId) ?? beginning(form))
  const [isTried, setTried] = useState(false)
  const answers = answersOf(form, draft)
  const problems = problemsOf(form, answers)
  const change = (name: string, value: Draft[string]) => {
    const next = { ...draft, [name]: value }
    drafts.set(requestId, next)
    setDraft(next)
  }
  return (
    <form
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (Object.keys(problems).length > 0) return
        onAnswer(answers)
      }}
    >
      {form.fields.some(asksForSecret) ? (
        <Notice tone="warn" className="text-sm">
          It asks for something secret. What you enter reaches the agent and its model; the chat shows dots in its place. A connection is
          the safer way.
        </Notice>
      ) : null}
      {form.fields.map((field) => {
        const problem = isTried ? problems[field.name] : undefined
        return (
          <FormLine
            key={field.name}
            field={field}
            value={draft[field.name]}
            error={problem ? problemWords(problem) : undefined}
            onChange={(value) => change(field.name, value)}
          />
        )
      })}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" isBusy={isBusy} isDisabled={isDisabled}>
          Answer
        </Button>
        {others}
      </div>
    </form>
  )
}

type LineProps = { field: FormField; value: Draft[string] | undefined; error: string | undefined; onChange: (value: Draft[string]) => void }

const FEW_CHOICES = 4
const inputTypes = { email: 'email', uri: 'url', date: 'date', 'date-time': 'datetime-local' } as const

function FormLine({ field, value, error, onChange }: LineProps) {
  const label = { label: field.title, hint: field.description ?? undefined, error, optional: !field.isRequired && field.type !== 'yes-no' }
  switch (field.type) {
    case 'yes-no':
      return (
        <Checkbox isChecked={value === true} onChange={onChange} note={field.description ?? undefined}>
          {field.title}
        </Checkbox>
      )
    case 'number':
      return (
        <Field {...label}>
          <Input
            type={field.isSecret ? 'password' : 'text'}
            autoComplete="off"
            inputMode={field.isInteger ? 'numeric' : 'decimal'}
            value={String(value ?? '')}
            onChange={(event) => onChange(event.target.value)}
          />
        </Field>
      )
    case 'text':
      return (
        <Field {...label}>
          {isLong(field) ? (
            <Textarea rows={2} className="min-h-16" value={String(value ?? '')} onChange={(event) => onChange(event.target.value)} />
          ) : (
            <Input
              type={field.isSecret ? 'password' : field.format ? inputTypes[field.format] : 'text'}
              autoComplete="off"
              value={String(value ?? '')}
              onChange={(event) => onChange(event.target.value)}
            />
          )}
        </Field>
      )
    case 'choice':
      return <ChoiceLine field={field} value={value} error={error} onChange={onChange} />
  }
}

/** Room for a paragraph, where the agent expects one. */
const isLong = ({ format, isSecret, maxLength }: Extract<FormField, { type: 'text' }>) =>
  format === null && !isSecret && maxLength !== null && maxLength > 200

function ChoiceLine({ field, value, error, onChange }: Omit<LineProps, 'field'> & { field: Extract<FormField, { type: 'choice' }> }) {
  const noteOf = (description: string | null) => (description === null ? {} : { note: description })
  if (!field.isMany && field.choices.length > FEW_CHOICES) {
    return (
      <Field label={field.title} hint={field.description ?? undefined} error={error} optional={!field.isRequired}>
        <Select
          choices={field.choices.map((each) => ({ value: each.value, label: each.title, ...noteOf(each.description) }))}
          value={typeof value === 'string' && value !== '' ? value : null}
          onChange={onChange}
          placeholder="Choose one"
        />
      </Field>
    )
  }
  const chosen = Array.isArray(value) ? (value as readonly string[]) : []
  return (
    <fieldset className="flex flex-col gap-1.5">
      <legend className="mb-1.5 flex items-baseline gap-1.5 text-sm font-medium text-ink">
        {field.title}
        {field.isRequired ? null : <span className="text-xs font-normal text-ink-quiet">optional</span>}
      </legend>
      {field.isMany ? (
        <div className="flex flex-col gap-2">
          {field.choices.map((each) => (
            <Checkbox
              key={each.value}
              isChecked={chosen.includes(each.value)}
              onChange={(isChecked) => onChange(isChecked ? [...chosen, each.value] : chosen.filter((other) => other !== each.value))}
              {...noteOf(each.description)}
            >
              {each.title}
            </Checkbox>
          ))}
        </div>
      ) : (
        <RadioCards
          label={field.title}
          isRow={field.choices.every((each) => each.description === null && each.title.length <= 24)}
          choices={field.choices.map((each) => ({ value: each.value, label: each.title, ...noteOf(each.description) }))}
          value={typeof value === 'string' ? value : ''}
          onChange={onChange}
        />
      )}
      {field.description ? <p className="text-sm text-ink-quiet">{field.description}</p> : null}
      {error ? (
        <p role="alert" className="text-sm text-bad-ink">
          {error}
        </p>
      ) : null}
    </fieldset>
  )
}
