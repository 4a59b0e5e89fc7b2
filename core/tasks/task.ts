/** What a task is made of, for server and browser alike. How it stands follows from facts: `state.ts`. */
import { z } from 'zod'
import { BranchName } from '#core/projects/branch.ts'

export const TASK_TITLE_MAX_CHARS = 200
const INSTRUCTIONS_MAX_CHARS = 50_000
const COMMENT_MAX_CHARS = 10_000
/** Made together with their task; more can be added one by one. */
export const SUBTASKS_MAX = 50

/** What PostgreSQL can hold as text: no NUL, no half characters. */
const Text = z
  .string()
  .refine((text) => !text.includes('\0') && text.isWellFormed(), { error: 'Expected text without NUL and half characters' })
/** One line. */
export const TaskTitle = Text.transform((text) => text.replaceAll(/\s+/g, ' ').trim()).pipe(z.string().min(1).max(TASK_TITLE_MAX_CHARS))
export const Instructions = Text.max(INSTRUCTIONS_MAX_CHARS)
export const Comment = Text.trim().min(1).max(COMMENT_MAX_CHARS)

/** With what a task's chat is to be started; null leaves it to whoever starts it. */
export const StartWish = z.object({
  harness: Text.min(1).max(100).nullable(),
  model: Text.min(1).max(200).nullable(),
  /** Where the work starts from; made from the repository's default branch when there is none of that name. */
  branch: BranchName.nullable(),
})
export type StartWish = z.infer<typeof StartWish>

/** What its agent is told and with what it starts: whoever changes one of these speaks through whoever it is started for. */
export const startFields = ['title', 'instructions', 'harness', 'model', 'branch'] as const

/** What made a task, when no person did so by hand. */
export type TaskOrigin =
  /** `dueAt` is when it was to be made; `missed` counts the times before it that passed while no server ran. */
  | { is: 'schedule'; name: string; dueAt: string; missed: number }
  | { is: 'webhook'; name: string; deliveryId: string }
  /** On the word of whoever prompted it; `name` is the agent's. */
  | { is: 'agent'; name: string }

/** Text that a chat is started with: what is to be done, and for a sub-task what it is a part of. */
export function taskPrompt({
  title,
  instructions,
  parent,
}: {
  title: string
  instructions: string
  parent: { title: string; instructions: string } | null
}): string {
  const own = instructions.trim() === '' ? title : `${title}\n\n${instructions.trim()}`
  if (!parent) return own
  const whole = parent.instructions.trim() === '' ? '' : `\n\n${parent.instructions.trim()}`
  return `${own}\n\n---\nThis is one part of a larger task, which is given for context. Do this part alone.\n\n${parent.title}${whole}`
}
