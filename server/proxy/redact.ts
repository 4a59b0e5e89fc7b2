/**
 * An upstream's error may echo the key that it was sent, whole or in part. Nothing of an
 * error body goes to an agent, into the log of a chat or into a record before it went
 * through here.
 */

/** How the keys of the providers we know begin; long enough that no ordinary word matches. */
const KEY_SHAPES =
  /\b(?:sk|pk|rk|gsk|xai|fw|r8|pat|wst|ghp|glpat)[-_][A-Za-z0-9_*.…-]{6,}|\bAIza[A-Za-z0-9_*-]{10,}|\bBearer\s+[A-Za-z0-9._~+/=-]{8,}/g

const spellingsOf = (secret: string): ReadonlySet<string> =>
  new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64')])

/** What is shorter stands in any text by chance. */
const SHORTEST = 4

/** Whether it stands in there, in any spelling. */
export const mentions = (text: string, secret: string): boolean =>
  secret.length >= SHORTEST && text.length >= secret.length && [...spellingsOf(secret)].some((spelling) => text.includes(spelling))

/** @param secrets what this request carried; every spelling of it that an error could hold is replaced */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text
  for (const secret of secrets.filter((each) => each.length >= SHORTEST)) {
    for (const spelling of spellingsOf(secret)) clean = clean.replaceAll(spelling, '…')
  }
  return clean.replace(KEY_SHAPES, '…')
}
