/** What a harness is told when it asks which models there are: the menu, in the words of its dialect. */
import { modelsFor, type ModelQuery } from '#core/models/catalog.ts'

/** Nobody publishes these dates in one form, and clients only sort by them. */
const CREATED = '2026-01-01T00:00:00Z'

export function modelList(query: ModelQuery): Record<string, unknown> {
  const models = modelsFor(query)
  if (query.dialect === 'anthropic-messages') {
    return {
      data: models.map(({ id, name }) => ({ type: 'model', id, display_name: name, created_at: CREATED })),
      has_more: false,
      first_id: models[0]?.id ?? null,
      last_id: models.at(-1)?.id ?? null,
    }
  }
  return {
    object: 'list',
    data: models.map(({ id, provider }) => ({ id, object: 'model', created: Date.parse(CREATED) / 1000, owned_by: provider })),
  }
}
