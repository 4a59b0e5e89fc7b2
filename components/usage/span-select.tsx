'use client'

import { useState } from 'react'
import { MAX_DAYS, spanProblem, writeSpan, type Span, type SpanChoice } from '#core/usage/span.ts'
import { customStart, saySpan } from '#components/usage/address.model.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { Select } from '#components/ui/select.tsx'

const presets = [
  { value: '7', label: 'Last 7 days' },
  { value: '30', label: 'Last 30 days' },
  { value: '90', label: 'Last 90 days' },
  { value: 'month', label: 'This month' },
] as const
const CUSTOM = 'custom'

const problems: Readonly<Record<NonNullable<ReturnType<typeof spanProblem>>, string>> = {
  'not-a-day': 'Choose both days.',
  backwards: 'The last day comes before the first.',
  'too-long': `At most ${MAX_DAYS} days at once.`,
}

/** Which days are counted. */
export function SpanSelect({ span, today, onChange }: { span: SpanChoice; today: string; onChange: (span: SpanChoice) => void }) {
  const [isChoosing, setChoosing] = useState(false)
  const own = typeof span === 'object' ? [{ value: writeSpan(span), label: saySpan(span) }] : []
  return (
    <>
      <Select<string>
        label="Time"
        className="w-48"
        value={writeSpan(span)}
        onChange={(next) => (next === CUSTOM ? setChoosing(true) : onChange(next as SpanChoice))}
        choices={[...presets, ...own, { value: CUSTOM, label: 'Choose dates…' }]}
      />
      {isChoosing ? (
        <DatesDialog
          start={customStart(span, today)}
          today={today}
          onClose={() => setChoosing(false)}
          onChoose={(next) => {
            setChoosing(false)
            onChange(next)
          }}
        />
      ) : null}
    </>
  )
}

type DatesProps = { start: Span; today: string; onClose: () => void; onChoose: (span: Span) => void }

function DatesDialog({ start, today, onClose, onChoose }: DatesProps) {
  const [dates, setDates] = useState(start)
  const problem = spanProblem(dates)
  const error = problem ? problems[problem] : null
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Choose dates"
      description="Days begin and end at midnight UTC, as budgets do."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" isDisabled={problem !== null} onClick={() => onChoose(dates)}>
            Show these days
          </Button>
        </>
      }
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="First day">
          <Input type="date" max={today} value={dates.from} onChange={(event) => setDates({ ...dates, from: event.target.value })} />
        </Field>
        <Field label="Last day" error={error}>
          <Input type="date" max={today} value={dates.to} onChange={(event) => setDates({ ...dates, to: event.target.value })} />
        </Field>
      </div>
    </Dialog>
  )
}
