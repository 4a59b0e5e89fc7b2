'use client'

import { Coins } from 'lucide-react'
import Link from 'next/link'
import { useId, type ReactNode } from 'react'
import type { ChatView, ModelUsage, Turn, Usage } from '#core/chat/view.ts'
import { allTokens, cacheShare, readTokens } from '#core/usage/sums.ts'
import { ApplyingList } from '#components/budgets/applying-list.tsx'
import type { Budget } from '#components/budgets/budget.model.ts'
import { sayCached, sayClock, sayCost, sayCount, sayPercent, sayTokenFlow } from '#components/chat/amounts.model.ts'
import { useChatActs } from '#components/chat/chat-context.tsx'
import { contextLook } from '#components/chat/composer.model.ts'
import { isSubscription } from '#components/chat/payer.model.ts'
import { textOf } from '#components/chat/timeline.model.ts'
import { turnBars } from '#components/chat/usage-panel.model.ts'
import { ShareBar } from '#components/usage/share-bar.tsx'
import type { Outputs } from '#components/trpc/trpc.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { formatCount, formatShort } from '#components/ui/numbers.ts'

type Payer = Outputs['chats']['get']['payer']

/** What the chat has used, as it is metered: in all, by model, and turn by turn. */
export function UsagePanel({
  view,
  hasEarlier,
  payer,
  budgets,
}: {
  view: ChatView
  /** Turns before those of the view. */
  hasEarlier: boolean
  payer: Payer
  budgets: readonly Budget[]
}) {
  const { chatId } = useChatActs()
  const onSubscription = isSubscription(payer)
  const context = contextLook(view.context)
  const metered = view.turns.filter((turn) => hasUsed(turn.usage))
  return (
    <div className="flex flex-col gap-6 p-4">
      <ApplyingList budgets={budgets} />
      {!hasUsed(view.usage) ? (
        <EmptyState icon={<Coins aria-hidden />} title={onSubscription ? 'Not priced' : 'Nothing used yet'}>
          {onSubscription
            ? 'This chat runs on a login: each turn is listed here with the tokens that its agent counts. The subscription pays, so there is no price.'
            : 'Tokens and cost of each turn are listed here, as the proxy metered them.'}
        </EmptyState>
      ) : (
        <Totals usage={view.usage} />
      )}
      {context && view.context ? (
        <Measure label="Context" value={`${context.percent} % of ${formatCount(view.context.sizeTokens)}`} fraction={context.fraction} />
      ) : null}
      {view.usageByModel.length > 0 ? (
        <Part title="By model">
          <ModelList models={view.usageByModel} />
        </Part>
      ) : null}
      {metered.length > 0 ? (
        <Part title={hasEarlier ? 'The newest turns' : 'By turn'}>
          <TurnBars turns={metered} />
          <ol>
            {metered.toReversed().map((turn) => (
              <TurnUsage key={turn.turnId} turn={turn} />
            ))}
          </ol>
        </Part>
      ) : null}
      {hasUsed(view.usage) ? (
        <Link
          href={`/usage?by=model&chat=${chatId}`}
          className="touch-target w-fit text-sm text-accent-ink underline decoration-accent/40 underline-offset-4 hover:decoration-accent"
        >
          This chat in the usage report
        </Link>
      ) : null}
    </div>
  )
}

const hasUsed = (usage: Usage): boolean => usage.requests + usage.subscriptionTurns > 0

