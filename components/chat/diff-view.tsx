'use client'

import { MultiFileDiff, PatchDiff } from '@pierre/diffs/react'
import { useTheme } from 'next-themes'
import { Component, type CSSProperties, type ReactNode, useMemo } from 'react'

type Layout = 'unified' | 'split'

export function DiffView({ path, before, after }: { path: string; before: string | null; after: string }) {
  const { options, style } = useLook('unified')
  const files = useMemo(
    () => ({ old: { name: path, contents: before ?? '' }, next: { name: path, contents: after } }),
    [path, before, after],
  )
  return (
    <Fallback key={`${before?.length}:${after.length}`} text={after}>
      <MultiFileDiff oldFile={files.old} newFile={files.next} options={options} style={style} disableWorkerPool />
    </Fallback>
  )
}

export function PatchView({ path, patch, layout }: { path: string; patch: string; layout: Layout }) {
  const { options, style } = useLook(layout)
  return (
    <Fallback key={`${path}:${patch.length}`} text={patch}>
      <PatchDiff patch={patch} options={options} style={style} disableWorkerPool />
    </Fallback>
  )
}

/** The viewer draws in a shadow tree, where only custom properties of the page reach. */
const look = {
  '--diffs-font-family': 'var(--font-geist-mono), ui-monospace, monospace',
  '--diffs-font-size': '12px',
  '--diffs-line-height': '20px',
  '--diffs-scrollbar-gutter-override': '0px',
} as CSSProperties

/** Mixed into the paper at 12 %. Comments are grey in the light theme: on the viewer’s own washes they would fall below 4.5:1. */
const lightLook = {
  ...look,
  '--diffs-bg-addition-override': '#3fc45c',
  '--diffs-bg-deletion-override': '#ff8a80',
} as CSSProperties

/** These themes and wrapping lines are what reaches the contrast and the keyboard that people need. */
function useLook(layout: Layout) {
  const { resolvedTheme } = useTheme()
  const isDark = resolvedTheme === 'dark'
  const options = useMemo(
    () =>
      ({
        theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
        themeType: isDark ? 'dark' : 'light',
        overflow: 'wrap',
        diffStyle: layout,
        disableFileHeader: true,
        hunkSeparators: 'line-info',
        // Lines wrap, so no room is kept for a scrollbar.
        unsafeCSS: '[data-code] { scrollbar-gutter: auto; }',
      }) as const,
    [layout, isDark],
  )
  return { options, style: isDark ? look : lightLook }
}

/** A patch that the viewer cannot read is still a text that a person can. */
class Fallback extends Component<{ text: string; children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false }
  static getDerivedStateFromError() {
    return { hasFailed: true }
  }
  override render() {
    if (!this.state.hasFailed) return this.props.children
    return <pre className="thin-scroll max-h-96 overflow-auto bg-sunken px-3 py-2 font-mono text-xs leading-5">{this.props.text}</pre>
  }
}
