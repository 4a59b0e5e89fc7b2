/** A secret that is stored before any harness takes it. Next: `server/primitives/credentials-service.ts`. */
import { judgeSecret, type JudgedSecret, type Secret } from '#core/connections/secret.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import { CUSTOM_PROVIDER } from '#core/providers/presets.ts'

/** Good when one of these harnesses could run on it; what is wrong with its shape is told before that none takes it. */
export function judgeForAny(harnesses: readonly Harness[], secret: Secret): JudgedSecret {
  // Each harness would read a dialect of its own into an address that does not say one.
  if (secret.kind === 'api-key' && secret.provider === CUSTOM_PROVIDER && !secret.dialect)
    return { ok: false, code: 'credential.malformed', facts: { field: 'dialect', problem: 'missing' } }
  const judged = harnesses.map((harness) => judgeSecret(harness, secret))
  return judged.find((each) => each.ok) ?? judged.find((each) => !each.ok && each.code === 'credential.malformed') ?? judged[0]!
}
