/** What a harness takes, in plain data, for the screen on which people connect it. */
import { acceptance, keyDialects, type Harness } from '#core/harnesses/harness.ts'
import { isProxied } from '#core/links/proxy-routes.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import { CUSTOM_PROVIDER, providerName, providers } from '#core/providers/presets.ts'

export type AcceptedSecret =
  | {
      kind: 'api-key'
      providers: { id: string; name: string; keyHint: string | null; keyPage: string | null }[]
      /** For a custom provider: the dialects to choose from, the harness's own first. */
      dialects: Dialect[]
    }
  | {
      kind: 'auth-file'
      format: string
      /** Relative to a home. */
      path: string
      /** Where its owner finds the file on their own machine. */
      pathHint: string
      /** Whether a node can run the harness's own sign-in for a person. */
      signIn: boolean
      /** Who is asked whether it is good; null where only a run can tell. */
      checkedBy: string | null
    }
  | { kind: 'oauth-token'; issuer: string; issuerName: string; signIn: boolean; checkedBy: string | null }

/** In the order in which the screen offers them: keys, then the harness's own logins. */
export function describeHarness(harness: Harness): AcceptedSecret[] {
  return [
    ...describeKeys(harness),
    ...acceptance(harness, 'auth-file').map((taken): AcceptedSecret => {
      const { format, path, check } = taken
      return { kind: 'auth-file', format, path, pathHint: `~/${path}`, signIn: hasSignIn(taken), checkedBy: check && harness.maker }
    }),
    ...acceptance(harness, 'oauth-token').map((taken): AcceptedSecret => {
      const { issuer, check } = taken
      const issuerName = providerName(issuer)
      return { kind: 'oauth-token', issuer, issuerName, signIn: hasSignIn(taken), checkedBy: check && harness.maker }
    }),
  ]
}

const hasSignIn = (taken: object): boolean => 'signIn' in taken && Boolean(taken.signIn)

function describeKeys(harness: Harness): AcceptedSecret[] {
  const dialects = [...keyDialects(harness)]
  if (dialects.length === 0) return []
  const speaking = providers.filter((provider) =>
    provider.endpoints.some(({ dialect }) => isProxied(dialect) && dialects.includes(dialect)),
  )
  return [
    {
      kind: 'api-key',
      dialects,
      providers: [
        ...speaking.map(({ id, name, keyHint, keyPage }) => ({ id, name, keyHint, keyPage })),
        { id: CUSTOM_PROVIDER, name: 'Custom', keyHint: null, keyPage: null },
      ],
    },
  ]
}
