/**
 * What a transcript shows of a long item until somebody asks for all of it: the end of an output, the lines of a change
 * counted, the short fields of an input. Only finished calls are cut, and answered questions; what people write, what an
 * agent says, and what somebody is asked to approve never is. A head of a head is itself.
 */
import type { ToolContent } from '#core/chat/events.ts'
import { countLines } from '#core/chat/line-counts.ts'
import type { ToolItem, Turn, TurnItem } from '#core/chat/view.ts'

/** Longer ones are cut, in characters: a text to its end, a change to its counts. */
const TEXT_MAX_CHARS = 4_000
const TEXT_TAIL_CHARS = 2_500
const DIFF_MAX_CHARS = 16_000
/** Of what a call was asked and answered in JSON: the whole, and then each text in it. */
const JSON_MAX_CHARS = 4_000
const JSON_TEXT_MAX_CHARS = 1_000
const JSON_ENTRIES_MAX = 30

export function headOf(item: TurnItem): TurnItem {
  if (item.is === 'tool' && item.endedAt !== null) return headOfTool(item)
  if (item.is === 'permission' && item.answer.is !== 'open') {
    return { ...item, content: item.content.map(headOfContent), ...(item.input !== undefined && { input: headOfJson(item.input).value }) }
  }
  return item
}

/** Of a turn's changes the patches are left out: the newest are in the view itself. */
export const headOfTurn = (turn: Turn): Turn =>
  turn.changes ? { ...turn, changes: { ...turn.changes, files: turn.changes.files.map(({ patch: _, ...file }) => file) } } : turn

/** Whether there is more of it than is here. */
export const isCut = (item: Pick<ToolItem, 'content'> & Partial<Pick<ToolItem, 'cut'>>): boolean =>
  Object.keys(item.cut ?? {}).length > 0 || item.content.some((each) => each.type !== 'raw' && each.cut !== undefined)

function headOfTool(item: ToolItem): ToolItem {
  const input = headOfJson(item.input)
  const output = headOfJson(item.output)
  const cut = { ...item.cut, ...(input.cut > 0 && { input: input.cut }), ...(output.cut > 0 && { output: output.cut }) }
  const { cut: _, ...rest } = item
  return {
    ...rest,
    content: item.content.map(headOfContent),
    ...(item.input !== undefined && { input: input.value }),
    ...(item.output !== undefined && { output: output.value }),
    ...(Object.keys(cut).length > 0 && { cut }),
  }
}

function headOfContent(content: ToolContent): ToolContent {
  switch (content.type) {
    case 'text': {
      if (content.cut || content.text.length <= TEXT_MAX_CHARS) return content
      const at = content.text.length - TEXT_TAIL_CHARS
      const lines = content.text.slice(0, at).split('\n').length - 1
      return { ...content, text: content.text.slice(at).toWellFormed(), cut: { chars: at, lines } }
    }
    case 'diff': {
      const chars = (content.oldText?.length ?? 0) + content.newText.length
      if (content.cut || chars <= DIFF_MAX_CHARS) return content
      return { ...content, oldText: content.oldText === null ? null : '', newText: '', cut: { chars, ...countLines(content) } }
    }
    case 'raw':
      return { ...content, json: headOfJson(content.json).value }
  }
}

const sizeOf = (value: unknown): number => JSON.stringify(value)?.length ?? 0

/** The same shape with its long texts and lists shortened; `cut` is what that saved, in characters of JSON. */
function headOfJson(value: unknown): { value: unknown; cut: number } {
  const size = sizeOf(value)
  if (size <= JSON_MAX_CHARS) return { value, cut: 0 }
  const short = shortened(value, 0)
  const rest = sizeOf(short)
  return rest <= JSON_MAX_CHARS ? { value: short, cut: size - rest } : { value: '…', cut: size }
}

function shortened(value: unknown, depth: number): unknown {
  if (typeof value === 'string')
    return value.length > JSON_TEXT_MAX_CHARS ? `…${value.slice(1 - JSON_TEXT_MAX_CHARS).toWellFormed()}` : value
  if (typeof value !== 'object' || value === null) return value
  if (depth === 4) return '…'
  if (Array.isArray(value)) return value.slice(0, JSON_ENTRIES_MAX).map((each: unknown) => shortened(each, depth + 1))
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, JSON_ENTRIES_MAX)
      .map(([key, each]) => [key, shortened(each, depth + 1)]),
  )
}
