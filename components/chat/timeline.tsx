'use client'

import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, TriangleAlert } from 'lucide-react'
import { type Ref, useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react'
import { needsSurroundings, RowView, type Surroundings } from '#components/chat/row.tsx'
import type { Row } from '#components/chat/timeline.model.ts'
import { TimelineSkeleton } from '#components/chat/timeline-skeleton.tsx'
import { Button } from '#components/ui/button.tsx'
import { classNames } from '#components/ui/class-names.ts'
import { Spinner } from '#components/ui/spinner.tsx'

export type TimelineHandle = { show: (key: string) => void; toEnd: () => void }

/** What stands around the rows and is not here, in entries, and how it is read. */
export type Around = {
  before: number
  after: number
  /** How many entries the rows are made of. */
  entries: number
  loading: 'before' | 'after' | 'place' | null
  failed: { what: 'before' | 'after' | 'place' } | null
  onBefore: () => void
  onAfter: () => void
  /** The entry of that number. */
  onEntry: (number: number) => Promise<unknown>
  /** What did not load. */
  onRetry: () => void
  /** Only the end is wanted again. */
  onLeave: () => void
  onAtEnd: (isAtEnd: boolean) => void
}

/** The end counts as reached within this many pixels. */
const NEAR_END_PX = 48
/** What stands around is read when the reader is within so many rows of it. */
const EDGE_ROWS = 8
/** The room that an entry takes which is not here: always the same, so that the scroll bar stays where it is. */
const ENTRY_PX = 56
/** Whoever drags the scroll bar passes by much that is not worth reading. */
const REST_MS = 140

/** First guesses; each row is measured as soon as it is drawn. */
const guessPx = {
  day: 40,
  prompt: 110,
  outgoing: 110,
  reply: 160,
  thought: 36,
  tool: 36,
  tools: 36,
  permission: 36,
  elicitation: 360,
  'run-note': 32,
  moved: 44,
  question: 36,
  'model-failure': 60,
  working: 48,
  'turn-end': 52,
} as const satisfies Record<Row['is'], number>

/** Lines of what the agent did stand close together; whatever people read stands apart. */
const close = new Set<Row['is']>(['tool', 'tools', 'thought'])
const gapAbove = (row: Row, before: Row | undefined): string => {
  if (!before) return 'pt-6'
  if (row.is === 'day' || row.is === 'prompt' || row.is === 'outgoing') return 'pt-6'
  if (close.has(row.is) && close.has(before.is)) return 'pt-0'
  if (row.is === 'working') return 'pt-2'
  return 'pt-3'
}

/**
 * The rows of a chat. Only those in sight are in the page, so ten thousand scroll like ten.
 * It follows the end only while the reader is there; otherwise a button says what came.
 */
export function Timeline({
  rows,
  surroundings,
  around,
  onVisible,
  markedKey = null,
  ref,
}: {
  rows: readonly Row[]
  surroundings: Surroundings
  around: Around
  /** The keys in sight, whenever they change. */
  onVisible: (first: string | null, last: string | null) => void
  /** The row that somebody came for. */
  markedKey?: string | null
  ref?: Ref<TimelineHandle>
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const [isAtEnd, setAtEnd] = useState(true)
  const lastKey = rows.at(-1)?.key ?? null
  const [seen, setSeen] = useState(lastKey)
  const getItemKey = useCallback((index: number) => rows[index]!.key, [rows])

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey,
    estimateSize: (index) => guessPx[rows[index]!.is],
    overscan: 6,
    paddingStart: around.before * ENTRY_PX,
    paddingEnd: 24 + around.after * ENTRY_PX,
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: NEAR_END_PX,
    useAnimationFrameWithResizeObserver: false,
  })

  const { before, after, loading, failed, onBefore, onAfter, onAtEnd, onLeave, onEntry } = around
  const isFar = useRef(false)
  const wantsEnd = useRef(false)
  const toEnd = useCallback(() => {
    wantsEnd.current = true
    onLeave()
    virtualizer.scrollToEnd()
    setAtEnd(true)
  }, [virtualizer, onLeave])
  useLayoutEffect(() => {
    // The end is here again only now.
    if (wantsEnd.current && after === 0) {
      wantsEnd.current = false
      virtualizer.scrollToEnd()
    }
  }, [after, virtualizer])
  useEffect(() => onAtEnd(isAtEnd), [isAtEnd, onAtEnd])

  const hasRows = rows.length > 0
  useLayoutEffect(() => {
    if (hasRows) virtualizer.scrollToEnd()
  }, [hasRows, virtualizer])

  // The box shrinks when the keyboard or the composer grows: who reads the end goes on reading it.
  const atEnd = useRef(true)
  atEnd.current = isAtEnd
  useEffect(() => {
    const box = scroller.current
    if (!box) return
    const observer = new ResizeObserver(() => {
      if (atEnd.current) virtualizer.scrollToEnd()
    })
    observer.observe(box)
    return () => observer.disconnect()
  }, [virtualizer])

  const onScroll = () => {
    const box = scroller.current
    if (!box) return
    const isNear = after === 0 && box.scrollHeight - box.scrollTop - box.clientHeight <= NEAR_END_PX
    if (isNear !== isAtEnd) setAtEnd(isNear)
    visit(box)
  }
  // Somebody has dragged the bar to where nothing is here, neither above nor below the edge that is read by itself.
  const resting = useRef<ReturnType<typeof setTimeout>>(undefined)
  const visit = (box: HTMLElement) => {
    clearTimeout(resting.current)
    const above = before * ENTRY_PX - (box.scrollTop + box.clientHeight)
    const below = box.scrollTop - (box.scrollHeight - after * ENTRY_PX)
    isFar.current = above > 0 || below > 0
    if (!isFar.current) return
    const number =
      above > 0
        ? Math.floor(box.scrollTop / ENTRY_PX)
        : before + around.entries + after - 1 - Math.floor((box.scrollHeight - box.scrollTop - box.clientHeight) / ENTRY_PX)
    resting.current = setTimeout(() => {
      wantedEntry.current = Math.max(0, number)
      void onEntry(wantedEntry.current)
    }, REST_MS)
  }
  const wantedEntry = useRef<number | null>(null)
  useLayoutEffect(() => {
    const number = wantedEntry.current
    if (number === null || loading !== null) return
    wantedEntry.current = null
    // Rows hold one entry or several: about there is where somebody meant who dragged a bar.
    const share = Math.min(1, Math.max(0, (number - before) / Math.max(1, around.entries)))
    isFar.current = false
    virtualizer.scrollToIndex(Math.floor(share * (rows.length - 1)), { align: 'start' })
  }, [loading, before, around.entries, rows.length, virtualizer])
  useEffect(() => () => clearTimeout(resting.current), [])
  // Measured anew, the list may be longer than the virtualizer has scrolled: the last line must be whole.
  const totalPx = virtualizer.getTotalSize()
  useLayoutEffect(() => {
    const box = scroller.current
    if (box && isAtEnd) box.scrollTop = box.scrollHeight
  }, [totalPx, isAtEnd])
  useEffect(() => {
    if (isAtEnd) setSeen(lastKey)
  }, [isAtEnd, lastKey])

  useImperativeHandle(
    ref,
    () => ({
      toEnd,
      show: (key) => {
        const index = rows.findIndex((row) => row.key === key)
        if (index < 0) return
        setAtEnd(false)
        virtualizer.scrollToIndex(index, { align: 'center' })
      },
    }),
    [rows, toEnd, virtualizer],
  )

  const items = virtualizer.getVirtualItems()
  const range = virtualizer.range
  const first = range ? (rows[range.startIndex]?.key ?? null) : null
  const last = range ? (rows[range.endIndex]?.key ?? null) : null
  useEffect(() => onVisible(first, last), [onVisible, first, last])

  const isNearStart = range !== null && range.startIndex < EDGE_ROWS
  const isNearEnd = range !== null && range.endIndex >= rows.length - EDGE_ROWS
  useEffect(() => {
    if (loading !== null || failed !== null || isFar.current) return
    if (isNearStart && before > 0) onBefore()
    else if (isNearEnd && after > 0) onAfter()
  }, [isNearStart, isNearEnd, before, after, loading, failed, onBefore, onAfter, rows.length])

  // What is not here cannot be counted.
  const seenAt = after > 0 ? -1 : rows.findLastIndex((row) => row.key === seen)
  const unseen = seenAt < 0 ? 0 : rows.length - 1 - seenAt
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroller}
        onScroll={onScroll}
        role="log"
        aria-live="off"
        aria-label="Conversation"
        tabIndex={0}
        className="thin-scroll h-full overflow-x-hidden overflow-y-auto overscroll-contain outline-offset-[-2px] [overflow-anchor:none]"
      >
        <div className="relative mx-auto w-full max-w-3xl" style={{ height: totalPx }}>
          {items.map((item) => {
            const row = rows[item.index]!
            return (
              <div
                key={item.key}
                data-index={item.index}
                ref={virtualizer.measureElement}
                className={classNames(
                  'absolute top-0 left-0 w-full px-4 sm:px-6',
                  gapAbove(row, rows[item.index - 1]),
                  row.key === markedKey && 'marked-row',
                )}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <RowView row={row} surroundings={needsSurroundings(row) ? surroundings : null} />
              </div>
            )
          })}
        </div>
      </div>
      {loading === 'place' ? (
        <div className="pointer-events-none absolute inset-0 bg-page" aria-hidden>
          <TimelineSkeleton />
        </div>
      ) : null}
      <EdgeNote around={around} isNearStart={isNearStart} isNearEnd={isNearEnd} />
      {isAtEnd ? null : (
        <div className="pointer-events-none absolute inset-x-0 bottom-3 flex justify-center">
          <Button
            size="sm"
            className="pointer-events-auto rounded-full border-line shadow-float"
            icon={<ArrowDown aria-hidden />}
            onClick={toEnd}
          >
            {unseen > 0 ? `${unseen} new` : 'To the end'}
          </Button>
        </div>
      )}
    </div>
  )
}

