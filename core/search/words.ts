/**
 * What a word is to the search, the same for what is stored, for what is asked and for what is marked: letters and digits
 * without case and accents; each character of a script that puts no spaces between words is one by itself. Pure.
 */

/** A longer one is found by its beginning. */
const WORD_MAX_CHARS = 60
/** More words than this say no more. */
const ASKED_MAX_WORDS = 16

const UNSPACED = String.raw`\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}`
const WORD = new RegExp(String.raw`[${UNSPACED}]\p{M}*|(?:(?![${UNSPACED}])[\p{L}\p{N}])(?:(?![${UNSPACED}])[\p{L}\p{N}\p{M}])*`, 'gu')

type Word = { word: string; from: number; to: number }

const plain = (word: string): string =>
  word
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .normalize('NFC')
    .toLowerCase()
    .slice(0, WORD_MAX_CHARS)

function* words(text: string): Generator<Word> {
  for (const match of text.matchAll(WORD)) {
    const word = plain(match[0])
    if (word !== '') yield { word, from: match.index, to: match.index + match[0].length }
  }
}

/** The words of a text, in their order, with a space between each. */
export const wordsOf = (text: string): string => Array.from(words(text), (each) => each.word).join(' ')

/** What somebody looks for: single words count by their beginning, words in quotation marks as they stand, in that order. */
export type Asked = readonly { words: readonly string[]; isPhrase: boolean }[]

export function askedOf(query: string): Asked {
  const asked: { words: string[]; isPhrase: boolean }[] = []
  for (const [at, part] of query.split(/["“”„]/).entries()) {
    const found = Array.from(words(part), (each) => each.word)
    if (at % 2 === 1 && found.length > 0) asked.push({ words: found, isPhrase: true })
    else asked.push(...found.map((word) => ({ words: [word], isPhrase: false })))
  }
  return asked.slice(0, ASKED_MAX_WORDS)
}

/** For `to_tsquery('simple', …)`; null when nothing is asked. A word has no character that means something there. */
export function tsqueryOf(asked: Asked): string | null {
  const terms = asked.map((each) => (each.isPhrase ? `(${each.words.map((word) => `'${word}'`).join(' <-> ')})` : `'${each.words[0]}':*`))
  return terms.length === 0 ? null : terms.join(' & ')
}

/** A part of a text; what was looked for is told apart by a mark, never by markup inside the text. */
export type Piece = { text: string; isHit: boolean }

/** The place where most of what was asked stands together, on one line, at most about `chars` characters. */
export function snippetOf(text: string, asked: Asked, chars = 180): Piece[] {
  const sought = asked.flatMap(({ words: each, isPhrase }) => each.map((word) => ({ word, isPhrase })))
  const hits = Array.from(words(text)).filter(({ word }) =>
    sought.some((each) => (each.isPhrase ? word === each.word : word.startsWith(each.word))),
  )
  const start = bestStart(hits, chars)
  const from = start <= chars / 3 ? 0 : wordStart(text, start - Math.floor(chars / 3))
  const to = Math.min(text.length, from + chars)
  const pieces: Piece[] = from > 0 ? [{ text: '…', isHit: false }] : []
  let at = from
  for (const hit of hits.filter((each) => each.from >= from && each.to <= to)) {
    if (hit.from > at) pieces.push({ text: text.slice(at, hit.from), isHit: false })
    pieces.push({ text: text.slice(hit.from, hit.to), isHit: true })
    at = hit.to
  }
  pieces.push({ text: `${text.slice(at, to)}${to < text.length ? '…' : ''}`, isHit: false })
  return pieces.map((each) => ({ ...each, text: each.text.replaceAll(/\s+/g, ' ').toWellFormed() })).filter((each) => each.text !== '')
}

/** Where the window begins that holds the most different words of those asked for. */
function bestStart(hits: readonly Word[], chars: number): number {
  let best = { start: hits[0]?.from ?? 0, count: 0 }
  for (const [at, { from }] of hits.entries()) {
    const inside = new Set<string>()
    for (let next = at; next < hits.length && hits[next]!.to <= from + (chars * 2) / 3; next += 1) inside.add(hits[next]!.word)
    if (inside.size > best.count) best = { start: from, count: inside.size }
  }
  return best.start
}

/** Not inside a word, where a space is near. */
function wordStart(text: string, from: number): number {
  const space = text.slice(from, from + 30).search(/\s/)
  return space < 0 ? from : from + space + 1
}
