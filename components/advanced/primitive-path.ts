/**
 * Where a primitive's page is. Its id may be any text, so it is percent-encoded; `.` and `..` get a mark before them,
 * since every reader of URLs takes `%2E%2E` for a step up. Next keeps a plain `.rsc` at the end for itself.
 */
export const nouns = ['credentials', 'configurations', 'attachments'] as const
export type Noun = (typeof nouns)[number]
export type Selected = { noun: Noun; id: string }

const MARK = '~'
const needsMark = /^~*\.{1,2}$/

export const advancedPath = '/connections/advanced'

export const primitivePath = ({ noun, id }: Selected): string =>
  `${advancedPath}/${noun}/${encodeURIComponent(needsMark.test(id) ? MARK + id : id).replace(/\.rsc$/, '%2Ersc')}`

/** From the segments of a URL as they stand in it; null when they are none of `primitivePath`. */
export function primitiveOf(noun: string, segment: string): Selected | null {
  const known = nouns.find((each) => each === noun)
  if (!known) return null
  try {
    const id = decodeURIComponent(segment)
    return { noun: known, id: id.startsWith(MARK) && needsMark.test(id.slice(1)) ? id.slice(1) : id }
  } catch {
    return null
  }
}
