/**
 * An attachment: for whom a configuration holds. One per harness and scope.
 * Next: `core/connections/resolve.ts` chooses among them.
 */
import type { Scope } from '#core/connections/connection.ts'
import { DomainError } from '#core/errors.ts'
import { harnessName } from '#core/harnesses/registry.ts'
import type { AttachmentId } from '#core/ids.ts'
import type { TeamScope } from '#server/access/scope.ts'
import type { NewAuditEntry } from '#server/audit/service.ts'
import { tellChanged } from '#server/connections/offer.ts'
import { demandPlace } from '#server/connections/rights.ts'
import { findUserNames, scopeKeyOf } from '#server/connections/rows.ts'
import { mintUuid } from '#server/db/mint.ts'
import { deleteAttachment, findChatsOn, insertAttachment } from '#server/primitives/attachment-store.ts'
import { demandConfiguration, demandPlatformsOwn } from '#server/primitives/configurations-service.ts'
import { mayBind, mayDetach, reachOf } from '#server/primitives/rights.ts'
import { findVisible, findVisibleBy } from '#server/primitives/store.ts'
import { describeAttachment, inTeam, peopleOf, type AttachmentView } from '#server/primitives/views.ts'

export async function listAttachments(scope: TeamScope): Promise<AttachmentView[]> {
  const found = await findVisible(reachOf(scope))
  const names = await findUserNames(peopleOf(found))
  return found.flatMap((credential) =>
    credential.configurations
      .filter(inTeam(scope))
      .flatMap((configuration) =>
        configuration.attachments
          .filter(inTeam(scope))
          .map((place) => describeAttachment({ place, configuration, credential }, { scope, names })),
      ),
  )
}

export type NewAttachment = {
  attachmentId?: AttachmentId | undefined
  configurationId: string
  scope: Scope
  projectId?: string | undefined
  /** The attachment that stands in this place, which goes; without it a place that is taken is refused. */
  replaces?: AttachmentId | undefined
}

/**
 * @throws configuration.missing, access.denied, project.missing, connection.not-yours, request.invalid, primitive.id-taken;
 *   attachment.place-taken while another configuration of the harness holds there
 */
export async function attach(scope: TeamScope, input: NewAttachment): Promise<{ attachmentId: string }> {
  const { configuration, credential } = await demandConfiguration(scope, input)
  const place = await placeFor(scope, input)
  const { harness } = configuration
  if (!mayBind(scope, credential)) throw new DomainError('connection.not-yours', { harness: harnessName(harness) })
  demandPlatformsOwn([input], credential)
  const id = input.attachmentId ?? mintUuid()
  const row = { id, scope: input.scope, ...place, harness, configurationId: configuration.id, createdBy: scope.userId }
  const entry = entryOf(scope, 'attachment.created', { ...row, credentialName: credential.name })
  const attached = await insertAttachment(row, { replaces: input.replaces ?? null, by: scope, credentialId: credential.id, entry })
  if (attached === 'missing') throw new DomainError('configuration.missing')
  if (attached === 'id-taken') throw new DomainError('primitive.id-taken')
  if (attached === 'place-taken') throw new DomainError('attachment.place-taken', { harness })
  tellChanged(scope, input.scope)
  return { attachmentId: id }
}

/** What the row says of its place, once that is proven. */
async function placeFor(scope: TeamScope, input: Pick<NewAttachment, 'scope' | 'projectId'>) {
  const { teamId, userId } = scope
  const projectId = await demandPlace(scope, input)
  return {
    scopeKey: scopeKeyOf({ scope: input.scope, teamId, userId, projectId }),
    teamId: input.scope === 'platform' ? null : teamId,
    projectId,
    userId: input.scope === 'user' ? userId : null,
  }
}

/**
 * What was made by hand stays, attached to nothing. `stops`: the team's chats that work on its credential, `privateStops` more that only others see.
 * @throws connection.missing, access.denied
 */
export async function detach(
  scope: TeamScope,
  { attachmentId }: { attachmentId: string },
): Promise<{ stops: { chatId: string; title: string }[]; privateStops: number }> {
  const credential = await findVisibleBy(reachOf(scope), { attachmentId })
  const place = credential?.configurations
    .flatMap((each) => each.attachments)
    .filter(inTeam(scope))
    .find((each) => each.id === attachmentId)
  if (!credential || !place) throw new DomainError('connection.missing')
  if (!mayDetach(scope, place, credential)) throw new DomainError('access.denied')
  const stopping = await findChatsOn(scope, credential.id)
  const facts = { ...place, credentialName: credential.name }
  if (!(await deleteAttachment(place.id, entryOf(scope, 'attachment.deleted', facts)))) throw new DomainError('connection.missing')
  tellChanged(scope, place.scope)
  return stopping
}

/** `teamId` is the row's own: what concerns the instance is in no team's log. */
type Told = { id: string; teamId: string | null; harness: string; scope: Scope; projectId: string | null; credentialName: string }

const entryOf = (
  scope: TeamScope,
  act: NewAuditEntry['act'],
  { id, teamId, harness, scope: place, projectId, credentialName }: Told,
): NewAuditEntry => ({
  teamId,
  actorId: scope.userId,
  act,
  subject: { kind: 'attachment', id },
  facts: { harness, scope: place, projectId, credentialName },
})
