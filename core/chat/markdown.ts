/**
 * A chat as a Markdown document, turn by turn, so that a long one can be written while it is read. Pure.
 * Foreign text goes through `markdown-text.ts`. From: `server/chats/export.ts`.
 */
import { hasEnded } from '#core/chat/fold-turn.ts'
import { codeSpan, fenced, folded, inline, quoted } from '#core/chat/markdown-text.ts'
import type { ElicitationItem, PermissionItem, QuestionItem, ToolItem, Turn, TurnItem } from '#core/chat/view.ts'

export type Naming = { agent: string; nameOf: (userId: string) => string }

export type DocumentFacts = {
  title: string
  projectName: string
  agent: string
  createdByName: string
  createdAt: string
  exportedAt: string
}

export function markdownHead({ title, projectName, agent, createdByName, createdAt, exportedAt }: DocumentFacts): string {
  return joined(
    `# ${inline(title || 'New chat')}`,
    [
      `- Project: ${inline(projectName)}`,
      `- Agent: ${inline(agent)}`,
      `- Started by ${inline(createdByName)}, ${sayTime(createdAt)}`,
      `- Exported ${sayTime(exportedAt)}`,
    ].join('\n'),
  )
}

/** A prompt with its author, and what followed: replies in full, thoughts and tool calls folded, changes last. */
export function markdownOfTurn(turn: Turn, { agent, nameOf }: Naming): string {
  const items = turn.items.flatMap((item) => itemParts(item, nameOf))
  return joined(
    '---',
    `## ${inline(nameOf(turn.by))}`,
    `*${sayTime(turn.requestedAt)}*`,
    quoted(turn.prompt.map((block) => block.text).join('\n\n')),
    ...(items.length > 0 ? [`## ${inline(agent)}`, ...items] : []),
    ...changeParts(turn),
    `*${endWords(turn, nameOf)}*`,
  )
}

const joined = (...parts: string[]): string => `${parts.join('\n\n')}\n\n`
/** "2026-11-27 14:02 UTC": a document is read anywhere. */
const sayTime = (at: string): string => `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`

function itemParts(item: TurnItem, nameOf: Naming['nameOf']): string[] {
  switch (item.is) {
    case 'moved':
      return [`*Moved from ${inline(item.from)} to ${inline(item.to)}; uncommitted work stayed on ${inline(item.from)}.*`]
    case 'reply':
      return item.text.trim() === '' ? [] : [quoted(item.text.trim())]
    case 'thought':
      return item.text.trim() === '' ? [] : [folded('Thought', quoted(item.text.trim()))]
    case 'tool':
      return [folded(`${item.title || 'Tool call'} (${statuses[item.status]})`, toolBody(item))]
    case 'permission':
      return [`*${permissionWords(item, nameOf)}*`]
    case 'elicitation':
      return [`*${elicitationWords(item, nameOf)}*`]
    case 'run-note':
      return []
    case 'question':
      return [`*${questionWords(item, nameOf)}*`]
    case 'model-failure':
      return [`*A request to the model failed: ${inline(item.failure.code)}*`]
  }
}

const statuses = {
  pending: 'not finished',
  in_progress: 'not finished',
  completed: 'done',
  failed: 'failed',
  cancelled: 'stopped',
} as const satisfies Record<ToolItem['status'], string>

function toolBody({ content, input, output, locations }: ToolItem): string {
  const parts = content.map((each) => {
    if (each.type === 'text') return fenced(each.text)
    if (each.type === 'raw') return fenced(JSON.stringify(each.json, null, 2) ?? '', 'json')
    const lines = (text: string, sign: string) =>
      text
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => `${sign}${line}`)
    const both = [...(each.oldText === null ? [] : lines(each.oldText, '-')), ...lines(each.newText, '+')]
    return `${codeSpan(each.path)}\n\n${fenced(both.join('\n'), 'diff')}`
  })
  if (parts.length === 0 && typeof output === 'string') parts.push(fenced(output))
  if (input !== undefined && input !== null) parts.unshift(fenced(JSON.stringify(input, null, 2), 'json'))
  if (parts.length === 0) parts.push(...locations.map((each) => codeSpan(each.path)))
  return parts.length === 0 ? 'Nothing more is known of it.' : parts.join('\n\n')
}

function permissionWords({ title, options, answer }: PermissionItem, nameOf: Naming['nameOf']): string {
  const asked = `Asked: ${inline(title)}`
  if (answer.is !== 'answered') return `${asked} (${answer.is === 'open' ? 'not answered yet' : 'not answered'})`
  const option = options.find((each) => each.optionId === answer.optionId)
  const by = answer.by === null ? `The project’s rule “${inline(answer.rule ?? '')}”` : inline(nameOf(answer.by))
  return `${asked}. ${by} answered ${inline(option?.name ?? answer.optionId)}`
}

function elicitationWords({ message, answer }: ElicitationItem, nameOf: Naming['nameOf']): string {
  const asked = `Asked: ${inline(message)}`
  if (answer.is !== 'answered') return `${asked} (${answer.is === 'open' ? 'not answered yet' : 'not answered'})`
  if (answer.action !== 'accept') return `${asked}. ${inline(nameOf(answer.by))} gave no answer`
  const given = Object.entries(answer.answers).map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(', ') : String(value)}`)
  return `${asked}. ${inline(nameOf(answer.by))} answered ${inline(given.join('; ') || 'yes')}`
}

function questionWords({ question, answer }: QuestionItem, nameOf: Naming['nameOf']): string {
  const asked = `Asked: ${inline(question)}`
  if (answer.is !== 'answered') return `${asked} (${answer.is === 'open' ? 'not answered yet' : 'not answered'})`
  return `${asked}. ${inline(nameOf(answer.by))} answered: ${inline(answer.text)}`
}

const MANY_FILES = 200

function changeParts({ changes }: Turn): string[] {
  if (!changes || changes.files.length === 0) return []
  const rows = changes.files.slice(0, MANY_FILES).map((file) => {
    const from = file.previousPath === undefined ? '' : ` from ${codeSpan(file.previousPath)}`
    return `- ${file.status} ${codeSpan(file.path)}${from}${file.isBinary ? ' (binary)' : ` (+${file.added} −${file.removed})`}`
  })
  const more = changes.files.length - rows.length
  const patches = changes.files.flatMap((file) => (file.patch === undefined ? [] : [file.patch.replace(/\n$/, '')]))
  return [
    '**Changed since the chat began**',
    [...rows, ...(more > 0 ? [`- and ${more} more`] : [])].join('\n'),
    ...(patches.length > 0 ? [folded('The changes', fenced(patches.join('\n'), 'diff'))] : []),
  ]
}

function endWords(turn: Turn, nameOf: Naming['nameOf']): string {
  if (!hasEnded(turn)) return turn.status === 'queued' ? 'Waiting in the queue' : 'Still at work when this was exported'
  if (turn.status === 'cancelled') return turn.cancelledBy ? `Stopped by ${inline(nameOf(turn.cancelledBy))}` : 'Stopped'
  if (turn.status === 'failed') return `Failed: ${inline(turn.failure?.code ?? 'unknown')}`
  if (turn.status === 'interrupted') return 'Interrupted: the connection to the agent was lost'
  return turn.status === 'refused' ? 'The agent refused' : 'Done'
}
