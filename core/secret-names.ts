/** Whether a field's name says that its value is a secret: MCP forbids forms that ask for one, and some ask all the same. */

const SECRET = new RegExp(
  [
    'pass ?(word|phrase|code|key|wd)|pwd|secret|authorization|token(?!i[sz])|credential|mnemonic',
    '(api|private|access|signing|encryption|ssh|recovery|backup) ?key',
    '(seed|recovery) ?phrase',
    '(verification|verify|security|auth|authentication|authorization|authenticator|login|sign ?in|one ?time|access|recovery|backup|confirmation|sms|factor|device) ?code',
    '(?<![a-z])(pass|pin|otp|totp|mfa|[2t]fa|cvv|cvc)(?![a-z])',
  ].join('|'),
  'i',
)
/** They are counted, and open nothing. */
const COUNTED = /\b(max|maximum|min|minimum|total|number of|how many) ([a-z]+ )?tokens?\b/gi

/** @param words a field's name or title, in whatever case it is written */
export function looksSecret(words: string): boolean {
  const apart = words
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .replaceAll(/[\s_.-]+/g, ' ')
  return SECRET.test(apart.replaceAll(COUNTED, ''))
}
