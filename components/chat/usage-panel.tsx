'use client'

import { Coins } from 'lucide-react'
import type { ChatView, Turn, Usage } from '#core/chat/view.ts'
import { sayClock, sayCost, sayTokenFlow } from '#components/chat/amounts.model.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { contextLook } from '#components/chat/composer.model.ts'
import { textOf } from '#components/chat/timeline.model.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { formatCount } from '#components/ui/numbers.ts'

/** What the chat has used, in all and turn by turn. */
export function UsagePanel({ view }: { view: ChatView }) {
  const context = contextLook(view.context)
  const { requests, subscriptionTurns } = view.usage
  if (requests + subscriptionTurns === 0 && !context) {
    return (
      <EmptyState icon={<Coins aria-hidden />} title="Nothing used yet" className="m-4">
        Tokens and cost of each turn are listed here, as the proxy metered them, or as the agent counted them on its own login.
      </EmptyState>
    )
  }
  const metered = view.turns.filter((turn) => turn.usage.requests + turn.usage.subscriptionTurns > 0)
  return (
    <div className="flex flex-col gap-5 p-4">
      <dl className="grid grid-cols-2 gap-x-4 gap-y-2 text-sm">
        <Total label="Cost" value={sayCost(view.usage) ?? '—'} isMain />
        <Total label="Model requests" value={formatCount(requests)} isMain />
        {subscriptionTurns > 0 ? <Total label="Turns on a subscription" value={`${formatCount(subscriptionTurns)}, not priced`} /> : null}
        {tokenKinds.map(({ label, key }) => (
          <Total key={key} label={label} value={formatCount(view.usage[key])} />
        ))}
        {context && view.context ? (
          <Total label="Context used" value={`${context.percent}% of ${formatCount(view.context.sizeTokens)}`} />
        ) : null}
      </dl>
      {metered.length > 0 ? (
        <section>
          <h2 className="mb-1 text-xs text-ink-quiet">By turn</h2>
          <ol>
            {metered.toReversed().map((turn) => (
              <TurnUsage key={turn.turnId} turn={turn} />
            ))}
          </ol>
        </section>
      ) : null}
    </div>
  )
}

const tokenKinds = [
  { label: 'Input tokens', key: 'inputTokens' },
  { label: 'Output tokens', key: 'outputTokens' },
  { label: 'Read from cache', key: 'cacheReadTokens' },
  { label: 'Written to cache', key: 'cacheWriteTokens' },
] as const satisfies readonly { label: string; key: keyof Usage }[]

function Total({ label, value, isMain = false }: { label: string; value: string; isMain?: boolean }) {
  return (
    <div>
      <dt className="text-xs text-ink-quiet">{label}</dt>
      <dd className={`figures ${isMain ? 'text-lg font-semibold tracking-[-0.01em]' : 'text-base'}`}>{value}</dd>
    </div>
  )
}

function TurnUsage({ turn }: { turn: Turn }) {
  const { nameOf } = useChatActs()
  return (
    <li className="flex items-baseline gap-3 border-t border-line py-2 text-sm">
      <div className="min-w-0 flex-1">
        <p className="truncate">{textOf(turn.prompt)}</p>
        <p className="text-xs text-ink-quiet">
          {nameOf(turn.by)}, {sayClock(turn.requestedAt)}
        </p>
      </div>
      <div className="figures shrink-0 text-right">
        <p>{sayCost(turn.usage)}</p>
        <p className="text-xs text-ink-quiet">{sayTokenFlow(turn.usage)}</p>
      </div>
    </li>
  )
}
