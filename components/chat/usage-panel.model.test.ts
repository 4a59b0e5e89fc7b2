import { expect, it } from 'vitest'
import { noUsage } from '#core/chat/view.ts'
import type { TurnId } from '#core/ids.ts'
import { turnBars } from '#components/chat/usage-panel.model.ts'

const turn = (id: number, inputTokens: number, cacheReadTokens = 0) => ({
  turnId: String(id) as TurnId,
  usage: { ...noUsage, requests: 1, inputTokens, cacheReadTokens },
})

it('draws turns beside the biggest, and in each what no cache gave', () => {
  expect(turnBars([turn(1, 10, 90), turn(2, 25), turn(3, 0)])).toEqual([
    { turnId: '1', fraction: 1, fresh: 0.1 },
    { turnId: '2', fraction: 0.25, fresh: 1 },
    { turnId: '3', fraction: 0, fresh: 0 },
  ])
  expect(turnBars([])).toEqual([])
})

it('keeps the newest when there are many', () => {
  const bars = turnBars(Array.from({ length: 50 }, (_, index) => turn(index, 1)))
  expect([bars.length, bars[0]!.turnId, bars.at(-1)!.turnId]).toEqual([40, '10', '49'])
})
