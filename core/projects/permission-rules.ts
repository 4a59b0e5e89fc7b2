/**
 * A project's rules for what agents ask: which questions are answered without a person. Where none speaks, a person is
 * asked. Where several do, no goes before ask, and ask before yes, so that their order means nothing. Pure.
 */
import { z } from 'zod'
import type { Asked } from '#core/chat/asked.ts'
import { ToolKind } from '#core/chat/events.ts'

export const PermissionRule = z.object({
  effect: z.enum(['allow', 'ask', 'deny']),
  kind: z.union([z.literal('any'), ToolKind]),
  /** Of the command or the path; `*` stands for anything. */
  pattern: z.string().trim().min(1).max(300),
})
export type PermissionRule = z.infer<typeof PermissionRule>

export const RULES_MAX = 100
export const DEADLINE_MAX_MINUTES = 7 * 24 * 60

const strictness = ['deny', 'ask', 'allow'] as const satisfies readonly PermissionRule['effect'][]

/** The rule that decides; null when a person is asked because no rule speaks. */
export function decidingRule(rules: readonly PermissionRule[], asked: Asked): PermissionRule | null {
  const speaking = rules.filter((rule) => (rule.kind === 'any' || rule.kind === asked.kind) && speaks(rule, asked))
  for (const effect of strictness) {
    const found = speaking.find((rule) => rule.effect === effect)
    if (found) return found
  }
  return null
}

/** The answer that a rule gives: never for always, and null where the agent does not offer it. */
export function optionOf(effect: PermissionRule['effect'], { options }: Asked): string | null {
  const wanted = { allow: ['allow_once'], deny: ['reject_once', 'reject_always'], ask: [] }[effect]
  for (const kind of wanted) {
    const option = options.find((each) => each.kind === kind)
    if (option) return option.optionId
  }
  return null
}

/** A yes must cover all that is asked for; a no, or a question, is due when it touches any of it. */
function speaks({ effect, pattern }: PermissionRule, { kind, subjects }: Asked): boolean {
  if (pattern === '*') return true
  if (subjects.length === 0) return false
  if (effect === 'allow') return subjects.every((each) => isCovered(pattern, each, kind))
  return subjects.some((each) => [each, ...(kind === 'execute' ? partsOf(each) : [])].some((part) => matches(pattern, part)))
}

/** What a shell reads as more than one plain command: behind any of these a star could stand for anything at all. */
const SHELL_MEANING = /[;&|<>`$\\(){}\n\r!#]/
const isOutside = (path: string): boolean => /^[/~]|^[A-Za-z]:|(^|[\\/])\.\.([\\/]|$)/.test(path)

function isCovered(pattern: string, subject: string, kind: Asked['kind']): boolean {
  if (pattern === subject) return true
  if (kind === 'execute') return !SHELL_MEANING.test(subject) && matches(pattern, subject)
  // A web address has no way out of itself; a path may lead out of the workspace.
  return (kind === 'fetch' || !isOutside(subject)) && matches(pattern, subject)
}

/** The single commands of a line, as far as can be told without being a shell: for a no, rather too many than too few. */
const partsOf = (command: string): string[] => command.split(/[;&|\n\r(){}`]+/).map((part) => part.trim())

const matches = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.split(/\*+/).map(escaped).join('[^]*?')}$`, 'u').test(text)
const escaped = (text: string): string => text.replaceAll(/[\\^$.|?+()[\]{}/]/g, String.raw`\$&`)

export const ruleWords = ({ effect, kind, pattern }: PermissionRule): string =>
  `${effect} ${kind === 'any' ? 'everything' : kind} ${pattern}`
