/**
 * What one tool call says in a line, and what it holds when opened. Agents put the
 * same thing in different places (input, output, content, title), so each question
 * has one function here that knows all of them.
 */
import { commandOf, field, shortPath, stringField } from '#core/chat/asked.ts'
import type { ToolContent } from '#core/chat/events.ts'
import { countLines } from '#core/chat/line-counts.ts'
import type { ToolItem } from '#core/chat/view.ts'
import { sayCount } from '#components/chat/amounts.model.ts'

export { commandOf, shortPath } from '#core/chat/asked.ts'

export type ToolDiff = Extract<ToolContent, { type: 'diff' }>
export type ToolCallShape = Pick<ToolItem, 'kind' | 'title' | 'content' | 'input'> & Partial<Pick<ToolItem, 'locations' | 'output'>>
export type ToolState = 'running' | 'done' | 'failed' | 'cancelled'

export function toolState(status: ToolItem['status']): ToolState {
  if (status === 'completed') return 'done'
  return status === 'failed' || status === 'cancelled' ? status : 'running'
}

const verbs = {
  execute: { running: 'Running', done: 'Ran' },
  read: { running: 'Reading', done: 'Read' },
  edit: { running: 'Editing', done: 'Edited' },
  delete: { running: 'Deleting', done: 'Deleted' },
  move: { running: 'Moving', done: 'Moved' },
  search: { running: 'Searching', done: 'Searched' },
  fetch: { running: 'Fetching', done: 'Fetched' },
  think: { running: 'Thinking about', done: 'Thought about' },
  switch_mode: { running: 'Switching mode', done: 'Switched mode' },
  other: { running: 'Using', done: 'Used' },
} as const satisfies Record<ToolItem['kind'], { running: string; done: string }>

/** "Ran", "Editing": an edit that failed did not happen, so it keeps the other form; a command that failed did run. */
export const toolVerb = (kind: ToolItem['kind'], state: ToolState): string =>
  state === 'done' || (state === 'failed' && kind === 'execute') ? verbs[kind].done : verbs[kind].running

/** The thing acted on: the command, the path, or what the agent calls it. */
export function toolTarget(call: ToolCallShape): string {
  if (call.kind === 'execute') return commandOf(call) ?? plainTitle(call.title)
  const path = call.locations?.[0]?.path ?? diffsOf(call)[0]?.path ?? stringField(call.input, 'path', 'file_path', 'filePath', 'abs_path')
  if (path !== undefined && call.kind !== 'other' && call.kind !== 'search') return shortPath(path)
  return mcpName(call.title) ?? plainTitle(call.title)
}

export function directoryOf(call: ToolCallShape): string | undefined {
  const path = stringField(call.input, 'cwd', 'workdir', 'directory')
  return path === undefined ? undefined : shortPath(path) || undefined
}

/** The reason an agent gives for a call ("Run the tests"), when it gives one beside the command itself. */
export function reasonOf(call: ToolCallShape): string | undefined {
  return stringField(call.input, 'description', 'justification', 'reason')
}

export function exitCodeOf(call: Pick<ToolItem, 'output'>): number | undefined {
  const direct = field(call.output, 'exit_code', 'exitCode', 'exit')
  const nested = field(field(call.output, 'metadata'), 'exit', 'exit_code', 'exitCode')
  const code = direct ?? nested
  return typeof code === 'number' ? code : undefined
}

/** What a command printed, or a tool answered in words. */
export function printedBy(call: Pick<ToolItem, 'content' | 'output'>): string {
  const texts = call.content.flatMap((each) => (each.type === 'text' ? [unfenced(each.text)] : []))
  if (texts.some((text) => text !== '')) return plainOutput(texts.join('\n'))
  if (typeof call.output === 'string') return plainOutput(call.output)
  const whole = stringField(call.output, 'formatted_output', 'aggregated_output', 'output', 'stdout')
  const errors = stringField(call.output, 'stderr')
  return plainOutput([whole, errors].filter((part) => part !== undefined && part !== '').join('\n'))
}

