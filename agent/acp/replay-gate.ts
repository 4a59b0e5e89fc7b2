/**
 * Keeps out what an agent says again. A session that is loaded is replayed to its client, and not every agent ends that
 * before it answers. By position, all of a new process before its first prompt is replay; by id, so is whatever names a
 * message or a tool call of that replay later on.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { isAboutSession } from '#agent/acp/translate.ts'

/** A replay is over once nothing more of it has come for so long; one that never ends holds up nobody for longer. */
const QUIET_MS = 250
const WAIT_MAX_MS = 5_000

export type ReplayGate = {
  /** A new process: what it says of turns is history. */
  close: () => void
  /** It has been given a prompt. */
  open: () => void
  /** @param params of a `session/update`, whatever they are */
  isReplay: (params: unknown) => boolean
  /** Resolves when no more of the replay is on its way. */
  over: () => Promise<void>
}

export function replayGate(): ReplayGate {
  let isClosed = true
  let known = new Set<string>()
  let lastAtMs = 0
  return {
    close() {
      isClosed = true
      known = new Set()
      lastAtMs = performance.now()
    },
    open: () => void (isClosed = false),
    isReplay(params) {
      if (isAboutSession(params)) return false
      const name = nameIn(params)
      if (!isClosed) return name !== null && known.has(name)
      lastAtMs = performance.now()
      if (name !== null) known.add(name)
      return true
    },
    async over() {
      const sinceMs = performance.now()
      lastAtMs = sinceMs
      for (let nowMs = sinceMs; nowMs - lastAtMs < QUIET_MS && nowMs - sinceMs < WAIT_MAX_MS; nowMs = performance.now()) {
        await delay(QUIET_MS - (nowMs - lastAtMs))
      }
    },
  }
}

/** The agent's own name for the message or the tool call that an update is of. */
function nameIn(params: unknown): string | null {
  const { update } = (params ?? {}) as { update?: { messageId?: unknown; toolCallId?: unknown } | null }
  if (typeof update?.toolCallId === 'string') return `tool ${update.toolCallId}`
  return typeof update?.messageId === 'string' ? `message ${update.messageId}` : null
}