const words = {
  before: { loading: 'Loading earlier messages', failed: 'Earlier messages did not load.' },
  after: { loading: 'Loading later messages', failed: 'Later messages did not load.' },
  place: { loading: 'Loading messages', failed: 'These messages did not load.' },
} as const

/** Says that more is on its way, or why it is not; nothing while it comes unnoticed. */
function EdgeNote({ around, isNearStart, isNearEnd }: { around: Around; isNearStart: boolean; isNearEnd: boolean }) {
  const { loading, failed, onRetry } = around
  const what = failed?.what ?? loading
  const isInSight = what === 'place' || (what === 'before' && isNearStart) || (what === 'after' && isNearEnd)
  if (what === null || !isInSight) return null
  return (
    <div
      className={classNames(
        'pointer-events-none absolute inset-x-0 flex justify-center px-4',
        what === 'after' ? 'bottom-14' : 'top-3',
        // The skeleton says it to the eye.
        what === 'place' && !failed && 'sr-only',
      )}
    >
      <p
        role="status"
        className="pointer-events-auto flex items-center gap-2 rounded-full border border-line bg-raised py-1 pr-3 pl-3 text-xs text-ink-soft shadow-float"
      >
        {failed ? (
          <>
            <TriangleAlert aria-hidden className="size-3.5 text-warn-ink" />
            {words[what].failed}
            <Button size="sm" variant="link" onClick={onRetry}>
              Retry
            </Button>
          </>
        ) : (
          <span className="flex items-center gap-2 py-1">
            <Spinner className="size-3" /> {words[what].loading}
          </span>
        )}
      </p>
    </div>
  )
}
