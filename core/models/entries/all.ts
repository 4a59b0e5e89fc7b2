/** The catalog's data in menu order, one file per provider. */
import { anthropicModels } from '#core/models/entries/anthropic.ts'
import { cohereModels } from '#core/models/entries/cohere.ts'
import { deepseekModels } from '#core/models/entries/deepseek.ts'
import { googleModels } from '#core/models/entries/google.ts'
import { groqModels } from '#core/models/entries/groq.ts'
import { mistralModels } from '#core/models/entries/mistral.ts'
import { openaiModels } from '#core/models/entries/openai.ts'
import { openrouterModels } from '#core/models/entries/openrouter.ts'
import type { ModelEntry } from '#core/models/model.ts'

export const entries: readonly ModelEntry[] = [
  ...anthropicModels,
  ...openaiModels,
  ...googleModels,
  ...openrouterModels,
  ...groqModels,
  ...deepseekModels,
  ...mistralModels,
  ...cohereModels,
]
