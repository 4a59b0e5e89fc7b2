'use client'

import { ChevronRight, FileDiff, Folder } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { ChangedFile } from '#core/chat/events.ts'
import type { ChatView } from '#core/chat/view.ts'
import { sayCount } from '#components/chat/amounts.model.ts'
import { changeLines, totalsOf } from '#components/chat/changes.model.ts'
import { InlinePatch } from '#components/chat/inline-diff.tsx'
import { LineCounts } from '#components/chat/line-counts.tsx'
import { classNames } from '#components/ui/class-names.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { Notice } from '#components/ui/notice.tsx'

const letters = { added: 'A', modified: 'M', deleted: 'D', renamed: 'R' } as const
const tones = { added: 'text-good-ink', modified: 'text-busy-ink', deleted: 'text-bad-ink', renamed: 'text-accent-ink' } as const

/** What the chat has changed in its working directory, as a tree whose files open to their diff. */
export function ChangesPanel({
  changes,
  layout,
  onLayout,
}: {
  changes: ChatView['changes']
  layout: 'unified' | 'split'
  onLayout: (layout: 'unified' | 'split') => void
}) {
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set())
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set())
  const files = changes?.files
  const lines = useMemo(() => changeLines(files ?? [], collapsed), [files, collapsed])
  if (!files || files.length === 0) {
    return (
      <EmptyState icon={<FileDiff aria-hidden />} title="No changes yet" className="m-4">
        Files that the agent changes are listed here after each turn.
      </EmptyState>
    )
  }
  const totals = totalsOf(files)
  return (
    <div className="flex flex-col">
      <div className="flex items-center gap-3 px-4 py-2.5">
        <p className="text-sm text-ink-soft">{sayCount(totals.files, 'file')} changed</p>
        <LineCounts added={totals.added} removed={totals.removed} />
        <div role="group" aria-label="Layout of diffs" className="ml-auto flex rounded-md border border-line p-0.5">
          {(['unified', 'split'] as const).map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={layout === each}
              onClick={() => onLayout(each)}
              className={classNames(
                'touch-target h-6 rounded-sm px-2 text-xs capitalize transition-colors',
                layout === each ? 'bg-hover font-medium text-ink' : 'text-ink-quiet hover:text-ink',
              )}
            >
              {each}
            </button>
          ))}
        </div>
      </div>
      {changes?.isTruncated ? <Notice className="mx-4 mb-2 py-2 text-sm">There are more changes than are shown here.</Notice> : null}
      <ul className="pb-4">
        {lines.map((line) =>
          line.is === 'folder' ? (
            <li key={`folder:${line.path}`}>
              <LineOf depth={line.depth} isOpen={!collapsed.has(line.path)} onToggle={() => setCollapsed(toggled(collapsed, line.path))}>
                <Folder aria-hidden className="size-3.5 shrink-0 text-ink-quiet" />
                <span className="min-w-0 truncate text-ink-soft">{line.name}</span>
                <LineCounts added={line.added} removed={line.removed} className="ml-auto" />
              </LineOf>
            </li>
          ) : (
            <li key={`file:${line.path}`}>
              <LineOf depth={line.depth} isOpen={opened.has(line.path)} onToggle={() => setOpened(toggled(opened, line.path))}>
                <span
                  title={line.file.status}
                  className={classNames('w-3 shrink-0 text-center font-mono text-2xs font-semibold', tones[line.file.status])}
                >
                  <span aria-hidden>{letters[line.file.status]}</span>
                  <span className="sr-only">{line.file.status}</span>
                </span>
                <span className="min-w-0 truncate">{line.name}</span>
                <LineCounts added={line.file.added} removed={line.file.removed} className="ml-auto" />
              </LineOf>
              {opened.has(line.path) ? <FilePatch file={line.file} layout={layout} /> : null}
            </li>
          ),
        )}
      </ul>
    </div>
  )
}

function LineOf({
  depth,
  isOpen,
  onToggle,
  children,
}: {
  depth: number
  isOpen: boolean
  onToggle: () => void
  children: React.ReactNode
}) {
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      onClick={onToggle}
      style={{ paddingLeft: `${16 + depth * 14}px` }}
      className="touch-target flex h-7.5 w-full items-center gap-2 pr-4 text-left text-sm transition-colors outline-offset-[-2px] hover:bg-hover"
    >
      <ChevronRight aria-hidden className={classNames('size-3.5 shrink-0 text-ink-quiet transition-transform', isOpen && 'rotate-90')} />
      {children}
    </button>
  )
}

function FilePatch({ file, layout }: { file: ChangedFile; layout: 'unified' | 'split' }) {
  return (
    <div className="my-1 border-y border-line">
      {file.previousPath ? <p className="bg-sunken px-4 py-1 font-mono text-xs text-ink-quiet">was {file.previousPath}</p> : null}
      {file.patch ? (
        <InlinePatch path={file.path} patch={file.patch} layout={layout} />
      ) : (
        <p className="bg-sunken px-4 py-3 text-sm text-ink-quiet">
          {file.isBinary ? 'A binary file: it has no lines to show.' : 'Too large to show here.'}
        </p>
      )}
    </div>
  )
}

function toggled(set: ReadonlySet<string>, value: string): ReadonlySet<string> {
  const next = new Set(set)
  if (!next.delete(value)) next.add(value)
  return next
}
