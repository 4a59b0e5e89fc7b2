/**
 * Which models a person may choose: the catalog's view for the connection that holds
 * (`server/connections/resolver.ts`).
 */
import { DomainError } from '#core/errors.ts'
import { defaultModel, modelsFor, type Lifecycle } from '#core/models/catalog.ts'
import { providerName } from '#core/providers/presets.ts'
import { enterProject, type TeamScope } from '#server/access/scope.ts'
import { modelQueryOf, resolveFor } from '#server/connections/resolver.ts'
import { describePrice, type PriceView } from '#server/models/price-view.ts'

export type ModelView = {
  id: string
  name: string
  provider: string
  providerName: string
  lifecycle: Lifecycle['is']
  contextTokens: number
  outputTokens: number
  /** Null when nobody knows one; all zero when it is free. */
  price: PriceView | null
}

export type ModelMenu = { models: ModelView[]; defaultModel: string | null }

/** Empty as long as no connection holds: what could be chosen depends on it. */
export async function listModels(
  scope: TeamScope,
  { harness: id, projectId }: { harness: string; projectId?: string | undefined },
): Promise<ModelMenu> {
  if (projectId !== undefined) await enterProject(scope, { act: 'read', projectId })
  const found = await resolveFor({ teamId: scope.teamId, userId: scope.userId, projectId: projectId ?? null }, id)
  if (!found) throw new DomainError('harness.unknown', { harness: id })
  const query = found.resolution.ok ? await modelQueryOf(scope.teamId, found.harness, found.resolution) : null
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
