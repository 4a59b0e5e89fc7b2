/** The turns of a chat as bars: how big each was, and how much of it no cache gave. */
import type { Turn } from '#core/chat/view.ts'
import type { TurnId } from '#core/ids.ts'
import { allTokens } from '#core/usage/sums.ts'

/** As many as a panel has room for. */
const MOST = 40

/** `fraction` of the biggest; `fresh` of the bar itself. */
export type TurnBar = { turnId: TurnId; fraction: number; fresh: number }

/** The newest ones, in their order. */
export function turnBars(turns: readonly Pick<Turn, 'turnId' | 'usage'>[]): TurnBar[] {
  const shown = turns.slice(-MOST)
  const biggest = Math.max(0, ...shown.map((turn) => allTokens(turn.usage)))
  return shown.map(({ turnId, usage }) => {
    const all = allTokens(usage)
    return { turnId, fraction: biggest > 0 ? all / biggest : 0, fresh: all > 0 ? (all - usage.cacheReadTokens) / all : 0 }
  })
}
