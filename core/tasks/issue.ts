/** Reads the text of an issue, as people paste it: what it is called, what is to be done, and the parts that it lists. Pure. */
import { SUBTASKS_MAX, TASK_TITLE_MAX_CHARS } from '#core/tasks/task.ts'

export type Issue = { title: string; instructions: string; parts: { title: string; isDone: boolean }[] }

const CHECK = /^\s*(?:[-*+]|\d+[.)])\s+\[([ xX])\]\s+(.+)$/
const FENCE = /^\s*(```|~~~)/

/** The title is the first line that says something, without the marks of a heading; the rest stays as it was written. */
export function readIssue(text: string): Issue {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const first = lines.findIndex((line) => plain(line) !== '')
  if (first < 0) return { title: '', instructions: '', parts: [] }
  const title = plain(lines[first]!)
  const isCut = title.length > TASK_TITLE_MAX_CHARS
  const rest = lines.slice(first + 1)
  // Setext: the line below a heading only underlines it.
  if (/^\s*(=+|-{2,})\s*$/.test(rest[0] ?? '')) rest.shift()
  return {
    title: isCut
      ? `${title
          .slice(0, TASK_TITLE_MAX_CHARS - 1)
          .trimEnd()
          .toWellFormed()}…`
      : title,
    instructions: (isCut ? [lines[first]!, ...rest] : rest).join('\n').trim(),
    parts: partsOf(rest),
  }
}

function partsOf(lines: readonly string[]): Issue['parts'] {
  const parts: Issue['parts'] = []
  let isCode = false
  for (const line of lines) {
    if (FENCE.test(line)) isCode = !isCode
    const found = isCode ? null : CHECK.exec(line)
    const title = found && plain(found[2]!).slice(0, TASK_TITLE_MAX_CHARS).toWellFormed()
    if (title && parts.length < SUBTASKS_MAX) parts.push({ title, isDone: found[1] !== ' ' })
  }
  return parts
}

/** Without heading marks, emphasis around the whole, and what closes a heading. */
const plain = (line: string): string =>
  line
    .trim()
    .replace(/^#{1,6}\s+/, '')
    .replace(/\s+#+$/, '')
    .replace(/^(\*\*|__)(.+)\1$/, '$2')
    .trim()
