'use client'

import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown } from 'lucide-react'
import { type Ref, useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react'
import { needsSurroundings, RowView, type Surroundings } from '#components/chat/row.tsx'
import type { Row } from '#components/chat/timeline.model.ts'
import { Button } from '#components/ui/button.tsx'
import { classNames } from '#components/ui/class-names.ts'

export type TimelineHandle = { show: (key: string) => void; toEnd: () => void }

/** The end counts as reached within this many pixels. */
const NEAR_END_PX = 48

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
  onVisible,
  markedKey = null,
  ref,
}: {
  rows: readonly Row[]
  surroundings: Surroundings
  /** The keys in sight, whenever they change. */
  onVisible: (first: string | null, last: string | null) => void
  /** The row that somebody came for. */
  markedKey?: string | null
  ref?: Ref<TimelineHandle>
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const [isAtEnd, setAtEnd] = useState(true)
  const [seenRows, setSeenRows] = useState(rows.length)
  const getItemKey = useCallback((index: number) => rows[index]!.key, [rows])

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey,
    estimateSize: (index) => guessPx[rows[index]!.is],
    overscan: 6,
    paddingEnd: 24,
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: NEAR_END_PX,
    useAnimationFrameWithResizeObserver: false,
  })

  const toEnd = useCallback(() => {
    virtualizer.scrollToEnd()
    setAtEnd(true)
  }, [virtualizer])

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
    const isNear = box.scrollHeight - box.scrollTop - box.clientHeight <= NEAR_END_PX
    if (isNear !== isAtEnd) setAtEnd(isNear)
  }
  // Measured anew, the list may be longer than the virtualizer has scrolled: the last line must be whole.
  const totalPx = virtualizer.getTotalSize()
  useLayoutEffect(() => {
    const box = scroller.current
    if (box && isAtEnd) box.scrollTop = box.scrollHeight
  }, [totalPx, isAtEnd])
  useEffect(() => {
    if (isAtEnd) setSeenRows(rows.length)
  }, [isAtEnd, rows.length])

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

  const unseen = rows.length - seenRows
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
