/**
 * What a permission question is about, in the words that rules are written in: the command, or the paths. Agents put the
 * same thing in different places; these functions know all of them. Pure.
 */
import type { ChatFact, PermissionOption, ToolContent } from '#core/chat/events.ts'

type Requested = Extract<ChatFact, { type: 'permission.requested' }>
type Call = { kind: Requested['kind']; content: readonly ToolContent[]; input?: unknown }

/** The little of a question by which it can be answered without a person. */
export type Asked = {
  kind: Requested['kind']
  /** Empty when nobody can tell what it is about. */
  subjects: readonly string[]
  options: readonly Pick<PermissionOption, 'optionId' | 'kind'>[]
}

/** More or longer ones are looked at by a person. */
const SUBJECTS_MAX = 50
const SUBJECT_MAX_CHARS = 4_000

export function askedOf(fact: Pick<Requested, 'kind' | 'content' | 'input' | 'options'>): Asked {
  const all = subjectsOf(fact)
  const isTooMuch = all.length > SUBJECTS_MAX || all.some((each) => each.length > SUBJECT_MAX_CHARS)
  return {
    kind: fact.kind,
    subjects: isTooMuch ? [] : all,
    options: fact.options.map(({ optionId, kind }) => ({ optionId, kind })),
  }
}

function subjectsOf(call: Call): string[] {
  const command = commandOf(call)
  if (command !== undefined) return [command]
  if (call.kind === 'execute') return []
  const diffs = call.content.flatMap((each) => (each.type === 'diff' ? [each.path] : []))
  const named = stringField(call.input, 'path', 'file_path', 'filePath', 'abs_path', 'url')
  return [...new Set([...diffs, ...(named === undefined ? [] : [named])].map(shortPath))]
}

/** The shell command, as one string; undefined when the call does not run one. */
export function commandOf(call: Pick<Call, 'kind' | 'input'>): string | undefined {
  if (call.kind !== 'execute') return undefined
  const raw = field(call.input, 'command', 'cmd')
  if (typeof raw === 'string') return raw
  if (Array.isArray(raw) && raw.every((part) => typeof part === 'string')) {
    // `bash -lc "…"` is how agents say "this line": the line is what a person wants to see.
    const isShellLine = raw.length === 3 && /(^|\/)(ba|z|da)?sh$/.test(raw[0]!) && /^-\w*c$/.test(raw[1]!)
    return isShellLine ? raw[2]! : raw.map(quoted).join(' ')
  }
  return undefined
}

const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`)

/** "/…/workspaces/<chat>/work/src/a.ts" is "src/a.ts" to a reader: the workspace is where everything happens. */
export const shortPath = (path: string): string =>
  path.replace(/^.*\/workspaces\/[^/]+\/work(\/|$)/, '').replace(/^\/work(space)?\//, '') || '.'

export function field(value: unknown, ...names: string[]): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  for (const name of names) {
    const found = (value as Record<string, unknown>)[name]
    if (found !== undefined && found !== null) return found
  }
  return undefined
}

export function stringField(value: unknown, ...names: string[]): string | undefined {
  const found = field(value, ...names)
  return typeof found === 'string' ? found : undefined
}
