/**
 * What a request has to set aside before it is sent, and the words when a budget does not allow it.
 * From: `handler.ts`. Next: `server/budgets/spending.ts`.
 */
import type { ServerResponse } from 'node:http'
import { sayBusy, sayExhausted } from '#core/budgets/budget.ts'
import { estimatedMicros, estimatedTokens, estimateOf } from '#core/budgets/estimate.ts'
import type { ModelEntry } from '#core/models/model.ts'
import { reserve, type Reserved } from '#server/budgets/spending.ts'
import type { Asked } from '#server/proxy/body.ts'
import { log } from '#server/log.ts'
import type { Refusal } from '#server/proxy/kept-answer.ts'
import { unrecorded } from '#server/proxy/metered-exchange.ts'
import type { ProxiedRun } from '#server/proxy/run.ts'
import type { Spending } from '#server/usage/service.ts'

type Asking = { run: ProxiedRun; asked: Asked; entry: ModelEntry; bodyBytes: number; res: ServerResponse }

export type Bought = { is: 'bought'; spending: Spending } | { is: 'refused'; refusal: Refusal } | { is: 'left' }

/** At once in the ordinary case. */
export function buy({ run, asked, entry, bodyBytes, res }: Asking): Bought | Promise<Bought> {
  const { price } = entry
  const estimate = estimateOf({ ...asked, bodyBytes }, entry)
  const { unpricedDailyTokens } = run
  const reserved = reserve(
    {
      spender: { teamId: run.teamId, projectId: run.projectId, userId: run.spenderId, chatId: run.chatId },
      micros: price && estimatedMicros(price, estimate),
      tokens: estimatedTokens(estimate),
      unpricedDailyTokens,
    },
    { nowMs: Date.now(), leaving: () => leavingOf(res) },
  )
  const boughtOf = (outcome: Reserved): Bought => {
    if (outcome.is === 'left') return outcome
    if (outcome.is !== 'reserved') return { is: 'refused', refusal: refusalOf(outcome) }
    const countsTokens = price === null && unpricedDailyTokens !== null
    return { is: 'bought', spending: { price, estimate, countsTokens, reservation: outcome.reservation } }
  }
  if (!(reserved instanceof Promise)) return boughtOf(reserved)
  return reserved.then(boughtOf, (error: unknown): Bought => {
    log.error({ err: error }, 'Budgets could not be asked')
    return { is: 'refused', refusal: unrecorded }
  })
}

function refusalOf({ is, allowance: { facts } }: Extract<Reserved, { is: 'exhausted' | 'busy' }>): Refusal {
  return is === 'exhausted'
    ? { status: 403, code: 'budget.exhausted', message: sayExhausted(facts), facts }
    : { status: 429, code: 'budget.busy', message: sayBusy(facts), facts, mayRetry: true }
}

function leavingOf(res: ServerResponse): AbortSignal {
  const leaving = new AbortController()
  if (res.destroyed) leaving.abort()
  else res.once('close', () => leaving.abort())
  return leaving.signal
}
