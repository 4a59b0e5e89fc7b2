/** What a harness is told when it asks which models there are: the menu, in the words of its dialect. */
import { modelsFor, type ModelEntry, type ModelQuery } from '#core/models/catalog.ts'

/** Nobody publishes these dates in one form, and clients only sort by them. */
const CREATED = '2026-01-01T00:00:00Z'

export function modelList(query: ModelQuery): Record<string, unknown> {
  const models = modelsFor(query)
  switch (query.dialect) {
    case 'anthropic-messages':
      return {
        data: models.map(({ id, name }) => ({ type: 'model', id, display_name: name, created_at: CREATED })),
        has_more: false,
        first_id: models[0]?.id ?? null,
        last_id: models.at(-1)?.id ?? null,
      }
    case 'gemini-generate':
      return { models: models.map(inGoogleWords) }
    default:
      return {
        object: 'list',
        data: models.map(({ id, provider }) => ({ id, object: 'model', created: Date.parse(CREATED) / 1000, owned_by: provider })),
      }
  }
}

/** One model as Google describes it; null when it is not on the menu. */
export function modelInGoogleWords(query: ModelQuery, id: string): Record<string, unknown> | null {
  const entry = modelsFor(query).find((each) => each.id === id)
  return entry ? inGoogleWords(entry) : null
}

const inGoogleWords = ({ id, name, contextTokens, outputTokens, capabilities }: ModelEntry) => ({
  name: `models/${id}`,
  baseModelId: id,
  version: id,
  displayName: name,
  inputTokenLimit: contextTokens,
  outputTokenLimit: outputTokens,
  supportedGenerationMethods: ['generateContent', 'countTokens'],
  thinking: capabilities.includes('reasoning'),
})
