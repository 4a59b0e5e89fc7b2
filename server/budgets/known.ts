/**
 * The budgets of each team that spends, as they were a moment ago: a request must not ask the database for them.
 * A change is told by the bus; should a hint be lost, it acts within seconds all the same.
 */
import { scopeIdOf, type Budget, type Spender } from '#core/budgets/budget.ts'
import { loadBudgets } from '#server/budgets/store.ts'
import { log } from '#server/log.ts'
import { onHint, onReconnected } from '#server/realtime/bus.ts'

/** After this they are asked for again while the old ones still serve, after the other nobody is served by them. */
const FRESH_MS = 2_000
const SERVED_MS = 8_000
const TEAMS_MAX = 10_000

type Known = { loadedMs: number; budgets: readonly Budget[]; isLoading: boolean }
const known = new Map<string, Known>()

/** Those that this spender's requests count in; a promise only when they are not known yet. */
export function budgetsFor(spender: Spender): readonly Budget[] | Promise<readonly Budget[]> {
  const found = known.get(spender.teamId)
  const ageMs = found ? Date.now() - found.loadedMs : Infinity
  if (!found || ageMs > SERVED_MS) return load(spender.teamId).then((budgets) => thoseOf(spender, budgets))
  if (ageMs > FRESH_MS && !found.isLoading) {
    found.isLoading = true
    load(spender.teamId).catch((error: unknown) => {
      found.isLoading = false
      log.warn({ err: error }, 'Budgets could not be read')
    })
  }
  return thoseOf(spender, found.budgets)
}

function thoseOf(spender: Spender, budgets: readonly Budget[]): readonly Budget[] {
  if (budgets.length === 0) return budgets
  const ids = scopeIdOf(spender)
  return budgets.filter((budget) => ids[budget.scope] === budget.scopeId)
}

/** Raised by every change, so that what was read before one is not kept after it. */
let changes = 0

async function load(teamId: string): Promise<readonly Budget[]> {
  const [before, loadedMs] = [changes, Date.now()]
  const budgets = await loadBudgets(teamId)
  if (before !== changes) return budgets
  if (known.size >= TEAMS_MAX) known.clear()
  known.set(teamId, { loadedMs, budgets, isLoading: false })
  return budgets
}

/** @returns to stop it */
export function followBudgets(onChange: () => void): () => void {
  const forget = (teamId: string | null) => {
    changes += 1
    if (teamId === null) known.clear()
    else known.delete(teamId)
    onChange()
  }
  const stopHints = onHint((hint) => hint.about === 'budgets' && forget(hint.teamId))
  const stopReconnected = onReconnected(() => forget(null))
  return () => {
    stopHints()
    stopReconnected()
  }
}
