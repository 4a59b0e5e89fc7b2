/**
 * Runs inside a page: how long each piece of a streamed text was under way until the frame that shows it was painted.
 * A task that is posted in a frame's callback runs after that frame has been handed to the compositor.
 */
import type { Page } from '@playwright/test'

export type Painted = { delaysMs: number[]; frames: number; longFrames: number; longestFrameMs: number }

/** Before the page is opened. */
export const watchPainting = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    const result: Painted = { delaysMs: [], frames: 0, longFrames: 0, longestFrameMs: 0 }
    Object.assign(globalThis, { painted: result })
    const seen = new Set<string>()
    let isAsked = false
    const channel = new MessageChannel()
    let shown: number[] = []
    channel.port1.addEventListener('message', () => {
      const now = performance.timeOrigin + performance.now()
      for (const moment of shown) result.delaysMs.push(now - moment)
      shown = []
    })
    channel.port1.start()
    const look = (): void => {
      isAsked = false
      const log = document.querySelector('[role=log]')
      const text = (log?.textContent ?? '').slice(-1_500)
      for (const moment of text.match(/\b\d{13}\.\d\b/g) ?? []) {
        if (seen.has(moment)) continue
        seen.add(moment)
        shown.push(Number(moment))
      }
      if (shown.length > 0) channel.port2.postMessage(null)
    }
    new MutationObserver(() => {
      if (isAsked) return
      isAsked = true
      requestAnimationFrame(look)
    }).observe(document, { childList: true, subtree: true, characterData: true })
    let before = performance.now()
    const frame = (): void => {
      const now = performance.now()
      const took = now - before
      before = now
      result.frames += 1
      if (took > 34) result.longFrames += 1
      result.longestFrameMs = Math.max(result.longestFrameMs, took)
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })

/** What was painted since it was asked last. */
export const takePainted = (page: Page): Promise<Painted> =>
  page.evaluate(() => {
    const { painted } = globalThis as unknown as { painted: Painted }
    const taken = { ...painted }
    Object.assign(painted, { delaysMs: [], frames: 0, longFrames: 0, longestFrameMs: 0 })
    return taken
  })
