/**
 * Budgets as people see and set them. What a request reserves and spends of them: `spending.ts`.
 * Days and months are those of UTC.
 */
import { stateOf, type BudgetPeriod, type BudgetScope, type BudgetState } from '#core/budgets/budget.ts'
import { DomainError } from '#core/errors.ts'
import { enterChat, enterProject, type ProjectScope, type TeamScope } from '#server/access/scope.ts'
import { deleteBudget, findBudgets, isMember, upsertBudget, type BudgetRow } from '#server/budgets/store.ts'
import { hintList, publish } from '#server/realtime/bus.ts'

export type BudgetView = {
  budgetId: string
  scope:
    | { is: 'team' }
    | { is: 'project'; projectId: string; name: string }
    | { is: 'member'; userId: string; name: string }
    | { is: 'chat'; chatId: string; title: string }
  period: BudgetPeriod
  limitMicros: number
  /** Of requests that are over. */
  spentMicros: number
  /** Set aside for requests under way. */
  reservedMicros: number
  /** ISO 8601: from `startsAt` to before `endsAt`. */
  startsAt: string
  endsAt: string
  state: BudgetState
}

/** An admin sees the team's; others those that they spend, or that are about what everybody sees. */
export async function listBudgets(scope: TeamScope): Promise<{ budgets: BudgetView[] }> {
  const rows = await findBudgets(scope, { nowMs: Date.now() })
  const seen = rows.filter((row) => scope.role === 'admin' || row.scope !== 'member' || row.scopeId === scope.userId)
  return { budgets: seen.map(viewOf) }
}

/** @throws chat.missing when the chat is not one of this project that they see */
export async function applyingBudgets(
  scope: ProjectScope,
  { chatId }: { chatId?: string | undefined },
): Promise<{ budgets: BudgetView[] }> {
  const chat = chatId === undefined ? null : await enterChat(scope, { act: 'read', chatId })
  if (chat && chat.projectId !== scope.projectId) throw new DomainError('chat.missing')
  const ids: Record<BudgetScope, string | null> = {
    team: scope.teamId,
    project: scope.projectId,
    member: scope.userId,
    chat: chat?.chatId ?? null,
  }
  const rows = await findBudgets(scope, { nowMs: Date.now() })
  return { budgets: rows.filter((row) => ids[row.scope] === row.scopeId).map(viewOf) }
}

export type BudgetOf =
  | { is: 'team' }
  | { is: 'project'; projectId: string }
  | { is: 'member'; userId: string }
  | { is: 'chat'; chatId: string }
export type NewBudget = { scope: BudgetOf; period: BudgetPeriod; limitMicros: number }

/**
 * What was spent in the running day or month counts from its beginning.
 * @throws project.missing, member.missing, chat.missing
 */
export async function setBudget(scope: TeamScope, { scope: of, period, limitMicros }: NewBudget): Promise<{ budgetId: string }> {
  const scopeId = await scopeIdOf(scope, of)
  const budgetId = await upsertBudget(scope, { scope: of.is, scopeId, period, limitMicros, nowMs: Date.now() })
  tell(scope)
  return { budgetId }
}

/** @throws budget.missing, also for that of a chat that they do not see */
export async function removeBudget(scope: TeamScope, budgetId: string): Promise<void> {
  const found = (await findBudgets(scope, { nowMs: Date.now() })).find((row) => row.budgetId === budgetId)
  if (!found || !(await deleteBudget(scope, found))) throw new DomainError('budget.missing')
  tell(scope)
}

async function scopeIdOf(scope: TeamScope, of: BudgetOf): Promise<string> {
  switch (of.is) {
    case 'team':
      return scope.teamId
    case 'project':
      return (await enterProject(scope, { act: 'manage', projectId: of.projectId })).projectId
    case 'member':
      if (!(await isMember(scope, of.userId))) throw new DomainError('member.missing')
      return of.userId
    case 'chat':
      return (await enterChat(scope, { act: 'manage', chatId: of.chatId })).chatId
  }
}

function tell({ teamId }: TeamScope): void {
  publish({ about: 'budgets', teamId })
  hintList({ teamId, topic: 'budgets' })
}

function viewOf({
  budgetId,
  scope,
  scopeId,
  name,
  period,
  limitMicros,
  spentMicros,
  reservedMicros,
  startsAt,
  endsAt,
}: BudgetRow): BudgetView {
  const scopes: Record<BudgetScope, BudgetView['scope']> = {
    team: { is: 'team' },
    project: { is: 'project', projectId: scopeId, name },
    member: { is: 'member', userId: scopeId, name },
    chat: { is: 'chat', chatId: scopeId, title: name },
  }
  return {
    budgetId,
    scope: scopes[scope],
    period,
    limitMicros,
    spentMicros,
    reservedMicros,
    startsAt: startsAt.toISOString(),
    endsAt: endsAt.toISOString(),
    state: stateOf({ limitMicros, spentMicros }),
  }
}
