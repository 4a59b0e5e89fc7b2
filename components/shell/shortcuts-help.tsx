'use client'

import { ModKeys } from '#components/shell/mod-keys.tsx'
import { shortcutGroups } from '#components/shell/shortcuts.ts'
import { Dialog } from '#components/ui/dialog.tsx'

export function ShortcutsHelp({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Keyboard shortcuts">
      <div className="flex flex-col gap-5 pb-3">
        {shortcutGroups.map((group) => (
          <section key={group.title}>
            <h3 className="mb-1 text-sm text-ink-quiet">{group.title}</h3>
            <dl>
              {group.shortcuts.map(({ keys, does }) => (
                <div key={does} className="flex items-center justify-between gap-4 border-b border-line py-2 last:border-0">
                  <dt>{does}</dt>
                  <dd>
                    <ModKeys keys={keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
