/** The hues an avatar can have: apart from each other, and none of them a tone of state. */
export const avatarHues = [20, 52, 105, 168, 205, 240, 290, 335] as const

/** The first letters of the first and the last word; whole characters, so that no emoji or accent is cut. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean)
  const first = words[0]
  if (!first) return '?'
  const last = words.length > 1 ? words[words.length - 1]! : ''
  return [first, last]
    .map((word) => firstCharacter(word))
    .join('')
    .toLocaleUpperCase()
}

/** The same key has the same hue, always and on every machine. */
export function hueOf(key: string): number {
  let hash = 2_166_136_261
  for (const character of key) hash = Math.imul(hash ^ character.codePointAt(0)!, 16_777_619) >>> 0
  return avatarHues[hash % avatarHues.length]!
}

function firstCharacter(word: string): string {
  for (const { segment } of new Intl.Segmenter().segment(word)) return segment
  return ''
}
