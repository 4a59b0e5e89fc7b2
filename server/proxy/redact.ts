/**
 * An upstream's error may echo the key that it was sent, whole or in part. Nothing of an
 * error body goes to an agent, into the log of a chat or into a record before it went
 * through here.
 */

/** How the keys of the providers we know begin; long enough that no ordinary word matches. */
const KEY_SHAPES =
  /\b(?:sk|pk|rk|gsk|xai|fw|r8|pat|wst|ghp|glpat)[-_][A-Za-z0-9_*.…-]{6,}|\bAIza[A-Za-z0-9_*-]{10,}|\bBearer\s+[A-Za-z0-9._~+/=-]{8,}/g

/** What is shorter stands in any text by chance. */
const SHORTEST = 4

/** As what a secret may stand in a text, itself first; nothing where it is too short to be looked for. */
export const spellingsOf = (secret: string): readonly string[] =>
  secret.length < SHORTEST
    ? []
    : [...new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64')])]

/** Whether a secret stands in there, in any of its spellings, of which it is the shortest. */
export const mentions = (text: string, [secret, ...others]: readonly string[]): boolean =>
  secret !== undefined && text.length >= secret.length && (text.includes(secret) || others.some((spelling) => text.includes(spelling)))

/** @param secrets what this request carried; every spelling of it that an error could hold is replaced */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text
  for (const secret of secrets) {
    for (const spelling of spellingsOf(secret)) clean = clean.replaceAll(spelling, '…')
  }
  return clean.replace(KEY_SHAPES, '…')
}
