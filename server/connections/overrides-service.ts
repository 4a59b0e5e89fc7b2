/**
 * A project's own connections, made of credentials that are there already: above everybody's own, below nothing.
 * From: `router.ts`. What a person pastes anew is `service.ts`'s `connect`.
 */
import { fit, isNativeLogin } from '#core/connections/connection.ts'
import { DomainError } from '#core/errors.ts'
import { AttachmentId } from '#core/ids.ts'
import type { ProjectScope } from '#server/access/scope.ts'
import { record } from '#server/audit/service.ts'
import { describeAttachment, type AttachmentView } from '#server/connections/connection-view.ts'
import { demandHarness, FORMER_MEMBER, offeredHere, tellChanged } from '#server/connections/offer.ts'
import { findProjectAttachments, findShareable } from '#server/connections/overrides-store.ts'
import { attachCredential } from '#server/connections/place-store.ts'
import { connectionFacts } from '#server/connections/resolver.ts'
import { mayChange } from '#server/connections/rights.ts'
import { findUserNames } from '#server/connections/store.ts'
import { detach, type Detached } from '#server/connections/undo-service.ts'
import { findUnreturned } from '#server/logins/service.ts'

/**
 * Gives a project a credential that is connected already: one's own, one of a project that one maintains, or, for
 * the instance's owner, the platform's. Everybody who may prompt there spends it from then on.
 * @throws harness.unknown; connection.missing for a credential that is not the caller's to share; connection.not-yours
 *   for somebody else's login; connection.refused-by-harness
 */
export async function setOverride(
  scope: ProjectScope,
  { harness: id, credentialId }: { harness: string; credentialId: string },
): Promise<{ connectionId: AttachmentId }> {
  const harness = demandHarness(id)
  const sharer = { ...scope, isTeamAdmin: scope.role === 'admin' }
  const found = await findShareable(sharer, credentialId)
  const source = found.find((row) => row.harness === harness.id) ?? found[0]
  if (!source) throw new DomainError('connection.missing', { harness: id })
  // Attached by its owner here and there, a login is still nobody else's to hand on.
  if (isNativeLogin(source.credential.kind) && source.credential.createdBy !== scope.userId)
    throw new DomainError('connection.not-yours', { harness: harness.name })
  if (!fit(harness, source.credential))
    throw new DomainError('connection.refused-by-harness', { harness: id, kind: source.credential.kind })
  const { teamId, userId, projectId } = scope
  // Another harness's model and mode would mean nothing here.
  const settings = source.harness === harness.id ? source.settings : {}
  const connectionId = await attachCredential(
    { teamId, userId, projectId, scope: 'project', harness: harness.id, credentialId, settings },
    (db, placed) =>
      record(db, {
        teamId,
        actorId: userId,
        act: 'override.set',
        subject: { kind: 'connection', id: placed.connectionId },
        facts: connectionFacts({ harness: harness.id, scope: 'project', projectId, userId: null, credential: source.credential }),
      }),
  )
  if (connectionId === null) throw new DomainError('connection.missing', { harness: id })
  tellChanged(scope, 'project')
  return { connectionId: AttachmentId.parse(connectionId) }
}

/** From then on each person's own connection holds again, else the platform's. @throws connection.missing */
export async function removeOverride(scope: ProjectScope, { harness }: { harness: string }): Promise<Detached> {
  const row = (await findProjectAttachments(scope)).find((each) => each.harness === harness)
  if (!row) throw new DomainError('connection.missing', { harness })
  return detach(scope, row)
}

/** What the project has of its own, for the harnesses that are offered. */
export async function listOverrides(scope: ProjectScope): Promise<(AttachmentView & { harness: string })[]> {
  const rows = await findProjectAttachments(scope)
  const [names, unreturned] = await Promise.all([
    findUserNames(rows.map((row) => row.createdBy)),
    findUnreturned(rows.map((row) => row.credential.id)),
  ])
  return offeredHere().flatMap((harness) =>
    rows
      .filter((row) => row.harness === harness.id)
      .map((row) => ({
        harness: harness.id,
        ...describeAttachment(row, {
          harness,
          scope,
          createdByName: names.get(row.createdBy) ?? FORMER_MEMBER,
          mayChange: mayChange(scope, row, scope),
          unreturned,
        }),
      })),
  )
}
