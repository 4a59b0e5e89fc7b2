/** By what usage is told apart, and what may stand in the place of a name. */
export const dimensions = ['day', 'project', 'member', 'harness', 'provider', 'model', 'chat', 'credential'] as const
export type Dimension = (typeof dimensions)[number]

/** What a report can be narrowed to; days are narrowed by its span. */
export const filterable = dimensions.filter((each) => each !== 'day')
export type Filterable = Exclude<Dimension, 'day'>
export type UsageFilter = Partial<Record<Filterable, string>>

/** Stands for every chat that the reader may not read, and for what would tell of it. No chat, model or credential has this id. */
export const PRIVATE = '(private)'
/** A record without a member or a model. */
export const NOBODY = ''
/** Everything beyond the few that a chart tells apart. */
export const OTHERS = '(others)'
