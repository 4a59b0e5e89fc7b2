'use client'

import { ArrowLeft, ListChecks, X } from 'lucide-react'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import type { ChatView } from '#core/chat/view.ts'
import type { Budget } from '#components/budgets/budget.model.ts'
import { ChangesPanel } from '#components/chat/changes-panel.tsx'
import type { PanelTab } from '#components/chat/chat-context.tsx'
import { DetailsPanel } from '#components/chat/details-panel.tsx'
import { PlanList } from '#components/chat/plan-card.tsx'
import { UsagePanel } from '#components/chat/usage-panel.tsx'
import type { Outputs } from '#components/trpc/trpc.ts'
import { classNames } from '#components/ui/class-names.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Tabs } from '#components/ui/tabs.tsx'

/** Beside the chat; on a phone over it, with a way back. */
export function ChatPanel({
  view,
  hasEarlier,
  chat,
  tab,
  onTab,
  isOpenWide,
  isOpenNarrow,
  budgets,
  onClose,
}: {
  view: ChatView
  /** Turns before those of the view. */
  hasEarlier: boolean
  chat: Outputs['chats']['get']
  tab: PanelTab
  onTab: (tab: PanelTab) => void
  isOpenWide: boolean
  isOpenNarrow: boolean
  /** Those that a prompt here would spend. */
  budgets: readonly Budget[]
  onClose: () => void
}) {
  const [layout, setLayout] = useState<'unified' | 'split'>('unified')
  const back = useRef<HTMLButtonElement>(null)
  const close = useEffectEvent(onClose)
  useEffect(() => {
    if (!isOpenNarrow) return
    back.current?.focus()
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return
      // It lies over the chat: the key is meant for it, not for the turn.
      event.stopPropagation()
      close()
    }
    window.addEventListener('keydown', onKey, { capture: true })
    return () => window.removeEventListener('keydown', onKey, { capture: true })
  }, [isOpenNarrow])

  return (
    <aside
      aria-label="Changes, plan, usage and details"
      className={classNames(
        'flex-col bg-paper',
        isOpenNarrow ? 'fixed inset-0 z-30 flex pt-[env(safe-area-inset-top)]' : 'hidden',
        'lg:static lg:z-auto lg:border-l lg:border-line lg:pt-0',
        isOpenWide ? 'lg:flex' : 'lg:hidden',
        layout === 'split' && tab === 'changes' ? 'lg:w-[min(60rem,54vw)]' : 'lg:w-92 xl:w-104',
        'lg:shrink-0',
      )}
    >
      <div className="flex h-12 shrink-0 items-center gap-1 border-b border-line px-1 lg:hidden">
        <IconButton ref={back} label="Back to the chat" onClick={onClose}>
          <ArrowLeft aria-hidden />
        </IconButton>
        <p className="truncate font-semibold">{view.title || chat.title || 'Chat'}</p>
      </div>
      <div className="relative flex min-h-0 flex-1 flex-col">
        <Tabs<PanelTab>
          label="About this chat"
          value={tab}
          onChange={onTab}
          className="min-h-0 flex-1 [&>[role=tablist]]:px-2 lg:[&>[role=tablist]]:pt-3.5 lg:[&>[role=tablist]]:pr-11"
          panelClassName="thin-scroll overflow-y-auto overscroll-contain"
          tabs={[
            {
              value: 'changes',
              label: 'Changes',
              count: view.changes?.files.length,
              panel: <ChangesPanel changes={view.changes} layout={layout} onLayout={setLayout} />,
            },
            { value: 'plan', label: 'Plan', panel: <PlanPanel plan={view.plan} /> },
            {
              value: 'usage',
              label: 'Usage',
              panel: <UsagePanel view={view} hasEarlier={hasEarlier} payer={chat.payer} budgets={budgets} />,
            },
            { value: 'details', label: 'Details', panel: <DetailsPanel view={view} chat={chat} /> },
          ]}
        />
        <IconButton label="Close" size="sm" onClick={onClose} className="absolute top-3.5 right-2 hidden lg:inline-flex">
          <X aria-hidden />
        </IconButton>
      </div>
    </aside>
  )
}

function PlanPanel({ plan }: { plan: ChatView['plan'] }) {
  if (plan.length === 0) {
    return (
      <EmptyState icon={<ListChecks aria-hidden />} title="No plan" className="m-4">
        An agent that makes a plan shows it here, step by step.
      </EmptyState>
    )
  }
  return <PlanList plan={plan} className="p-4" />
}
