/** Where a guided sign-in stands, as one of the few things that the dialog can look like. */
import type { FailureCode, FailureFacts } from '#core/errors.ts'
import type { Outputs } from '#components/trpc/trpc.ts'

export type SignIn = Outputs['signIns']['get']

export type Stage =
  | { is: 'working'; words: string; fraction: number | null; detail: string | null }
  | { is: 'link'; url: string; userCode: string | null; asks: SignIn['asks']; expiresAt: string }
  | { is: 'connected'; connectionId: string }
  | { is: 'over'; failure: { code: FailureCode; facts: FailureFacts } | null }

const working = (words: string, fraction: number | null = null, detail: string | null = null): Stage => ({
  is: 'working',
  words,
  fraction,
  detail,
})

/** @param signIn undefined while it is not even known to the server */
export function stageOf(signIn: SignIn | undefined, harnessName: string): Stage {
  switch (signIn?.state) {
    case undefined:
    case 'waiting-for-node':
      return working('Looking for a node that can run the sign-in')
    case 'starting': {
      const { installing, nodeName } = signIn
      const at = nodeName ? ` on ${nodeName}` : ''
      return installing
        ? working(`Installing ${harnessName}${at}`, installing.fraction, installing.detail)
        : working(`Starting ${harnessName}${at}`)
    }
    case 'waiting-for-person':
      return signIn.url
        ? { is: 'link', url: signIn.url, userCode: signIn.userCode, asks: signIn.asks, expiresAt: signIn.expiresAt }
        : working(`Starting ${harnessName}`)
    case 'connecting':
      return working('Confirmed. The login is being stored')
    case 'connected':
      return signIn.connectionId ? { is: 'connected', connectionId: signIn.connectionId } : { is: 'over', failure: null }
    case 'failed':
    case 'expired':
    case 'cancelled':
      return { is: 'over', failure: signIn.failure }
  }
}

/** The host of a link, for whoever wants to know where it leads before they follow it. */
export const hostOf = (url: string): string => URL.parse(url)?.host ?? url
