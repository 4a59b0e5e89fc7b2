/** What a permission question says, and what became of it. */
import type { PermissionOption } from '#core/chat/events.ts'
import type { PermissionItem } from '#core/chat/view.ts'
import { sayClock } from '#components/chat/amounts.model.ts'
import { commandOf, diffsOf, toolTarget } from '#components/chat/tool.model.ts'

const asks = {
  execute: 'asks to run a command',
  read: 'asks to read a file',
  edit: 'asks to change a file',
  delete: 'asks to delete a file',
  move: 'asks to move a file',
  search: 'asks to search',
  fetch: 'asks to fetch from the network',
  think: 'asks to go on',
  switch_mode: 'asks to switch its mode',
  other: 'asks to use a tool',
} as const satisfies Record<PermissionItem['kind'], string>

/** "Codex asks to run a command". */
export function question(item: PermissionItem, agent: string): string {
  if (item.kind === 'edit' && diffsOf(item).length > 1) return `${agent} asks to change ${diffsOf(item).length} files`
  return `${agent} ${asks[item.kind]}`
}

/** The one thing it is about, in a line: the command, the path, the agent's own words. */
export const subject = (item: PermissionItem): string => commandOf(item) ?? toolTarget(item)

/** Whether the one line says all there is to judge by; a diff or a long script has to be looked at first. */
export const isSaidInOneLine = (item: PermissionItem): boolean =>
  diffsOf(item).length === 0 && !subject(item).includes('\n') && subject(item).length <= 120

export const isAllowing = (option: PermissionOption): boolean => option.kind === 'allow_once' || option.kind === 'allow_always'

/** What Cmd+Enter answers: the narrowest yes the agent offers, never "always" while "once" exists. */
export const approvalOf = (item: PermissionItem): PermissionOption | undefined =>
  item.options.find((option) => option.kind === 'allow_once') ?? item.options.find(isAllowing)

/** The answer that a note goes with: a note explains a no. */
export const denialOf = (item: PermissionItem): PermissionOption | undefined =>
  item.options.find((option) => option.kind === 'reject_once') ?? item.options.find((option) => option.kind === 'reject_always')

const answers = {
  allow_once: 'Allowed once',
  allow_always: 'Always allowed',
  reject_once: 'Denied',
  reject_always: 'Always denied',
} as const satisfies Record<PermissionOption['kind'], string>

const closings = {
  cancelled: 'Not answered: the turn was stopped',
  'turn-ended': 'Not answered before the turn ended',
  'agent-lost': 'Not answered: the agent was gone',
  expired: 'Expired: nobody answered in time, and the agent was told no',
} as const

export type Outcome = { words: string; isAllowed: boolean; note: string | null }

/** "Allowed once by Mei, 14:02"; null while the question is open. */
export function outcomeOf(item: PermissionItem, nameOf: (userId: string) => string): Outcome | null {
  const { answer } = item
  if (answer.is === 'open') return null
  if (answer.is === 'closed') return { words: closings[answer.reason], isAllowed: false, note: null }
  const option = item.options.find((each) => each.optionId === answer.optionId)
  const said = option ? answers[option.kind] : 'Answered'
  return {
    words: `${said} by ${answer.by === null ? `the project’s rule “${answer.rule ?? ''}”` : nameOf(answer.by)}, ${sayClock(answer.at)}`,
    isAllowed: option ? isAllowing(option) : false,
    note: answer.note ?? null,
  }
}
