/**
 * What people do with connections: see, connect, share, enable, ask why. Nothing that leaves here has a secret in its
 * type. Beside it: `validation.ts` (is it good?), `undo-service.ts` (disconnect), `use-service.ts` (what hangs on it).
 * Next: `core/connections/resolve.ts` for the choice, `place-store.ts` for the rows.
 */
import { isNativeLogin, type Scope, type Settings } from '#core/connections/connection.ts'
import type { AuditAct } from '#core/audit/acts.ts'
import { resolve, type Verdict as StepVerdict } from '#core/connections/resolve.ts'
import { judgeSecret, modelList, type ConnectionSettings, type Secret } from '#core/connections/secret.ts'
import type { Answer, Verdict } from '#core/connections/verdict.ts'
import { DomainError } from '#core/errors.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import { AttachmentId } from '#core/ids.ts'
import { CUSTOM_PROVIDER } from '#core/providers/presets.ts'
import { enterTeamAgain, type TeamScope } from '#server/access/scope.ts'
import { record } from '#server/audit/service.ts'
import { describeHarness } from '#server/connections/accepts.ts'
import { describeAttachment, describeResolution, type ConnectionRow } from '#server/connections/connection-view.ts'
import { demandHarness, FORMER_MEMBER, offeredHere, tellChanged } from '#server/connections/offer.ts'
import { replaceAttachment } from '#server/connections/place-store.ts'
import { connectionFacts, ownerName, sealSecret, toAttachment } from '#server/connections/resolver.ts'
import { demandChangeable, demandPlace, mayChange, reachOf } from '#server/connections/rights.ts'
import * as store from '#server/connections/store.ts'
import { brokenBy, factsOfSecret, judgeSecretOf } from '#server/connections/validation.ts'
import { vault } from '#server/connections/vault.ts'
import { findUnreturned } from '#server/logins/service.ts'
import { checkUpstreamUrl } from '#server/proxy/upstream-guard.ts'

type InProject = { projectId?: string | undefined }

/** One row per harness, whether connected or not. */
export async function listConnections(scope: TeamScope, { projectId }: InProject): Promise<ConnectionRow[]> {
  const { reach, project } = await reachOf(scope, projectId)
  const rows = await store.findReachable(reach)
  const [names, unreturned] = await Promise.all([
    store.findUserNames(rows.map((row) => row.createdBy)),
    findUnreturned(rows.map((row) => row.credential.id)),
  ])
  return offeredHere().map((harness) => {
    const own = rows.filter((row) => row.harness === harness.id)
    return {
      harness: harness.id,
      name: harness.name,
      resolution: describeResolution(resolve(own.map(toAttachment), harness), own),
      attachments: own.map((row) =>
        describeAttachment(row, {
          harness,
          scope,
          createdByName: names.get(row.createdBy) ?? FORMER_MEMBER,
          mayChange: mayChange(scope, row, project),
          unreturned,
        }),
      ),
      accepts: describeHarness(harness),
    }
  })
}

export type ConnectInput = InProject & {
  harness: string
  scope: Scope
  secret: Secret
  settings?: ConnectionSettings | undefined
  /** What becomes of a secret that its provider refuses: kept and marked (the default), or not stored. */
  onRefused?: 'keep' | 'reject' | undefined
}

/**
 * Attaches a credential, in the place of what the same harness had in the same scope. It is tried out before: a provider
 * that is merely down keeps nobody from connecting.
 * @throws access.denied, team.missing, harness.unknown, credential.malformed, connection.refused-by-harness, upstream.unsafe,
 *   request.invalid; with `reject` also credential.refused, login.refused, login.expired
 */
export async function connect(scope: TeamScope, input: ConnectInput): Promise<{ connectionId: AttachmentId; verdict: Verdict }> {
  const harness = demandHarness(input.harness)
  const projectId = await demandPlace(scope, input)
  const judged = judgeSecret(harness, input.secret)
  if (!judged.ok) throw new DomainError(judged.code, judged.facts)
  const { credential, material } = judged
  // What the proxy would refuse at every call is refused now.
  if (credential.baseUrl) await checkUpstreamUrl(credential.baseUrl)
  const { models = '', ...settings } = demandMode(harness, input.settings ?? {})
  const loginFacts = factsOfSecret(credential, material)
  const answer = await judgeSecretOf(harness, credential, material)
  // The provider took its time; what they may do here can have changed meanwhile.
  await demandPlace(await enterTeamAgain(scope), input)
  if (input.onRefused === 'reject') demandTaken(answer, { harness: harness.id, provider: credential.provider })
  const described = { ...credential, name: nameOf(credential) }
  const connectionId = await replaceAttachment(
    {
      teamId: scope.teamId,
      userId: scope.userId,
      projectId,
      scope: input.scope,
      harness: harness.id,
      settings: input.settings && (Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Settings),
      credential: {
        ...described,
        ...columnsOf(answer, credential.kind),
        loginFacts,
        models: credential.provider === CUSTOM_PROVIDER ? modelList(models) : [],
        lastFour: credential.kind === 'api-key' && material.length >= 16 ? material.slice(-4) : '',
        fingerprint: vault().fingerprint(material),
      },
      seal: (row) => sealSecret(row, material),
    },
    (db, { connectionId: id, version, formerCredentialId }) =>
      record(db, {
        teamId: input.scope === 'platform' ? null : scope.teamId,
        actorId: scope.userId,
        act: formerCredentialId === null ? 'connection.connected' : 'connection.replaced',
        subject: { kind: 'connection', id },
        facts: {
          ...connectionFacts({ harness: harness.id, scope: input.scope, projectId, userId: null, credential: described }),
          version,
          verdict: answer.verdict,
        },
      }),
  )
  tellChanged(scope, input.scope)
  return { connectionId: AttachmentId.parse(connectionId), verdict: answer.verdict }
}

