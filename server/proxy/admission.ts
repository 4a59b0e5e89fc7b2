/**
 * Whether a run may ask for a model: the catalog's word, remembered with what the run was made of, since an agent asks for
 * the same few again and again. Other rules or another list make another run (`run.ts`).
 * From: `handler.ts`. What is said of a refusal: `model-refusal.ts`.
 */
import { allows, allowsEmbedding, offTariff, type ModelQuery, type ModelVerdict } from '#core/models/catalog.ts'
import type { Asked } from '#server/proxy/body.ts'

/** An agent that asks for more is trying names. */
const MODELS_MAX = 50

const known = new WeakMap<ModelQuery, Map<string, ModelVerdict>>()

export function admission(query: ModelQuery, { model, isOffTariff }: Asked, kind: 'generate' | 'embed' | 'count'): ModelVerdict {
  const verdicts = known.get(query) ?? new Map<string, ModelVerdict>()
  const name = `${kind === 'embed' ? 'embed' : 'ask'} ${isOffTariff ? 'off' : 'on'} ${model}`
  const found = verdicts.get(name)
  if (found) return found
  const listed = (kind === 'embed' ? allowsEmbedding : allows)(query, model)
  const verdict = isOffTariff ? offTariff(query, listed) : listed
  if (verdicts.size >= MODELS_MAX) verdicts.clear()
  known.set(query, verdicts.set(name, verdict))
  return verdict
}
