'use client'

import { useMutation } from '@tanstack/react-query'
import { Download, FileJson, Sheet } from 'lucide-react'
import { jsonDocument } from '#components/audit/audit.model.ts'
import type { EntryFilter } from '#components/audit/use-entries.ts'
import { wordsOf } from '#components/failures/failure.ts'
import { useTRPCClient } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Menu, MenuItem } from '#components/ui/menu.tsx'
import { saveFile } from '#components/ui/save-file.ts'
import { toast } from '#components/ui/toast.tsx'

type Format = 'csv' | 'json'

/** Saves everything that the filter shows, from the first entry on, as a file. */
export function ExportMenu({ filter, onExported }: { filter: EntryFilter; onExported: () => void }) {
  const client = useTRPCClient()
  const exporting = useMutation({
    mutationFn: async (format: Format) => {
      const pages: string[] = []
      for (let cursor: string | null | undefined; cursor !== null;) {
        const page: { contents: string; nextCursor: string | null } = await client.audit.export.query({ ...filter, format, cursor })
        pages.push(page.contents)
        cursor = page.nextCursor
      }
      save(format, pages.join(''))
    },
    onSuccess: onExported,
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
      <MenuItem icon={<Sheet aria-hidden />} onSelect={() => exporting.mutate('csv')}>
        CSV, for a spreadsheet
      </MenuItem>
      <MenuItem icon={<FileJson aria-hidden />} onSelect={() => exporting.mutate('json')}>
        JSON, with the chain’s hashes
      </MenuItem>
    </Menu>
  )
}

function save(format: Format, contents: string): void {
  const [type, text] = format === 'csv' ? ['text/csv', contents] : ['application/json', jsonDocument(contents)]
  saveFile({ name: `audit-${new Date().toISOString().slice(0, 10)}.${format}`, type, parts: [text] })
}