function demandMode(harness: Harness, settings: ConnectionSettings): ConnectionSettings {
  if (settings.mode && !harness.modes.some((mode) => mode.id === settings.mode))
    throw new DomainError('request.invalid', { field: 'settings.mode', choices: harness.modes.map((mode) => mode.id) })
  return settings
}

/** Only what was really refused: whoever is down, or wants to be paid, has not said that it is no key. */
function demandTaken({ verdict, code }: Answer, facts: { harness: string; provider: string | null }): void {
  if (verdict === 'refused') throw new DomainError(code === 'login.refused' ? code : 'credential.refused', facts)
  if (verdict === 'expired') throw new DomainError('login.expired', { harness: facts.harness })
  if (verdict === 'unfitting') throw new DomainError(code ?? 'connection.refused-by-harness', facts)
}

/** What a check that was made just now leaves on the row. */
export function columnsOf(answer: Answer, kind: store.CredentialRow['kind']) {
  const { verdict, code } = answer
  const at = new Date()
  return {
    verdict,
    verdictAt: at,
    lastErrorCode: code,
    lastErrorAt: code === null ? null : at,
    brokenCode: brokenBy(answer, kind) ?? null,
  }
}

const nameOf = (credential: Parameters<typeof ownerName>[0]) =>
  ({
    'api-key': `${ownerName(credential)} key`,
    'auth-file': ownerName(credential),
    'oauth-token': `${ownerName(credential)} subscription`,
  })[credential.kind]

/** Switches it off, and back on to resume. @throws connection.missing, access.denied */
export async function setEnabled(
  scope: TeamScope,
  { connectionId, isEnabled }: { connectionId: string; isEnabled: boolean },
): Promise<void> {
  const row = await demandChangeable(scope, connectionId)
  await change(scope, row, { set: { isEnabled }, act: isEnabled ? 'connection.enabled' : 'connection.disabled' })
}

/**
 * Lets others prompt on a personal API key in the chats that its owner started, or no longer. A login is never shared:
 * using it means seeing it.
 * @throws connection.missing for what is not the caller's own; request.invalid for what cannot be shared
 */
export async function setShared(scope: TeamScope, { connectionId, isShared }: { connectionId: string; isShared: boolean }): Promise<void> {
  const row = await demandChangeable(scope, connectionId)
  if (row.scope !== 'user' || isNativeLogin(row.credential.kind))
    throw new DomainError('request.invalid', { field: 'connectionId', problem: row.scope === 'user' ? 'native-login' : 'not-personal' })
  await change(scope, row, { set: { isShared }, act: isShared ? 'connection.shared' : 'connection.unshared' })
}

type Change = { set: Parameters<typeof store.updateAttachment>[1]; act: AuditAct }

async function change(scope: TeamScope, row: store.AttachmentRow, { set, act }: Change): Promise<void> {
  const isThere = await store.updateAttachment(row.id, set, (db) =>
    record(db, {
      teamId: row.teamId,
      actorId: scope.userId,
      act,
      subject: { kind: 'connection', id: row.id },
      facts: connectionFacts(row),
    }),
  )
  if (!isThere) throw new DomainError('connection.missing')
  tellChanged(scope, row.scope)
}

export type Explanation = {
  resolution: ConnectionRow['resolution']
  trace: { scope: Scope; verdict: StepVerdict; credentialName: string | null }[]
}

/** Why this one: each scope that was asked, in order, and what it said. */
export async function explain(scope: TeamScope, { harness: id, projectId }: InProject & { harness: string }): Promise<Explanation> {
  const harness = demandHarness(id)
  const { reach } = await reachOf(scope, projectId)
  const rows = await store.findReachable(reach, harness.id)
  const resolution = resolve(rows.map(toAttachment), harness)
  return {
    resolution: describeResolution(resolution, rows),
    trace: resolution.trace.map((step) => ({
      ...step,
      credentialName: rows.find((row) => row.scope === step.scope)?.credential.name ?? null,
    })),
  }
}
