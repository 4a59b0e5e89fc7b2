/**
 * A chat as another agent reads it: who asked what, what was answered, which tools ran and which files changed, without the
 * contents of either. Pure. From: `server/chats/reading.ts`.
 */
import { hasEnded } from '#core/chat/fold-turn.ts'
import type { Turn, TurnItem } from '#core/chat/view.ts'

export type Naming = { agent: string; nameOf: (userId: string) => string }

/** A turn longer than this is cut in the middle: its beginning says what was asked, its end what came of it. */
export const TURN_MAX_CHARS = 12_000
const TITLE_MAX_CHARS = 160
const FILES_MAX = 30

/** @param at the turn's place in the chat, from 0 */
export function transcriptOf(turn: Turn, at: number, { agent, nameOf }: Naming): string {
  const parts = [
    `## Turn ${at}: ${nameOf(turn.by)}, ${turn.requestedAt}`,
    turn.prompt.map((block) => block.text).join('\n\n'),
    ...(turn.items.length > 0 ? [`### ${agent}`, ...turn.items.flatMap(partsOf)] : []),
    ...filesOf(turn),
    `(${hasEnded(turn) ? turn.status : `not ended: ${turn.status}`})`,
  ]
  return cutInside(parts.join('\n\n'))
}

function partsOf(item: TurnItem): string[] {
  switch (item.is) {
    case 'reply':
      return item.text.trim() === '' ? [] : [item.text.trim()]
    case 'tool':
      return [`[tool: ${line(item.title || 'tool call')} (${item.status})]`]
    case 'permission':
      return [`[asked for permission: ${line(item.title)} (${item.answer.is})]`]
    case 'elicitation':
      return [`[asked people: ${line(item.message)} (${item.answer.is === 'answered' ? item.answer.action : item.answer.is})]`]
    case 'question':
      return [
        `[asked people: ${line(item.question)}${item.answer.is === 'answered' ? `, and was answered: ${line(item.answer.text)}` : ` (${item.answer.is})`}]`,
      ]
    case 'model-failure':
      return [`[a request to the model failed: ${item.failure.code}]`]
    case 'moved':
      return [`[moved from ${line(item.from)} to ${line(item.to)}; uncommitted work stayed behind]`]
    case 'run-note':
    case 'thought':
      return []
  }
}

function filesOf({ changes }: Turn): string[] {
  if (!changes || changes.files.length === 0) return []
  const rows = changes.files.slice(0, FILES_MAX).map((file) => `- ${file.status} ${line(file.path)} (+${file.added} −${file.removed})`)
  const left = changes.files.length - rows.length
  return [`Files changed since the chat began:\n${[...rows, ...(left > 0 ? [`- and ${left} more`] : [])].join('\n')}`]
}

function line(text: string): string {
  const whole = text.replaceAll(/\s+/g, ' ').trim()
  return whole.length <= TITLE_MAX_CHARS ? whole : `${whole.slice(0, TITLE_MAX_CHARS - 1).toWellFormed()}…`
}

function cutInside(text: string): string {
  if (text.length <= TURN_MAX_CHARS) return text
  const half = Math.floor(TURN_MAX_CHARS / 2) - 40
  const cut = text.length - 2 * half
  return `${text.slice(0, half).toWellFormed()}\n\n[… ${cut} characters are left out …]\n\n${text.slice(-half).toWellFormed()}`
}
