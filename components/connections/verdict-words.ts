/** What the last check of a credential found, in a few words; the tone only repeats them. */
import type { Attachment } from '#components/connections/lanes.model.ts'
import type { Verdict } from '#core/connections/verdict.ts'
import type { Tone } from '#components/ui/tone.ts'

type Words = { tone: Tone; say: (provider: string) => string }

/** `say` takes the name of the provider, or of a login's vendor. */
const verdictWords: Readonly<Record<Verdict, Words>> = {
  accepted: { tone: 'good', say: (provider) => `Accepted by ${provider}` },
  unverified: { tone: 'quiet', say: (provider) => `${provider} answered, and did not say` },
  refused: { tone: 'bad', say: (provider) => `Refused by ${provider}` },
  'out-of-quota': { tone: 'warn', say: (provider) => `Out of quota at ${provider}` },
  unreachable: { tone: 'warn', say: (provider) => `${provider} could not be reached` },
  unfitting: { tone: 'bad', say: () => 'Does not fit this agent' },
  expired: { tone: 'bad', say: () => 'Expired' },
  'signed-in-elsewhere': { tone: 'bad', say: () => 'Signed in elsewhere' },
  'looks-whole': { tone: 'quiet', say: () => 'Looks complete; its first chat will tell' },
}

/** Only the access token is over: nothing has to be done about that. */
const renewedByItself: Words = { tone: 'warn', say: () => 'Its access token has expired; the next run renews it' }

export const verdictLook = (verdict: Verdict, { credential, login }: Pick<Attachment, 'credential' | 'login'>): Words =>
  verdict === 'expired' && credential.brokenCode === null && login?.canRefresh ? renewedByItself : verdictWords[verdict]

/** What a person reads once a new credential is stored: null when there is nothing to add to "connected". */
export const storedNote = (verdict: Verdict, provider: string): string | null =>
  ({
    accepted: `${provider} accepts it.`,
    unverified: `${provider} answered, and neither took nor refused it. The first chat will tell.`,
    refused: `${provider} refuses it, so nothing runs on it yet.`,
    'out-of-quota': `${provider} says that its quota is used up.`,
    unreachable: `${provider} could not be reached, so it is saved unchecked. Validate it later.`,
    unfitting: 'This agent cannot use it.',
    expired: 'It has expired. Sign in again.',
    'signed-in-elsewhere': 'It was renewed elsewhere. Sign in again, for Gatehouse alone.',
    'looks-whole': null,
  })[verdict]
