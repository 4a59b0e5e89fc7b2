/**
 * A configuration: a harness, the credential that it is given, and how it works.
 * Next: `attachments-service.ts` says for whom it holds.
 */
import { fit, type Settings } from '#core/connections/connection.ts'
import type { ConnectionSettings } from '#core/connections/secret.ts'
import { DomainError } from '#core/errors.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import type { ConfigurationId } from '#core/ids.ts'
import type { TeamScope } from '#server/access/scope.ts'
import type { NewAuditEntry } from '#server/audit/service.ts'
import { demandHarness } from '#server/connections/offer.ts'
import { mintUuid } from '#server/db/mint.ts'
import { changeConfiguration, deleteConfiguration, insertConfiguration } from '#server/primitives/configuration-store.ts'
import { demandCredential, tellOf } from '#server/primitives/credentials-service.ts'
import { mayBind, mayChangeConfiguration, owns, reachOf } from '#server/primitives/rights.ts'
import { findVisible, findVisibleBy, type ConfigurationNode, type CredentialNode } from '#server/primitives/store.ts'
import { describeConfiguration, inTeam, type ConfigurationView } from '#server/primitives/views.ts'

type ById = { configurationId: string }
type Found = { configuration: ConfigurationNode; credential: CredentialNode }
/** The models of a custom provider belong to its credential. */
type OwnSettings = Omit<ConnectionSettings, 'models'>

const nobody = new Map<string, string>()

/** @throws configuration.missing, also for one that is not the caller's to see */
export async function demandConfiguration(scope: TeamScope, { configurationId }: ById): Promise<Found> {
  const credential = await findVisibleBy(reachOf(scope), { configurationId })
  const configuration = credential?.configurations.filter(inTeam(scope)).find((each) => each.id === configurationId)
  if (!credential || !configuration) throw new DomainError('configuration.missing')
  return { configuration, credential }
}

async function demandChangeable(scope: TeamScope, byId: ById): Promise<Found> {
  const found = await demandConfiguration(scope, byId)
  if (!mayChangeConfiguration(scope, found.configuration, found.credential)) throw new DomainError('access.denied')
  return found
}

export async function listConfigurations(scope: TeamScope): Promise<ConfigurationView[]> {
  const found = await findVisible(reachOf(scope))
  return found.flatMap((credential) =>
    credential.configurations.filter(inTeam(scope)).map((each) => describeConfiguration(each, credential, { scope, names: nobody })),
  )
}

export async function getConfiguration(scope: TeamScope, byId: ById): Promise<ConfigurationView> {
  const { configuration, credential } = await demandConfiguration(scope, byId)
  return describeConfiguration(configuration, credential, { scope, names: nobody })
}

export type NewConfiguration = {
  configurationId?: ConfigurationId | undefined
  harness: string
  credentialId: string
  settings?: OwnSettings | undefined
}

/** @throws harness.unknown, credential.missing, connection.not-yours, connection.refused-by-harness, request.invalid, primitive.id-taken */
export async function createConfiguration(scope: TeamScope, input: NewConfiguration): Promise<{ configurationId: string }> {
  const harness = demandHarness(input.harness)
  const credential = await demandCredential(scope, input)
  demandFit(scope, harness, credential)
  const id = input.configurationId ?? mintUuid()
  // Of the instance only when its owner makes it: a team's own use of the platform's credential goes with the team.
  const teamId = credential.teamId === null && owns(scope, credential) ? null : scope.teamId
  const row = { id, teamId, harness: harness.id, credentialId: credential.id, settings: settingsFor(harness, input.settings) }
  const made = await insertConfiguration(row, scope, entryOf(scope, 'configuration.created', { id, teamId, harness, credential }))
  if (made === 'taken') throw new DomainError('primitive.id-taken')
  if (made === 'missing') throw new DomainError('credential.missing')
  tellOf(scope, credential)
  return { configurationId: id }
}

/**
 * What is not given stays as it is. Another credential holds at once wherever it is attached.
 * @throws configuration.missing, access.denied, and what `createConfiguration` throws
 */
export async function updateConfiguration(
  scope: TeamScope,
  input: ById & { credentialId?: string | undefined; settings?: OwnSettings | undefined },
): Promise<void> {
  const { configuration, credential: former } = await demandChangeable(scope, input)
  const harness = demandHarness(configuration.harness)
  const isSame = input.credentialId === undefined || input.credentialId === former.id
  const credential = isSame ? former : await demandCredential(scope, { credentialId: input.credentialId! })
  if (!isSame) {
    demandFit(scope, harness, credential)
    demandPlatformsOwn(configuration.attachments, credential)
  }
  const settings = input.settings === undefined ? configuration.settings : settingsFor(harness, input.settings)
  const change = { id: configuration.id, formerCredentialId: former.id, credentialId: credential.id, settings }
  const entry = entryOf(scope, 'configuration.changed', { ...configuration, harness, credential })
  if (!(await changeConfiguration(change, scope, entry))) throw new DomainError('configuration.missing')
  tellOf(scope, configuration)
}

/** @throws configuration.missing, access.denied; configuration.in-use while it is attached */
export async function removeConfiguration(scope: TeamScope, byId: ById): Promise<void> {
  const { configuration, credential } = await demandChangeable(scope, byId)
  const harness = { id: configuration.harness }
  const entry = entryOf(scope, 'configuration.deleted', { ...configuration, harness, credential })
  const deleted = await deleteConfiguration(configuration, entry)
  if (deleted === 'missing') throw new DomainError('configuration.missing')
  if (deleted !== 'deleted') throw new DomainError('configuration.in-use', { count: deleted.usedBy.length })
  tellOf(scope, configuration)
}

function demandFit(scope: TeamScope, harness: Harness, credential: CredentialNode): void {
  if (!mayBind(scope, credential)) throw new DomainError('connection.not-yours', { harness: harness.name })
  if (!fit(harness, credential)) throw new DomainError('connection.refused-by-harness', { harness: harness.id, kind: credential.kind })
}

/** What holds for the whole instance is the instance's own: a team that goes would take it along. */
export function demandPlatformsOwn(places: readonly { scope: string }[], credential: CredentialNode): void {
  if (credential.teamId !== null && places.some((each) => each.scope === 'platform'))
    throw new DomainError('request.invalid', { field: 'scope', problem: 'not-the-platforms' })
}

/** @throws request.invalid for a mode that the harness does not have */
function settingsFor(harness: Harness, settings: OwnSettings = {}): Settings {
  if (settings.mode && !harness.modes.some((mode) => mode.id === settings.mode))
    throw new DomainError('request.invalid', { field: 'settings.mode', choices: harness.modes.map((mode) => mode.id) })
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Settings
}

/** `teamId` is the row's own: what concerns the instance is in no team's log. */
type Told = { id: string; teamId: string | null; harness: { id: string }; credential: CredentialNode }

const entryOf = (scope: TeamScope, act: NewAuditEntry['act'], { id, teamId, harness, credential }: Told): NewAuditEntry => ({
  teamId,
  actorId: scope.userId,
  act,
  subject: { kind: 'configuration', id },
  facts: { harness: harness.id, credentialName: credential.name },
})
