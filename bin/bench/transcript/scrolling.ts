/** Runs inside a page: scrolls the conversation as a person does with a wheel that never stops, and keeps the frames. */
import type { Page } from '@playwright/test'

export type Scrolled = { deltasMs: number[]; px: number; isAtStart: boolean }

/** Upwards by so much in each frame, until the beginning is reached or the time is over. */
export const scrollUp = (page: Page, { pxPerFrame, maxMs }: { pxPerFrame: number; maxMs: number }): Promise<Scrolled> =>
  page.evaluate(
    ({ step, limit }) =>
      new Promise<Scrolled>((done) => {
        const box = document.querySelector<HTMLElement>('[role=log]')!
        const deltasMs: number[] = []
        const startedAt = performance.now()
        let before = startedAt
        let px = 0
        const frame = (now: number): void => {
          deltasMs.push(now - before)
          before = now
          const isAtStart = box.scrollTop <= 0
          if (isAtStart || now - startedAt > limit) {
            done({ deltasMs: deltasMs.slice(1), px, isAtStart })
            return
          }
          box.scrollTop -= step
          px += step
          requestAnimationFrame(frame)
        }
        requestAnimationFrame(frame)
      }),
    { step: pxPerFrame, limit: maxMs },
  )
