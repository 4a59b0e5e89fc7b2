'use client'

import { useMutation } from '@tanstack/react-query'
import { Download, Rows3, Sheet } from 'lucide-react'
import { spanOf } from '#core/usage/span.ts'
import { wordsOf } from '#components/failures/failure.ts'
import { askedOf, type UsageAddress } from '#components/usage/address.model.ts'
import { dimensionWords } from '#components/usage/report.model.ts'
import { useTRPCClient } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Menu, MenuItem } from '#components/ui/menu.tsx'
import { saveFile } from '#components/ui/save-file.ts'
import { toast } from '#components/ui/toast.tsx'

/** Saves what the page is narrowed to as CSV: the sums of its table, or each request. */
export function ExportMenu({ address, today }: { address: UsageAddress; today: string }) {
  const client = useTRPCClient()
  const exporting = useMutation({
    mutationFn: async (of: 'requests' | 'sums') => {
      const parts: string[] = []
      for (let cursor: string | null | undefined; cursor !== null;) {
        const page: { contents: string; nextCursor: string | null } = await client.usage.export.query({
          ...askedOf(address, today),
          of,
          by: address.by,
          cursor,
        })
        parts.push(page.contents)
        cursor = page.nextCursor
      }
      const { from, to } = spanOf(address.span, today)
      saveFile({ name: `usage-${of === 'sums' ? `by-${address.by}` : of}-${from}-${to}.csv`, type: 'text/csv', parts })
    },
    onError: (error) => toast.error(wordsOf(error).sentence),
  })
  return (
    <Menu
      trigger={
        <Button icon={<Download aria-hidden />} isBusy={exporting.isPending}>
          Export
        </Button>
      }
    >
      <MenuItem icon={<Sheet aria-hidden />} onSelect={() => exporting.mutate('sums')}>
        Sums by {dimensionWords[address.by].toLowerCase()}, CSV
      </MenuItem>
      <MenuItem icon={<Rows3 aria-hidden />} onSelect={() => exporting.mutate('requests')}>
        Every request, CSV
      </MenuItem>
    </Menu>
  )
}
