'use client'

import { Check } from 'lucide-react'
import type { ReactNode } from 'react'
import { currentStep, type Step, type StepId } from '#components/home/checklist.model.ts'
import { SayHello } from '#components/home/say-hello.tsx'
import { ButtonLink } from '#components/ui/button.tsx'
import { classNames } from '#components/ui/class-names.ts'
import { Card } from '#components/ui/section.tsx'

const words: Readonly<Record<StepId, { title: string; text: string; act: ReactNode }>> = {
  connection: {
    title: 'Connect a credential',
    text: 'An API key of Anthropic, OpenAI or any other provider. Keys stay on this server; agents never see them.',
    act: (
      <ButtonLink href="/connections" variant="primary">
        Add a connection
      </ButtonLink>
    ),
  },
  node: {
    title: 'A node is online',
    text: 'The machine that runs the agents. One comes with the server and joins by itself within seconds.',
    act: <ButtonLink href="/nodes">Look at the nodes</ButtonLink>,
  },
  project: {
    title: 'Make a project',
    text: 'A name, and a git repository if you have one. Chats and their costs belong to it.',
    act: (
      <ButtonLink href="/projects/new" variant="primary">
        New project
      </ButtonLink>
    ),
  },
  hello: { title: 'Say hello', text: 'One short chat proves the whole chain, from your browser to the model and back.', act: <SayHello /> },
}

/** The first four steps, one of them at a time. Nobody is kept from doing anything else. */
export function FirstRun({ steps }: { steps: readonly Step[] }) {
  const current = currentStep(steps)
  return (
    <Card>
      <ol aria-label="First steps" className="divide-y divide-line">
        {steps.map((step, index) => {
          const isCurrent = step.id === current
          return (
            <li key={step.id} aria-current={isCurrent ? 'step' : undefined} className="flex gap-4 px-4 py-4 sm:px-5">
              <span
                className={classNames(
                  'figures mt-px grid size-6 shrink-0 place-items-center rounded-full text-xs font-semibold',
                  step.isDone ? 'bg-good-wash text-good-ink' : isCurrent ? 'bg-accent text-on-accent' : 'border border-line text-ink-quiet',
                )}
              >
                {step.isDone ? <Check aria-label="Done" className="size-3.5" /> : index + 1}
              </span>
              <div className="min-w-0 flex-1">
                <h3 className={classNames('text-md font-medium', step.isDone && 'text-ink-quiet')}>{words[step.id].title}</h3>
                {isCurrent ? (
                  <>
                    <p className="mt-0.5 max-w-prose text-ink-soft">{words[step.id].text}</p>
                    <div className="mt-3">{words[step.id].act}</div>
                  </>
                ) : null}
              </div>
            </li>
          )
        })}
      </ol>
    </Card>
  )
}
