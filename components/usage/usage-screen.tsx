'use client'

import { useEffect, useState, type ComponentType } from 'react'
import { dayOfMs } from '#core/usage/span.ts'
import { BudgetsView } from '#components/budgets/budgets-view.tsx'
import { type View } from '#components/usage/address.model.ts'
import { CachesView } from '#components/usage/caches-view.tsx'
import { ExportMenu } from '#components/usage/export-menu.tsx'
import { RequestsView } from '#components/usage/requests-view.tsx'
import { SavingsView } from '#components/usage/savings-view.tsx'
import { SpanSelect } from '#components/usage/span-select.tsx'
import { SpendingView, type ViewProps } from '#components/usage/spending-view.tsx'
import { useUsageAddress } from '#components/usage/use-usage-address.ts'
import { PageBody, PageHeader } from '#components/ui/page-header.tsx'
import { Tabs } from '#components/ui/tabs.tsx'

const views: readonly { value: View; label: string; Panel: ComponentType<ViewProps> }[] = [
  { value: 'spending', label: 'Spending', Panel: SpendingView },
  { value: 'caches', label: 'Cache health', Panel: CachesView },
  { value: 'savings', label: 'Savings', Panel: SavingsView },
  { value: 'requests', label: 'Requests', Panel: RequestsView },
  { value: 'budgets', label: 'Budgets', Panel: BudgetsView },
]

/** `today` is the server's, so that both draw the same first; a page that stays open goes on with the day. */
export function UsageScreen({ today: first }: { today: string }) {
  const today = useToday(first)
  const { address, go, adjust } = useUsageAddress()
  return (
    <PageBody>
      <PageHeader
        title="Usage"
        lead="Every model request as its provider counted it, and every turn on a login as its agent did."
        actions={
          address.view === 'budgets' ? null : (
            <>
              <SpanSelect span={address.span} today={today} onChange={(span) => adjust({ span })} />
              <ExportMenu address={address} today={today} />
            </>
          )
        }
      />
      <Tabs<View>
        label="Usage"
        value={address.view}
        onChange={(view) => go({ ...address, view })}
        panelClassName="pt-6"
        tabs={views.map(({ value, label, Panel }) => ({
          value,
          label,
          panel: <Panel address={address} today={today} go={go} adjust={adjust} />,
        }))}
      />
    </PageBody>
  )
}

function useToday(first: string): string {
  const [today, setToday] = useState(first)
  useEffect(() => {
    const timer = setInterval(() => setToday(dayOfMs(Date.now())), 60_000)
    return () => clearInterval(timer)
  }, [])
  return today
}
