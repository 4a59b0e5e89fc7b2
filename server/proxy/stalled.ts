/**
 * Ends a client that has stopped reading. While it does not read, its upstream is paused, and
 * a paused upstream has no time limit of its own: without this the pair would stay for ever.
 */
import type { ServerResponse } from 'node:http'

/** @returns to be told that bytes wait for the client; `drain` and the end of the response are seen here */
export function watchStall(res: ServerResponse, { afterMs, onStall }: { afterMs: number; onStall: () => void }): () => void {
  let timer: NodeJS.Timeout | null = null
  const disarm = (): void => {
    if (timer) clearTimeout(timer)
    timer = null
    res.off('drain', disarm).off('finish', disarm).off('close', disarm)
  }
  return () => {
    if (timer || res.writableFinished || res.destroyed) return
    timer = setTimeout(onStall, afterMs)
    res.on('drain', disarm).on('finish', disarm).on('close', disarm)
  }
}
