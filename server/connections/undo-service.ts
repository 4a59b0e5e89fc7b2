/**
 * Taking a connection away, and bringing it back while that is possible.
 * From: `router.ts`, `overrides-service.ts`. The sweep is started by `server/run.ts`.
 */
import { DomainError } from '#core/errors.ts'
import { AttachmentId } from '#core/ids.ts'
import type { ProjectScope, TeamScope } from '#server/access/scope.ts'
import { record } from '#server/audit/service.ts'
import { tellChanged } from '#server/connections/offer.ts'
import { connectionFacts } from '#server/connections/resolver.ts'
import { demandChangeable, demandPlace } from '#server/connections/rights.ts'
import type { AttachmentRow } from '#server/connections/store.ts'
import { destroyRemoved, findRemoved, removeAttachment, restoreAttachment, UNDO_MS } from '#server/connections/undo-store.ts'
import { findStops, type StoppedChat } from '#server/connections/use-service.ts'
import { log } from '#server/log.ts'

/** `undoUntil` is ISO. `stops`: chats of the caller's team that were working on it; `privateStops`: those of them that only others see. */
export type Detached = { stops: StoppedChat[]; privateStops: number; undoId: string; undoUntil: string }

/**
 * Nothing runs on it any more, at once; a minute later it is destroyed, unless another connection uses its credential.
 * @throws connection.missing, access.denied
 */
export async function disconnect(scope: TeamScope, { connectionId }: { connectionId: string }): Promise<Detached> {
  return detach(scope, await demandChangeable(scope, connectionId, { isRemoval: true }))
}

/** For whoever has proved that they may. @throws connection.missing when somebody else was first */
export async function detach(scope: TeamScope | ProjectScope, row: AttachmentRow): Promise<Detached> {
  const { stops, privateStops } = await findStops(scope, row)
  const removed = await removeAttachment(row.id, scope.userId, (db) =>
    record(db, {
      teamId: row.teamId,
      actorId: scope.userId,
      act: row.scope === 'project' ? 'override.removed' : 'connection.disconnected',
      subject: { kind: 'connection', id: row.id },
      facts: { ...connectionFacts(row), count: stops.length + privateStops },
    }),
  )
  if (!removed) throw new DomainError('connection.missing')
  tellChanged(scope, row.scope)
  return { stops, privateStops, undoId: removed.undoId, undoUntil: removed.undoUntil.toISOString() }
}

/** By whoever took it away. @throws undo.too-late when it is destroyed or its place is taken; access.denied */
export async function undo(scope: TeamScope, { undoId }: { undoId: string }): Promise<{ connectionId: AttachmentId }> {
  const row = await findRemoved(undoId, scope.userId)
  if (!row || (row.teamId !== null && row.teamId !== scope.teamId)) throw new DomainError('undo.too-late')
  // Who is no longer a maintainer may no longer connect here either. An admin gives back what is another's.
  if (row.scope !== 'user') await demandPlace(scope, { scope: row.scope, projectId: row.projectId ?? undefined })
  const isBack = await restoreAttachment(undoId, row, (db, credential) =>
    record(db, {
      teamId: row.teamId,
      actorId: scope.userId,
      act: 'connection.restored',
      subject: { kind: 'connection', id: row.id },
      facts: connectionFacts({ ...row, credential }),
    }),
  )
  if (!isBack) throw new DomainError('undo.too-late')
  tellChanged(scope, row.scope)
  return { connectionId: AttachmentId.parse(row.id) }
}

const SWEEP_EVERY_MS = 15_000

/** Destroys what was taken away more than a minute ago: now, for what an earlier server left, and from now on. @returns to stop it */
export function sweepRemovedRegularly(): () => void {
  const timer = setInterval(() => void sweep(), SWEEP_EVERY_MS).unref()
  void sweep()
  return () => clearInterval(timer)
}

async function sweep(): Promise<void> {
  try {
    await destroyRemoved(new Date(Date.now() - UNDO_MS))
  } catch (error) {
    log.warn({ err: error }, 'Disconnected credentials could not be destroyed yet')
  }
}
