/** Which harnesses people can connect here, and the hint that lists of connections have changed. */
import type { Scope } from '#core/connections/connection.ts'
import { DomainError } from '#core/errors.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import { findHarness, offeredHarnesses } from '#core/harnesses/registry.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { env } from '#server/env.ts'
import { hintList } from '#server/realtime/bus.ts'

export const FORMER_MEMBER = 'A former member'

export const offeredHere = () => offeredHarnesses({ isTesting: env().isTesting })

/** @throws harness.unknown for one that is not offered here */
export function demandHarness(id: string): Harness {
  const harness = findHarness(id)
  if (!harness || !offeredHere().includes(harness)) throw new DomainError('harness.unknown', { harness: id })
  return harness
}

/** Lists that show connections are read again. */
export const tellChanged = ({ teamId }: TeamScope, place: Scope): void =>
  hintList({ teamId: place === 'platform' ? null : teamId, topic: 'connections' })
