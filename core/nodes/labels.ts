/** Words that an admin gives nodes, such as `gpu` or `eu`, and that a project may ask for. */
import { z } from 'zod'

export const LABELS_MAX = 20
export const Label = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9._-]{0,39}$/, 'Letters, digits, dots, dashes: 40 characters at most')

/** In one order and without repetition, so that two equal lists look the same. */
export const Labels = z
  .array(Label)
  .max(LABELS_MAX)
  .transform((labels) => [...new Set(labels)].toSorted())
