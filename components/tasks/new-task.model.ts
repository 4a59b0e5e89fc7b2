/** What a form makes of a task, whether it was written or pasted. Pure. */
import { readIssue, type Issue } from '#core/tasks/issue.ts'
import type { AgentWish } from '#components/tasks/agent-fields.tsx'
import type { Inputs, Outputs } from '#components/trpc/trpc.ts'

export type Draft = {
  way: 'write' | 'issue'
  /** What the fields below were filled from. */
  templateId: string | null
  title: string
  instructions: string
  /** As it was pasted. */
  issue: string
  /** Null as long as the issue says it. */
  issueTitle: string | null
  /** Parts of the issue that are to become sub-tasks, by their place; null as long as the issue's open ones are. */
  chosenParts: ReadonlySet<number> | null
  assigneeId: string | null
  dueOn: string
  wish: AgentWish
}

export const emptyDraft: Draft = {
  way: 'write',
  templateId: null,
  title: '',
  instructions: '',
  issue: '',
  issueTitle: null,
  chosenParts: null,
  assigneeId: null,
  dueOn: '',
  wish: { harness: null, model: null, branch: '' },
}

export const partsChosen = ({ chosenParts }: Draft, { parts }: Issue): ReadonlySet<number> =>
  chosenParts ?? new Set(parts.flatMap((part, at) => (part.isDone ? [] : [at])))

/** Its words in the place of what was typed; they can be changed then. */
export function fromTemplate(draft: Draft, template: Outputs['templates']['list'][number] | undefined): Draft {
  if (!template) return draft
  const { templateId, title, instructions, assigneeId, harness, model, branch } = template
  return { ...draft, templateId, title, instructions, assigneeId, wish: { harness, model, branch: branch ?? '' } }
}

type NewTask = Omit<Inputs['tasks']['create'], 'projectId'>

/** Null while it has no title. */
export function taskOf(draft: Draft): NewTask | null {
  const issue = readIssue(draft.issue)
  const chosen = partsChosen(draft, issue)
  const isIssue = draft.way === 'issue'
  const title = (isIssue ? (draft.issueTitle ?? issue.title) : draft.title).trim()
  if (title === '') return null
  return {
    title,
    instructions: (isIssue ? issue.instructions : draft.instructions).trim(),
    subtasks: isIssue ? issue.parts.flatMap((part, at) => (chosen.has(at) ? [part.title] : [])) : [],
    assigneeId: draft.assigneeId,
    dueOn: draft.dueOn || null,
    harness: draft.wish.harness,
    model: draft.wish.model,
    branch: draft.wish.branch.trim() || null,
  }
}