function Totals({ usage }: { usage: Usage }) {
  const share = cacheShare(usage)
  const counts: readonly [string, number][] = [
    ['Read afresh', usage.inputTokens],
    ['Read from caches', usage.cacheReadTokens],
    ['Written to caches', usage.cacheWriteTokens],
    ['Output', usage.outputTokens],
  ]
  return (
    <section aria-label="In all" className="flex flex-col gap-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <p className="figures text-2xl font-medium tracking-[-0.02em]">{sayCost(usage)}</p>
        <p className="figures text-sm text-ink-quiet">
          {usage.requests > 0
            ? `${formatCount(usage.requests)} ${usage.requests === 1 ? 'request' : 'requests'}`
            : sayCount(usage.subscriptionTurns, 'turn')}
        </p>
      </div>
      {share === null ? null : (
        <Measure label="Input from caches" value={`${sayPercent(share)} of ${formatShort(readTokens(usage))}`} fraction={share} />
      )}
      <dl className="grid grid-cols-2 gap-x-6 gap-y-1 text-sm">
        {counts.map(([label, count]) => (
          <div key={label} className="flex items-baseline justify-between gap-2">
            <dt className="truncate text-ink-quiet">{label}</dt>
            <dd className="figures">{formatShort(count)}</dd>
          </div>
        ))}
      </dl>
      {usage.subscriptionTurns > 0 ? (
        <p className="text-xs text-ink-quiet">
          {sayCount(usage.subscriptionTurns, 'turn')} on a subscription: counted by the agent itself, and not priced.
        </p>
      ) : null}
      {usage.hasUnpriced ? (
        <p className="text-xs text-ink-quiet">Some requests have no known price. They are counted in tokens, and not as free.</p>
      ) : null}
    </section>
  )
}

function Measure({ label, value, fraction }: { label: string; value: string; fraction: number }) {
  return (
    <div className="flex flex-col gap-1.5 text-sm">
      <p className="flex justify-between gap-4">
        <span className="text-ink-quiet">{label}</span>
        <span className="figures">{value}</span>
      </p>
      <ShareBar fraction={fraction} />
    </div>
  )
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  const id = useId()
  return (
    <section aria-labelledby={id} className="flex flex-col">
      <h2 id={id} className="mb-1.5 text-sm font-medium">
        {title}
      </h2>
      {children}
    </section>
  )
}

function ModelList({ models }: { models: readonly ModelUsage[] }) {
  const biggest = Math.max(...models.map((each) => allTokens(each.usage)))
  return (
    <ul>
      {models
        .toSorted((a, b) => allTokens(b.usage) - allTokens(a.usage))
        .map(({ provider, model, usage }) => (
          <li key={`${provider} ${model}`} className="border-t border-line py-2 text-sm">
            <p className="flex items-baseline justify-between gap-3">
              <span className="min-w-0 truncate">{model ?? (provider === null ? 'The agent’s own choice' : 'No model named')}</span>
              <span className="figures shrink-0">{sayCost(usage)}</span>
            </p>
            <ShareBar fraction={biggest > 0 ? allTokens(usage) / biggest : 0} className="my-1" />
            <p className="figures flex justify-between gap-3 text-xs text-ink-quiet">
              <span>{sayTokenFlow(usage)}</span>
              <span>{sayCached(usage)}</span>
            </p>
          </li>
        ))}
    </ul>
  )
}

/** The turns side by side, the newest right; the list below says the same in numbers. */
function TurnBars({ turns }: { turns: readonly Turn[] }) {
  if (turns.length < 3) return null
  return (
    <div aria-hidden className="mb-2 flex h-14 items-end gap-px border-b border-line-strong/50">
      {turnBars(turns).map((bar) => (
        <span key={bar.turnId} className="flex max-w-6 flex-1 flex-col justify-end" style={{ height: `${bar.fraction * 100}%` }}>
          <span className="min-h-px w-full flex-none rounded-t-xs bg-[var(--chart-1)]" style={{ height: `${bar.fresh * 100}%` }} />
          <span className="w-full flex-1 bg-[var(--chart-1)] opacity-40" />
        </span>
      ))}
    </div>
  )
}

function TurnUsage({ turn }: { turn: Turn }) {
  const { nameOf } = useChatActs()
  return (
    <li className="flex items-baseline gap-3 border-t border-line py-2 text-sm first:border-0">
      <div className="min-w-0 flex-1">
        <p className="truncate">{textOf(turn.prompt)}</p>
        <p className="text-xs text-ink-quiet">
          {nameOf(turn.by)}, {sayClock(turn.requestedAt)}
        </p>
      </div>
      <div className="figures shrink-0 text-right">
        <p>{sayCost(turn.usage)}</p>
        <p className="text-xs text-ink-quiet">{[sayTokenFlow(turn.usage), sayCached(turn.usage)].filter(Boolean).join(' · ')}</p>
      </div>
    </li>
  )
}
