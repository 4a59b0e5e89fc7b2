/**
 * PostgreSQL's LISTEN and NOTIFY as the line between the processes on one database: one connection of its own, since
 * a pool would take it back, and kept by a single loop, since connections that each call for their own successor
 * multiply while the database is away.
 */
import pg from 'pg'
import { setTimeout as pause } from 'node:timers/promises'
import { log } from '#server/log.ts'
import type { HintLine, OpenLine } from '#server/realtime/hint-line.ts'

const CHANNEL = 'gatehouse_hints'
/** PostgreSQL's limit is 8000 bytes. */
const PAYLOAD_MAX_BYTES = 7_500
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 2_000

export const openNotifyLine: OpenLine = (url, { onPayload, onUp }): HintLine => {
  const stopping = new AbortController()
  let client: pg.Client | null = null

  /** Resolves when the connection has ended, or could not be made: whether it was. */
  async function connectOnce(): Promise<boolean> {
    const next = new pg.Client({ connectionString: url, application_name: 'gatehouse bus', keepAlive: true })
    const ended = new Promise<void>((resolve) => next.once('end', resolve))
    next.on('error', (error) => log.warn({ err: error }, 'The bus connection failed'))
    next.on('notification', ({ payload }) => onPayload(payload ?? ''))
    try {
      await next.connect()
      await next.query(`listen ${CHANNEL}`)
    } catch {
      await next.end().catch(() => {})
      return false
    }
    client = next
    if (stopping.signal.aborted) await next.end().catch(() => {})
    else onUp()
    await ended
    client = null
    return true
  }

  async function keep(): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; !stopping.signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      if (await connectOnce()) pauseMs = FIRST_PAUSE_MS
      await pause(pauseMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
    }
  }

  const keeping = keep()
  return {
    shards: 0,
    payloadMaxBytes: PAYLOAD_MAX_BYTES,
    isUp: () => client !== null,
    send(payload) {
      client?.query('select pg_notify($1, $2)', [CHANNEL, payload]).catch(() => {})
    },
    hear() {},
    async close() {
      stopping.abort()
      await client?.end().catch(() => {})
      await keeping
    },
  }
}
