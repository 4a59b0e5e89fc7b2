/** What a harness takes, in plain data, for the screen on which people connect it. */
import { keyDialects, type Harness } from '#core/harnesses/harness.ts'
import { isProxied } from '#core/links/proxy-routes.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import { CUSTOM_PROVIDER, providers } from '#core/providers/presets.ts'

export type AcceptedSecret =
  | {
      kind: 'api-key'
      providers: { id: string; name: string; keyHint: string | null; keyPage: string | null }[]
      /** For a custom provider: the dialects to choose from, the harness's own first. */
      dialects: Dialect[]
    }
  | { kind: 'auth-file'; format: string; path: string }
  | { kind: 'oauth-token'; issuer: string }

/**
 * What the screen offers. A native login is not among it: a sandbox has no way out to its
 * vendor, so a run on one would fail. The API takes it, and the plan for it is tested.
 */
export function describeHarness(harness: Harness): AcceptedSecret[] {
  const dialects = [...keyDialects(harness)]
  const speaking = providers.filter((provider) =>
    provider.endpoints.some(({ dialect }) => isProxied(dialect) && dialects.includes(dialect)),
  )
  return dialects.length === 0
    ? []
    : [
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
