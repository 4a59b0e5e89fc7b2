/** How many lines a change adds and removes. Pure. */

/** Long files are compared by their changed middle only, which may count a moved line twice. */
export function countLines({ oldText, newText }: { oldText: string | null; newText: string }): { added: number; removed: number } {
  const before = linesOf(oldText ?? '')
  const after = linesOf(newText)
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1
  let end = 0
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end += 1
  const removed = before.slice(start, before.length - end)
  const added = after.slice(start, after.length - end)
  const kept = removed.length * added.length > 250_000 ? 0 : longestCommon(removed, added)
  return { added: added.length - kept, removed: removed.length - kept }
}

const linesOf = (text: string) => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))

function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = Array.from<number>({ length: b.length + 1 }).fill(0)
  for (const line of a) {
    const next = [0]
    for (let i = 0; i < b.length; i += 1) next.push(line === b[i] ? row[i]! + 1 : Math.max(row[i + 1]!, next[i]!))
    row = next
  }
  return row.at(-1)!
}