/** Terminal colours and cursor moves are for terminals; a carriage return replaces the line it is in. */
const plainOutput = (text: string) =>
  text
    // oxlint-disable-next-line no-control-regex -- escape sequences are what is looked for
    .replaceAll(/\u001B(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)|[@-Z\\-_])/g, '')
    .replaceAll('\r\n', '\n')
    .replaceAll(/^.*\r(?=.)/gm, '')
    .trimEnd()

/** Some agents wrap output in a Markdown fence. */
function unfenced(text: string): string {
  const fenced = /^\s*(`{3,})[^\n`]*\n([\s\S]*?)\n?\1\s*$/.exec(text)
  return fenced ? fenced[2]! : text
}

/** Lines that were printed and are not here. */
export const cutLines = ({ content }: Pick<ToolItem, 'content'>): number =>
  content.reduce((sum, each) => sum + (each.type === 'text' ? (each.cut?.lines ?? 0) : 0), 0)

/** "240 KB more": how much of a call is not here. */
export function sayCut({ content, cut }: Pick<ToolItem, 'content' | 'cut'>): string {
  const chars = content.reduce(
    (sum, each) => sum + (each.type === 'raw' ? 0 : (each.cut?.chars ?? 0)),
    (cut?.input ?? 0) + (cut?.output ?? 0),
  )
  return chars >= 1_000_000 ? `${(chars / 1_000_000).toFixed(1)} MB more` : `${Math.max(1, Math.round(chars / 1_000))} KB more`
}

export type OutputTail = { lines: string; hidden: number }

/** The last lines of an output; `hidden` counts those above. */
export function tailOf(text: string, keep = 20): OutputTail {
  const lines = text.split('\n')
  const hidden = Math.max(0, lines.length - keep)
  return { lines: lines.slice(hidden).join('\n'), hidden }
}

export const diffsOf = (call: Pick<ToolItem, 'content'>): ToolDiff[] =>
  call.content.filter((each): each is ToolDiff => each.type === 'diff')

/** Lines added and removed. */
export const countsOf = (diff: ToolDiff): { added: number; removed: number } => diff.cut ?? countLines(diff)

export function diffCounts(call: Pick<ToolItem, 'content'>): { added: number; removed: number } | null {
  const diffs = diffsOf(call)
  if (diffs.length === 0) return null
  return diffs.map(countsOf).reduce((sum, each) => ({ added: sum.added + each.added, removed: sum.removed + each.removed }))
}

/** "mcp__github__create_issue" and "github/create_issue" are "github.create_issue". */
function mcpName(title: string): string | undefined {
  const named = /^mcp__(.+?)__(.+)$/.exec(title.trim())
  return named ? `${named[1]}.${named[2]}` : undefined
}

const plainTitle = (title: string) => title.trim().replace(/^`([^`]*)`$/, '$1') || 'a tool'

type Counted = { one: string; many: string; verb: string }
const counted = {
  execute: { verb: 'ran', one: 'command', many: 'commands' },
  read: { verb: 'read', one: 'file', many: 'files' },
  edit: { verb: 'edited', one: 'file', many: 'files' },
  delete: { verb: 'deleted', one: 'file', many: 'files' },
  move: { verb: 'moved', one: 'file', many: 'files' },
  search: { verb: 'made', one: 'search', many: 'searches' },
  fetch: { verb: 'fetched', one: 'page', many: 'pages' },
  think: { verb: 'made', one: 'note', many: 'notes' },
  switch_mode: { verb: 'switched', one: 'mode', many: 'modes' },
  other: { verb: 'used', one: 'tool', many: 'tools' },
} as const satisfies Record<ToolItem['kind'], Counted>

/** "Ran 1 command, read 2 files": kinds in the order of their first call; a file read twice is one file. */
export function summarize(calls: readonly ToolItem[]): string {
  const targets = new Map<ToolItem['kind'], Set<string>>()
  for (const call of calls) {
    const isByTarget = call.kind === 'read' || call.kind === 'edit'
    const seen = targets.get(call.kind) ?? new Set()
    targets.set(call.kind, seen.add(isByTarget ? toolTarget(call) : call.toolCallId))
  }
  const said = [...targets]
    .map(([kind, seen]) => `${counted[kind].verb} ${sayCount(seen.size, counted[kind].one, counted[kind].many)}`)
    .join(', ')
  return said.charAt(0).toUpperCase() + said.slice(1)
}
