/**
 * A tool call's arguments in one line for the log: enough to see what was asked, never a document, and nothing that looks
 * like a key. Pure.
 */
import { looksSecret } from '#core/secret-names.ts'

const VALUE_MAX_CHARS = 120
const SUMMARY_MAX_CHARS = 400
const FIELDS_MAX = 12

/** How keys begin at the vendors we know, and any long word that no language has. */
const LOOKS_SECRET =
  /\b(?:sk|pk|rk|gsk|xai|fw|r8|pat|wst|mct|ndt|njt|ghp|glpat|github_pat)[-_][\w*.…-]{6,}|\bAIza[\w-]{10,}|\bBearer\s+\S{8,}|\b(?=\w*\d)(?=\w*[A-Za-z])[\w-]{40,}\b/g

/** @param value whatever an agent sent as arguments, well-formed or not */
export function summarizeArguments(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value === undefined ? '' : shown(value)
  const fields = Object.entries(value)
  const told = fields.slice(0, FIELDS_MAX).map(([name, each]) => `${clean(name).slice(0, 60)}: ${looksSecret(name) ? '…' : shown(each)}`)
  return cut([...told, ...(fields.length > FIELDS_MAX ? [`and ${fields.length - FIELDS_MAX} more`] : [])].join(', '), SUMMARY_MAX_CHARS)
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(cut(clean(value), VALUE_MAX_CHARS))
  if (Array.isArray(value)) return cut(`[${value.slice(0, FIELDS_MAX).map(shown).join(', ')}]`, VALUE_MAX_CHARS)
  if (typeof value === 'object' && value !== null) return '{…}'
  return String(value)
}

const clean = (text: string): string => text.replaceAll(LOOKS_SECRET, '…').replaceAll(/\s+/g, ' ')
const cut = (text: string, max: number): string => (text.length <= max ? text : `${text.slice(0, max - 1).toWellFormed()}…`)
