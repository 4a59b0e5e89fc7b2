/**
 * The API keys that somebody in a team may have their providers asked with: the projects', the instance's, and their own.
 * A door of this noun, for `server/models`. Nothing here has a secret in its type but what `openKey` returns.
 */
import { serverOf, providerName, CUSTOM_PROVIDER } from '#core/providers/presets.ts'
import type { Endpoint } from '#core/providers/provider.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { endpointsOf, openSecret } from '#server/connections/resolver.ts'
import { findKeyRows, type CredentialRow } from '#server/connections/store.ts'

export type ReachableKey = {
  credentialId: string
  version: number
  name: string
  provider: string
  providerName: string
  server: string | null
  /** Where it lists its models: the provider's own dialect. */
  endpoint: Endpoint
  /** Of a custom provider: what its connector chose to offer. */
  models: readonly string[]
  open(): string | null
}

export async function keysInReach({ teamId, userId }: TeamScope): Promise<ReachableKey[]> {
  return (await findKeyRows({ teamId, userId })).flatMap(toKey)
}

function toKey(row: CredentialRow): ReachableKey[] {
  const { id: credentialId, version, name, baseUrl, models } = row
  const provider = row.provider ?? CUSTOM_PROVIDER
  const [endpoint] = endpointsOf(row)
  if (!endpoint) return []
  const open = () => {
    const opened = openSecret(row)
    return opened.is === 'open' ? opened.text : null
  }
  return [
    {
      credentialId,
      version,
      name,
      provider,
      providerName: providerName(provider, baseUrl),
      server: serverOf(provider, baseUrl),
      endpoint,
      models,
      open,
    },
  ]
}
