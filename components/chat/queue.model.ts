/** Where a prompt of the queue stands after one step, and in front of whom; null when it stands at that end already. */
export function placeAfterMove<Id>(order: readonly Id[], id: Id, by: -1 | 1): { before: Id | null; place: number } | null {
  const at = order.indexOf(id)
  const to = at + by
  if (at < 0 || to < 0 || to >= order.length) return null
  return { before: (by < 0 ? order[to] : order[to + 1]) ?? null, place: to + 1 }
}
