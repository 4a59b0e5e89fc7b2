/**
 * Which models a person may choose, and whether a chosen one may be used: views of the
 * catalog for the connection that holds (`server/connections/resolver.ts`).
 */
import { DomainError } from '#core/errors.ts'
import { speaks, type Harness } from '#core/harnesses/harness.ts'
import { allows, defaultModel, modelsFor, type Lifecycle, type ModelQuery, type ModelVerdict, type Price } from '#core/models/catalog.ts'
import { providers, providerName } from '#core/providers/presets.ts'
import { enterProject, type TeamScope } from '#server/access/scope.ts'
import { modelQueryOf, resolveFor, type ChatPlace } from '#server/connections/resolver.ts'

/** Millionths of a US dollar per million tokens. */
export type PriceView = { inputMicros: number; outputMicros: number; cacheReadMicros: number; cacheWriteMicros: number }

export type ModelView = {
  id: string
  name: string
  provider: string
  providerName: string
  lifecycle: Lifecycle['is']
  contextTokens: number
  outputTokens: number
  price: PriceView | null
}

export type ModelMenu = { models: ModelView[]; defaultModel: string | null }

const describePrice = ({ input, output, cacheRead, cacheWrite }: Price): PriceView => ({
  inputMicros: input,
  outputMicros: output,
  cacheReadMicros: cacheRead,
  cacheWriteMicros: cacheWrite,
})

/** Empty as long as no connection holds: what could be chosen depends on it. */
export async function listModels(
  scope: TeamScope,
  { harness: id, projectId }: { harness: string; projectId?: string | undefined },
): Promise<ModelMenu> {
  if (projectId !== undefined) await enterProject(scope, { act: 'read', projectId })
  const found = await resolveFor({ teamId: scope.teamId, userId: scope.userId, projectId: projectId ?? null }, id)
  if (!found) throw new DomainError('harness.unknown', { harness: id })
  const query = found.resolution.ok ? modelQueryOf(found.harness, found.resolution) : null
  if (!query || !found.resolution.ok) return { models: [], defaultModel: null }
  const { credential, settings } = found.resolution.attachment
  const models = modelsFor(query)
  const wished = models.find((model) => model.id === settings['model'])
  return {
    models: models.map(({ id: model, name, provider, lifecycle, contextTokens, outputTokens, price }) => ({
      id: model,
      name,
      provider,
      contextTokens,
      outputTokens,
      providerName: providerName(provider, credential.baseUrl),
      lifecycle: lifecycle.is,
      price: price && describePrice(price),
    })),
    defaultModel: (wished ?? defaultModel(query))?.id ?? null,
  }
}

/**
 * Checks a choice for a chat, before anything is written of it. Without a connection, any
 * model counts that some provider of the harness has: the connection may still come.
 * @throws harness.unknown, model.unknown, model.retired, model.not-allowed
 */
export async function demandModel(place: ChatPlace, model: string): Promise<void> {
  const found = await resolveFor(place, place.harness)
  if (!found) throw new DomainError('harness.unknown', { harness: place.harness })
  const query = found.resolution.ok ? modelQueryOf(found.harness, found.resolution) : null
  // A login's own models are the program's business, as long as the catalog knows nothing against them.
  if (found.resolution.ok && !query) return
  const verdict = query ? allows(query, model) : allowsAnywhere(found.harness, model)
  if (!verdict.ok) throw new DomainError(verdict.code, { model, successor: verdict.successor })
}

function allowsAnywhere(harness: Harness, model: string): ModelVerdict {
  const queries = providers.flatMap((provider): ModelQuery[] =>
    provider.endpoints
      .filter(({ dialect }) => speaks(harness, dialect))
      .map(({ dialect }) => ({ harness, provider: provider.id, dialect })),
  )
  const verdicts = queries.map((query) => allows(query, model))
  const unknown: ModelVerdict = { ok: false, code: 'model.unknown', successor: null }
  return verdicts.find((each) => each.ok) ?? verdicts.find((each) => !each.ok && each.code === 'model.retired') ?? unknown
}
